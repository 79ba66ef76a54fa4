// The shared input of the sampling metrics: n generations of a question, c of them correct, k drawn.
// Every metric here is an exact expectation over the k-subsets of the n generations, so no sampling order
// enters. Policy for k > n: the metric is not estimable and the answer is NaN, never 0; impossible counts are
// programmer faults and throw.

import { TouchstoneError } from '../core/index.ts';

/** Throws `bad-input` unless n, c, k are whole numbers with n >= 0, 0 <= c <= n and k >= 1. */
export function checkCounts(n: number, c: number, k: number): void {
  const whole = Number.isSafeInteger(n) && Number.isSafeInteger(c) && Number.isSafeInteger(k);
  if (!whole || n < 0 || c < 0 || c > n || k < 1) {
    throw new TouchstoneError('bad-input', `impossible counts: ${c} correct of ${n} samples, ${k} drawn`, {
      hint: 'need whole numbers with 0 <= correct <= samples and drawn >= 1',
    });
  }
}

/**
 * The smallest whole number of correct draws that is at least the share tau of k, and at least 1:
 * max(1, ceil(k * tau)) as exact arithmetic would give it.
 *
 * Binary fractions overshoot (25 * 0.28 is 7.000000000000001), so a distance below 1e-9 counts as equal. That
 * is right for every k <= 1024 and denominators 3..10, 16, 20, 100, 1000.
 *
 * @throws bad-input unless 0 <= tau <= 1
 */
export function requiredCorrect(k: number, tau: number): number {
  if (!(tau >= 0 && tau <= 1)) throw new TouchstoneError('bad-input', `threshold ${tau} is not in [0, 1]`);
  return Math.max(1, Math.ceil(k * tau - 1e-9));
}
