// Correction for rollouts drawn from another distribution than the trainer's (truncation of the sampler,
// another engine, an older version). Weight w = exp(old - behaviour), per token or its product over the
// sequence:
//   truncate  min(w, cap)   (TIS);     mask  w inside [floor, cap], 0 outside   (icepop, TRL sequence_mask)
// Weights carry no gradient. The sequence filter OPSM (DeepSeek-V3.2) drops sequences with A < 0 whose mean
// old - logp exceeds a limit.

import type { ImportanceConfig } from './config.ts';
import { trainedTokens } from './rows.ts';

/** One weight per token; all 1 for level `none`. Masked tokens do not enter a sequence product. */
export function importanceRow(
  config: ImportanceConfig,
  old: Float64Array,
  behaviour: Float64Array | undefined,
  mask?: Float64Array,
): Float64Array {
  const weights = new Float64Array(old.length).fill(1);
  if (config.level === 'none' || behaviour === undefined) return weights;
  const bounded = (w: number) => {
    if (config.mode === 'truncate') return Math.min(w, config.cap);
    return w > config.cap || w < config.floor ? 0 : w;
  };
  if (config.level === 'token') {
    for (let t = 0; t < old.length; t++) weights[t] = bounded(Math.exp(old[t] - behaviour[t]));
    return weights;
  }
  let sum = 0;
  for (let t = 0; t < old.length; t++) if (mask === undefined || mask[t] !== 0) sum += old[t] - behaviour[t];
  return weights.fill(bounded(Math.exp(sum)));
}

/** Whether OPSM drops a sequence: negative advantage and mean(old - logp) above the limit. */
export function isTooFarOffPolicy(
  config: ImportanceConfig,
  advantages: Float64Array,
  old: Float64Array,
  logProbs: Float64Array,
  mask?: Float64Array,
): boolean {
  if (config.offPolicyLimit === null) return false;
  const count = Math.max(1, trainedTokens(old.length, mask));
  let advantage = 0;
  let drift = 0;
  for (let t = 0; t < old.length; t++) {
    if (mask !== undefined && mask[t] === 0) continue;
    advantage += advantages[t];
    drift += (old[t] - logProbs[t]) / count;
  }
  return advantage < 0 && drift > config.offPolicyLimit;
}
