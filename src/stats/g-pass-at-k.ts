// G-Pass@k (arXiv 2412.13147): how often at least the share tau of k samples is right,
//   G-Pass@k_tau = P(X >= max(1, ceil(tau k))),   X ~ Hypergeometric(n, c, k)
//   mG-Pass@k    = 2 * integral over tau from 0.5 to 1
// as published code sums it ("compat"): (2/k) sum_{i=ceil(k/2)+1..k} G_{i/k}, which drops half a cell for odd
// k (a perfect model gets 0.8 at k = 5), and "exact": (2/k) E[max(X - k/2, 0)], equal for even k.
// Also its delete-one jackknife variance and the posterior mean under p ~ Beta(1+c, 1+n-c).
// k > n gives NaN; means over questions are the caller's.

import { checkCounts, requiredCorrect } from './counts.ts';
import { hypergeometricRow, hypergeometricTail } from './hypergeometric.ts';

/**
 * Probability that at least ceil(tau * k) of k samples (and at least one) are correct. tau = 0 is pass@k, tau
 * = 1 is pass^k. NaN when k > n.
 *
 * @example
 * gPassAtK(8, 5, 4, 0.75); // 0.5
 */
export function gPassAtK(n: number, c: number, k: number, tau: number): number {
  return hypergeometricTail(n, c, k, requiredCorrect(k, tau));
}

/** Mean of G-Pass@k over thresholds from one half to one; NaN when k > n. See the head of this file. */
export function mgPassAtK(n: number, c: number, k: number, form: 'compat' | 'exact' = 'exact'): number {
  checkCounts(n, c, k);
  if (k > n) return Number.NaN;
  const { low, weights } = hypergeometricRow(n, c, k);
  const floor = form === 'exact' ? k / 2 : Math.ceil(k / 2);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i] * Math.max(0, low + i - floor);
  return (2 * sum) / k;
}

/**
 * Sampling variance of P(X >= m) for one question by the closed-form delete-one jackknife:
 * (n-1)/n * [c (G_{n-1,c-1} - G)^2 + (n-c) (G_{n-1,c} - G)^2]. Conservative. NaN when n - 1 < k.
 */
export function jackknifeVariance(n: number, c: number, k: number, m: number): number {
  checkCounts(n, c, k);
  if (n - 1 < k) return Number.NaN;
  const whole = hypergeometricTail(n, c, k, m);
  const withoutRight = c > 0 ? hypergeometricTail(n - 1, c - 1, k, m) - whole : 0;
  const withoutWrong = c < n ? hypergeometricTail(n - 1, c, k, m) - whole : 0;
  return ((n - 1) / n) * (c * withoutRight ** 2 + (n - c) * withoutWrong ** 2);
}

/**
 * Posterior mean of P(Bin(k, p) >= m) under p ~ Beta(1+c, 1+n-c): the beta-binomial tail. Defined for every
 * k, also k > n.
 */
export function posteriorGPass(n: number, c: number, k: number, m: number): number {
  checkCounts(n, c, k);
  const alpha = c + 1;
  const beta = n - c + 1;
  const weights = new Float64Array(k + 1);
  const mode = Math.min(k, Math.max(0, Math.round((k * alpha) / (alpha + beta))));
  weights[mode] = 1;
  for (let j = mode; j < k; j++) {
    weights[j + 1] = (weights[j] * (k - j) * (alpha + j)) / ((j + 1) * (beta + k - j - 1));
  }
  for (let j = mode; j > 0; j--) {
    weights[j - 1] = (weights[j] * j * (beta + k - j)) / ((k - j + 1) * (alpha + j - 1));
  }
  let total = 0;
  let tail = 0;
  for (let j = k; j >= 0; j--) {
    total += weights[j];
    if (j >= m) tail += weights[j];
  }
  return tail / total;
}
