// OREAL's token-level reward model (arXiv 2502.06781 §2.3). Sequence reward = mean of token scores:
//   loss  BCE(sigma((1/T) sum_t s_t), right)                                                       (Eq 12)
//   credit  q_t = sigma(c_t) for right, 1 - sigma(c_t) for wrong responses, c_t = mean_{u<=t} s_u or s_t
//   weights  clamp((q - th)/(1 - th), 0, 1); th = 0.5: max(2 sigma - 1, 0), max(1 - 2 sigma, 0)     (Eq 10)
//   or the int(T ratio) largest q, min-max normalised, the rest 0
// Weights carry no gradient. Scores of 0 (a zero-initialised head) give weights 0: nothing is learned before
// the reward model has learned something, which is what the frozen steps are for.

import type { ExplainLine } from '../objective/explain.ts';
import { logSigmoid, sigmoid } from '../objective/preference.ts';
import type { TokenRows } from '../objective/rows.ts';

export interface CreditConfig {
  credit: 'prefix-mean' | 'score';
  rescale: 'threshold' | 'top-k';
  /** In [0, 1). */
  threshold: number;
  /** In (0, 1]. */
  topKRatio: number;
}

/**
 * Token weights of one response from its scores.
 *
 * @returns `credit` c_t before the logistic, and `weights` in [0, 1], one each per token
 *
 * @example
 * orealTokenWeights(Float64Array.of(0.4, -0.2, 1), true, oreal.defaults).weights; // 0.197, 0.050, 0.197
 */
export function orealTokenWeights(
  scores: Float64Array,
  right: boolean,
  config: CreditConfig,
): { credit: Float64Array; weights: Float64Array } {
  let sum = 0;
  const credit = scores.map((score, t) => {
    sum += score;
    return config.credit === 'score' ? score : sum / (t + 1);
  });
  const quality = credit.map((c) => sigmoid(right ? c : -c));
  if (config.rescale === 'top-k') return { credit, weights: topK(quality, config.topKRatio) };
  const { threshold } = config;
  const weights = quality.map((q) => Math.min(1, Math.max(0, (q - threshold) / (1 - threshold))));
  return { credit, weights };
}

function topK(quality: Float64Array, ratio: number): Float64Array {
  const weights = new Float64Array(quality.length);
  const order = [...quality.keys()].sort((a, b) => quality[b] - quality[a] || a - b);
  const kept = order.slice(0, Math.floor(quality.length * ratio));
  if (kept.length === 0) return weights;
  const high = quality[kept[0]];
  const low = quality[kept[kept.length - 1]];
  for (const t of kept) weights[t] = high === low ? 1 : (quality[t] - low) / (high - low);
  return weights;
}

/**
 * Binary cross-entropy of the mean score against right or wrong, summed over responses and divided by the
 * number of responses of the whole batch.
 *
 * @param labels null = not scorable, left out
 * @returns loss, dL/dscore per token, and how many responses the sign of the mean classifies correctly
 */
export function tokenRewardModelLoss(
  scoreRows: TokenRows,
  labels: readonly (boolean | null)[],
  globalCount: number,
): { loss: number; scoreCoefficients: Float64Array[]; correct: number } {
  let loss = 0;
  let correct = 0;
  const scoreCoefficients = scoreRows.map((scores, i) => {
    const row = new Float64Array(scores.length);
    const label = labels[i];
    if (label === null || scores.length === 0) return row;
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    loss -= logSigmoid(label ? mean : -mean) / globalCount;
    if (mean > 0 === label) correct++;
    return row.fill((sigmoid(mean) - (label ? 1 : 0)) / (scores.length * globalCount));
  });
  return { loss, scoreCoefficients, correct };
}

/** Lines that say how weights come about; none without a token reward model. */
export function explainCredit(
  config: CreditConfig & { tokenRewardModel: boolean; scorePosition: 'before' | 'including' },
): ExplainLine[] {
  if (!config.tokenRewardModel) return [];
  const c = config.credit === 'score' ? 's_t' : 'mean_{u<=t} s_u';
  const weights =
    config.rescale === 'threshold'
      ? `clamp((q - ${config.threshold})/${1 - config.threshold}, 0, 1)`
      : `min-max of the ${config.topKRatio} T largest q, 0 elsewhere`;
  const state = `state ${config.scorePosition} token t`;
  return [
    ['scores', `s_t of a token reward model, ${state}; its loss is BCE(mean_t s_t, right) / responses`],
    ['credit', `${weights}, q = sigma(c_t) if right, 1 - sigma(c_t) if wrong, c_t = ${c}`],
  ];
}
