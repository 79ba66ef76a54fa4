// Per-token estimates of KL(pi || target) from the sampled token (Schulman, "Approximating KL divergence"):
//   d = logp - target;  k1 = d;  k2 = d^2/2;  k3 = exp(-d) - 1 + d;  abs = |d|
// As a loss under on-policy sampling the gradient of k1 has mean zero, that of k2 is the gradient of the
// reverse KL and that of k3 follows the forward KL; `k3-k2` has k3's value with k2's gradient. With
// `ratioCorrected` the estimate is multiplied by the token ratio (DeepSeek-V3.2). Full-distribution KL
// belongs to the engine.

import type { KlConfig } from './config.ts';
import type { TokenRows } from './rows.ts';

export type KlEstimator = KlConfig['estimator'];

/** Value of an estimator and its derivative with respect to logp. */
export function klEstimate(estimator: KlEstimator, d: number): { value: number; slope: number } {
  switch (estimator) {
    case 'k1':
      return { value: d, slope: 1 };
    case 'k2':
      return { value: (d * d) / 2, slope: d };
    case 'abs':
      return { value: Math.abs(d), slope: Math.sign(d) };
    case 'k3':
      return { value: Math.expm1(-d) + d, slope: -Math.expm1(-d) };
    case 'k3-k2':
      return { value: Math.expm1(-d) + d, slope: d };
  }
}

/** The configured estimate at one token: clamps, and the ratio correction with r = exp(logp - old). */
export function klTerm(
  config: KlConfig,
  logProb: number,
  target: number,
  old: number,
): { value: number; slope: number } {
  const raw = logProb - target;
  const bound = config.inputClamp ?? Number.POSITIVE_INFINITY;
  const d = Math.max(-bound, Math.min(bound, raw));
  let { value, slope } = klEstimate(config.estimator, d);
  if (d !== raw) slope = 0;
  const limit = config.outputClamp ?? Number.POSITIVE_INFINITY;
  if (Math.abs(value) > limit) {
    value = Math.sign(value) * limit;
    slope = 0;
  }
  if (!config.ratioCorrected) return { value, slope };
  const ratio = Math.exp(logProb - old);
  return { value: ratio * value, slope: ratio * (value + slope) };
}

/**
 * Rewards with the KL of each sequence subtracted, R_i - coefficient * sum_t k(logp_t - target_t), for
 * `place: 'reward'`. Unscorable rewards stay null.
 */
export function subtractKl(
  rewards: readonly (number | null)[],
  config: KlConfig,
  logProbs: TokenRows,
  target: TokenRows,
): (number | null)[] {
  const penalties = klPenalties(config, logProbs, target);
  return rewards.map((reward, i) =>
    reward === null ? null : reward - penalties[i].reduce((a, b) => a + b, 0),
  );
}

/** coefficient * k per token, to be subtracted from token rewards (REINFORCE++). */
export function klPenalties(config: KlConfig, logProbs: TokenRows, target: TokenRows): Float64Array[] {
  return logProbs.map((row, i) =>
    row.map((logProb, t) => config.coefficient * klTerm(config, logProb, target[i][t], logProb).value),
  );
}
