// Paired comparison of two systems on the same questions: per-question differences, a cluster bootstrap
// interval of their mean, and a sign-flip permutation test (under the null each cluster's difference is as
// likely negative as positive):  p = (1 + #{|mean of flipped| >= |mean|}) / (1 + flips), or the exact share
// when all 2^clusters sign patterns fit into the number of flips. Questions where either side is NaN are left
// out and counted. No correction for comparing many systems.

import { type Rng, TouchstoneError } from '../core/index.ts';
import { type BootstrapOptions, type BootstrapResult, clusterBootstrap, clusterTotals } from './bootstrap.ts';

export interface PairedResult {
  /** Mean of a - b. */
  difference: number;
  /** Bootstrap of the difference. */
  interval: BootstrapResult;
  /** Two-sided p-value of the sign-flip test. */
  pValue: number;
  /** Whether all sign patterns were enumerated. */
  exact: boolean;
  wins: number;
  losses: number;
  ties: number;
}

/**
 * Compares a with b on the same questions, in the same order.
 *
 * @throws bad-input when the lists differ in length
 */
export function comparePaired(
  a: readonly number[],
  b: readonly number[],
  rng: Rng,
  options: BootstrapOptions = {},
): PairedResult {
  if (a.length !== b.length) {
    throw new TouchstoneError('bad-input', `${a.length} values against ${b.length}`, {
      hint: 'compare the same questions in the same order',
    });
  }
  const differences = a.map((value, i) => value - b[i]);
  const interval = clusterBootstrap(differences, rng.split('bootstrap'), options);
  const { sums } = clusterTotals(differences, options.clusters);
  const { pValue, exact } = signFlip(sums, rng.split('sign-flip'), options.resamples ?? 10000);
  return {
    difference: interval.mean,
    interval,
    pValue,
    exact,
    wins: differences.filter((d) => d > 0).length,
    losses: differences.filter((d) => d < 0).length,
    ties: differences.filter((d) => d === 0).length,
  };
}

/** Two-sided sign-flip permutation p-value of a sum of cluster totals; NaN when there are none. */
export function signFlip(totals: Float64Array, rng: Rng, flips = 10000): { pValue: number; exact: boolean } {
  if (totals.length === 0) return { pValue: Number.NaN, exact: true };
  const size = totals.reduce((sum, value) => sum + Math.abs(value), 0);
  const observed = Math.abs(totals.reduce((sum, value) => sum + value, 0)) - 1e-12 * size;
  const exact = 2 ** totals.length <= flips;
  const rounds = exact ? 2 ** totals.length : flips;
  let extreme = 0;
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    for (let i = 0; i < totals.length; i++) {
      const negative = exact ? ((round >> i) & 1) === 1 : rng.uniform() < 0.5;
      sum += negative ? -totals[i] : totals[i];
    }
    if (Math.abs(sum) >= observed) extreme++;
  }
  return { pValue: exact ? extreme / rounds : (1 + extreme) / (1 + rounds), exact };
}
