// pass@k (at least one of k right; Chen et al. 2021, arXiv 2107.03374), pass^k (all k right; tau-bench,
// arXiv 2406.12045) and avg@k, each as the exact mean over the k-subsets of n samples with c correct:
//   pass@k = 1 - C(n-c,k)/C(n,k),   pass^k = C(c,k)/C(n,k),   avg@k = c/n for every k <= n.
// k > n gives NaN (see counts.ts).

import { checkCounts } from './counts.ts';

/** C(a,k)/C(n,k) for a <= n, as the product of (a-i)/(n-i). */
function subsetShare(n: number, a: number, k: number): number {
  if (a < k) return 0;
  let share = 1;
  for (let i = 0; i < k; i++) share *= (a - i) / (n - i);
  return share;
}

/**
 * Probability that at least one of k samples is correct. NaN when k > n.
 *
 * @example
 * passAtK(5, 3, 2); // 0.9
 */
export function passAtK(n: number, c: number, k: number): number {
  checkCounts(n, c, k);
  return k > n ? Number.NaN : 1 - subsetShare(n, n - c, k);
}

/**
 * Probability that all of k samples are correct. NaN when k > n.
 *
 * @example
 * passHatK(5, 3, 2); // 0.3
 */
export function passHatK(n: number, c: number, k: number): number {
  checkCounts(n, c, k);
  return k > n ? Number.NaN : subsetShare(n, c, k);
}

/** Expected share of correct samples among k: c/n. NaN when k > n. */
export function avgAtK(n: number, c: number, k: number): number {
  checkCounts(n, c, k);
  return k > n ? Number.NaN : c / n;
}
