// The distribution that sampling options leave of logits, written straight from the definition.

import type { SamplingOptions } from '../../src/engine/sampling/choose-token.ts';

/** Probability of each kept token: temperature, then min-p, top-k and top-p, each on what the one before left. */
export function truncated(logits: readonly number[], options: SamplingOptions): Map<number, number> {
  const max = Math.max(...logits);
  let kept = logits.map((z, token) => ({ token, p: Math.exp((z - max) / options.temperature) }));
  const total = () => kept.reduce((sum, { p }) => sum + p, 0);
  kept.sort((a, b) => b.p - a.p || a.token - b.token);
  kept = kept.filter(({ p }) => p >= options.minP);
  if (options.topK > 0) kept = kept.slice(0, options.topK);
  let before = 0;
  const mass = total();
  kept = kept.filter(({ p }) => {
    const keep = before < options.topP * mass || before === 0;
    before += p;
    return keep;
  });
  const rest = total();
  return new Map(kept.map(({ token, p }) => [token, p / rest]));
}
