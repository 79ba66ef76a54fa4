// Draws one token from logits: temperature, then min-p, top-k and top-p (nucleus) truncation, each on what the one
// before left, then inversion of the cumulative distribution at a given uniform number. The log-probability returned
// is that of the truncated, renormalised distribution, i.e. of what was actually sampled from.

import { TouchstoneError } from '../../core/errors.ts';

export interface SamplingOptions {
  /** 0 = greedy. */
  temperature: number;
  /** Keep the k likeliest tokens; 0 = all. */
  topK: number;
  /** Keep the smallest set of likeliest tokens with this much probability; 1 = all. */
  topP: number;
  /** Drop tokens below this fraction of the likeliest one's probability; 0 = none. */
  minP: number;
}

export const DEFAULT_SAMPLING: SamplingOptions = { temperature: 1, topK: 0, topP: 1, minP: 0 };

export interface Choice {
  token: number;
  /** Nats, under the distribution sampled from; 0 when greedy. */
  logProb: number;
}

/** Weights of the row at hand, kept between calls: one array per token would cost as much as the drawing. */
let scratch = new Float64Array(0);

/**
 * @param logits flat array; the row is logits[start .. start + size); -Infinity = never drawn
 * @param uniform number in [0, 1)
 * @throws TouchstoneError 'not-finite' when a logit is NaN or Infinity, or all are -Infinity
 */
export function chooseToken(
  logits: Float32Array | Float64Array,
  start: number,
  size: number,
  options: SamplingOptions,
  uniform: number,
): Choice {
  const best = likeliest(logits, start, size);
  if (options.temperature === 0) return { token: best, logProb: 0 };
  const max = logits[start + best] as number;
  if (scratch.length !== size) scratch = new Float64Array(size);
  const weights = scratch;
  let total = 0;
  for (let v = 0; v < size; v++) {
    const weight = Math.exp(((logits[start + v] as number) - max) / options.temperature);
    weights[v] = weight;
    total += weight;
  }
  if (options.minP > 0 || options.topK > 0 || options.topP < 1) total = truncate(weights, total, options);
  let rest = uniform * total;
  let token = -1;
  for (let v = 0; v < size; v++) {
    const weight = weights[v] as number;
    if (weight === 0) continue;
    token = v;
    rest -= weight;
    if (rest < 0) break;
  }
  return { token, logProb: Math.log((weights[token] as number) / total) };
}

function likeliest(logits: Float32Array | Float64Array, start: number, size: number): number {
  let best = 0;
  let max = -Infinity;
  for (let v = 0; v < size; v++) {
    const logit = logits[start + v] as number;
    if (logit > max) {
      max = logit;
      best = v;
    } else if (Number.isNaN(logit)) {
      throw notFinite(logit, v);
    }
  }
  if (!Number.isFinite(max)) throw notFinite(max, best);
  return best;
}

function notFinite(logit: number, token: number): TouchstoneError {
  return new TouchstoneError('not-finite', `the logit of token ${token} is ${logit}`, {
    hint: 'the weights have diverged; lower the learning rate or resume from an earlier checkpoint',
  });
}

/** Zeroes the weights outside the kept set and returns the kept total. The likeliest token always stays. */
function truncate(weights: Float64Array, total: number, { topK, topP, minP }: SamplingOptions): number {
  const order = Array.from(weights.keys())
    .filter((v) => (weights[v] as number) >= Math.min(1, minP))
    .sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const limit = topK > 0 ? Math.min(topK, order.length) : order.length;
  const candidates =
    limit === weights.length ? total : order.slice(0, limit).reduce((s, v) => s + (weights[v] as number), 0);
  const kept = new Set<number>();
  let mass = 0;
  for (let i = 0; i < limit; i++) {
    const v = order[i] as number;
    kept.add(v);
    mass += weights[v] as number;
    if (mass >= topP * candidates) break;
  }
  for (let v = 0; v < weights.length; v++) if (!kept.has(v)) weights[v] = 0;
  return mass;
}
