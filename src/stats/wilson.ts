// Wilson score interval for a proportion (Wilson 1927):
//   centre = (p + z^2/2n) / (1 + z^2/n),   half = z/(1 + z^2/n) * sqrt(p(1-p)/n + z^2/4n^2)
// with z the normal quantile of (1 + level)/2. For independent trials only; samples of one question are not.

import { TouchstoneError } from '../core/index.ts';

/** A two-sided interval. */
export interface Interval {
  low: number;
  high: number;
}

/**
 * Interval for the success probability after `successes` of `trials`. [NaN, NaN] for no trials.
 *
 * @param level coverage in (0, 1), 0.95 by default
 *
 * @example
 * wilsonInterval(8, 10); // { low: 0.4902, high: 0.9433 }
 */
export function wilsonInterval(successes: number, trials: number, level = 0.95): Interval {
  if (!(successes >= 0 && successes <= trials)) {
    throw new TouchstoneError('bad-input', `${successes} successes of ${trials} trials`);
  }
  if (trials === 0) return { low: Number.NaN, high: Number.NaN };
  const z = normalQuantile((1 + level) / 2);
  const p = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

/** Upper tail probability of the standard normal, by the continued-fraction / series of erfc. */
export function normalTail(x: number): number {
  if (x < 0) return 1 - normalTail(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let i = 1; i < 200 && Math.abs(term) > 1e-17 * sum; i++) {
      term *= (x * x) / (2 * i + 1);
      sum += term;
    }
    return 0.5 - (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
  }
  let fraction = 0;
  for (let i = 120; i >= 1; i--) fraction = i / (x + fraction);
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / (x + fraction);
}

/**
 * The x with P(Z <= x) = p, by bisection followed by Newton steps.
 *
 * @throws bad-input unless 0 < p < 1
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new TouchstoneError('bad-input', `probability ${p} is not in (0, 1)`);
  if (p < 0.5) return -normalQuantile(1 - p);
  let low = 0;
  let high = 9;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (1 - normalTail(middle) < p) low = middle;
    else high = middle;
  }
  let x = (low + high) / 2;
  for (let i = 0; i < 3; i++) {
    x += ((normalTail(x) - (1 - p)) * Math.sqrt(2 * Math.PI)) / Math.exp((-x * x) / 2);
  }
  return x;
}
