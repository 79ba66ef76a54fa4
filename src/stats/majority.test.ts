// Golden values computed with exact rational arithmetic, uniform tie-break.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hypergeometricTail } from './hypergeometric.ts';
import { majorityAtK } from './majority.ts';

describe('maj@k', () => {
  it.each([
    [24, [24], 16, 0.5],
    [24, [12, 12], 16, 0.8753068737],
    [20, [28], 15, 0.214469233236],
    [20, [10, 10, 8], 16, 0.826034705658],
    [3, [2], 3, 0.7],
    [3, [1, 1], 2, 0.6],
    [10, [38], 1, 0.208333333333],
    [12, [6, 6, 6, 6, 6, 6], 8, 0.401412685361],
  ])('matches the exact value for %i against %j, %i votes', (correct, others, k, want) => {
    expect(majorityAtK(correct, others, k)).toBeCloseTo(want, 11);
  });

  it('is at least the strict majority, and equal to it for two classes and odd k', () => {
    fc.assert(
      fc.property(
        fc.nat(30),
        fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
        fc.nat(1000),
        (c, others, r) => {
          const n = others.reduce((a, b) => a + b, c);
          if (n === 0) return;
          const k = 1 + (r % n);
          const strict = hypergeometricTail(n, c, k, Math.floor(k / 2) + 1);
          const got = majorityAtK(c, others, k);
          expect(got).toBeGreaterThanOrEqual(strict - 1e-11);
          expect(got).toBeLessThanOrEqual(1);
          if (others.length === 1 && k % 2 === 1) expect(got).toBeCloseTo(strict, 11);
        },
      ),
    );
  });

  it('is NaN with too few samples, and gives each class its share in total', () => {
    expect(majorityAtK(2, [1], 4)).toBeNaN();
    const classes = [7, 5, 5, 3, 1];
    const total = classes.reduce(
      (sum, count, i) =>
        sum +
        majorityAtK(
          count,
          classes.filter((_, j) => j !== i),
          9,
        ),
      0,
    );
    expect(total).toBeCloseTo(1, 12);
  });
});
