// Tail of the hypergeometric distribution, X ~ Hypergeometric(N = n, K = c, draws = k):
//   P(X >= m) = sum_{j >= m} C(c,j) C(n-c,k-j) / C(n,k)
// by the ratio recurrence from the mode (G-Pass@k, arXiv 2412.13147; no factorials, no lgamma):
//   w_{j+1} = w_j (c-j)(k-j) / ((j+1)(n-c-k+j+1)),   answer = sum_{j>=m} w / sum w
// Relative error about 1e-15 up to n in the thousands. Also the binomial row by the same recurrence.

import { checkCounts } from './counts.ts';

/**
 * Probabilities of j correct among k draws without replacement, j from `low` on.
 * NaN-free; needs k <= n.
 */
export function hypergeometricRow(n: number, c: number, k: number): { low: number; weights: Float64Array } {
  checkCounts(n, c, k);
  const low = Math.max(0, k - n + c);
  const high = Math.min(c, k);
  const mode = Math.min(high, Math.max(low, Math.floor(((k + 1) * (c + 1)) / (n + 2))));
  const weights = new Float64Array(high - low + 1);
  weights[mode - low] = 1;
  for (let j = mode; j < high; j++) {
    weights[j + 1 - low] = (weights[j - low] * (c - j) * (k - j)) / ((j + 1) * (n - c - k + j + 1));
  }
  for (let j = mode; j > low; j--) {
    weights[j - 1 - low] = (weights[j - low] * j * (n - c - k + j)) / ((c - j + 1) * (k - j + 1));
  }
  const total = sumSmallFirst(weights, 0, weights.length);
  for (let i = 0; i < weights.length; i++) weights[i] /= total;
  return { low, weights };
}

/**
 * P(X >= m) when k of n samples, c of them correct, are drawn without replacement.
 *
 * @returns a probability, or NaN when k > n
 * @throws bad-input for impossible counts
 */
export function hypergeometricTail(n: number, c: number, k: number, m: number): number {
  checkCounts(n, c, k);
  if (k > n) return Number.NaN;
  if (m <= Math.max(0, k - n + c)) return 1;
  if (m > Math.min(c, k)) return 0;
  const { low, weights } = hypergeometricRow(n, c, k);
  return sumSmallFirst(weights, m - low, weights.length);
}

/** Probabilities of 0..n successes of n trials with success probability p in [0, 1]. */
export function binomialRow(n: number, p: number): Float64Array {
  const row = new Float64Array(n + 1);
  if (p <= 0) row[0] = 1;
  else if (p >= 1) row[n] = 1;
  else {
    const mode = Math.min(n, Math.floor((n + 1) * p));
    row[mode] = 1;
    for (let j = mode; j < n; j++) row[j + 1] = (row[j] * (n - j) * p) / ((j + 1) * (1 - p));
    for (let j = mode; j > 0; j--) row[j - 1] = (row[j] * j * (1 - p)) / ((n - j + 1) * p);
    const total = sumSmallFirst(row, 0, n + 1);
    for (let j = 0; j <= n; j++) row[j] /= total;
  }
  return row;
}

/** Sum of a unimodal stretch, adding from both ends towards the larger values. */
function sumSmallFirst(values: Float64Array, from: number, to: number): number {
  let low = from;
  let high = to - 1;
  let sum = 0;
  while (low <= high) sum += values[low] < values[high] ? values[low++] : values[high--];
  return sum;
}
