// Golden values computed with exact rational arithmetic (12 digits) for the G-Pass@k formulas of arXiv
// 2412.13147.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requiredCorrect } from './counts.ts';
import { gPassAtK, jackknifeVariance, mgPassAtK, posteriorGPass } from './g-pass-at-k.ts';
import { binomialRow, hypergeometricTail } from './hypergeometric.ts';
import { avgAtK, passAtK, passHatK } from './pass-at-k.ts';

// n c k | tau -> 0 | .25 | .5 | .75 | 1 | mG compat | mG exact
const TABLE = `
4 0 4 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000
4 2 4 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000
4 4 4 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000
5 3 2 | 0.900000000000 | 0.900000000000 | 0.900000000000 | 0.300000000000 | 0.300000000000 | 0.300000000000 | 0.300000000000
5 3 3 | 1.000000000000 | 1.000000000000 | 0.700000000000 | 0.100000000000 | 0.100000000000 | 0.066666666667 | 0.300000000000
8 4 4 | 0.985714285714 | 0.985714285714 | 0.757142857143 | 0.242857142857 | 0.014285714286 | 0.128571428571 | 0.128571428571
8 5 4 | 1.000000000000 | 1.000000000000 | 0.928571428571 | 0.500000000000 | 0.071428571429 | 0.285714285714 | 0.285714285714
10 7 5 | 1.000000000000 | 1.000000000000 | 0.916666666667 | 0.500000000000 | 0.083333333333 | 0.233333333333 | 0.416666666667
10 8 10 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.000000000000 | 0.600000000000 | 0.600000000000
16 8 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000
16 15 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.000000000000 | 0.875000000000 | 0.875000000000
16 16 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000
48 1 16 | 0.333333333333 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000
48 8 16 | 0.972125803521 | 0.242384104514 | 0.000034106358 | 0.000000000000 | 0.000000000000 | 0.000000000000 | 0.000000000000
48 16 16 | 0.999733427643 | 0.884358490570 | 0.080750685013 | 0.000030283551 | 0.000000000000 | 0.003100752782 | 0.003100752782
48 24 16 | 0.999999673827 | 0.997505102162 | 0.619945418198 | 0.015238262363 | 0.000000326173 | 0.079963612132 | 0.079963612132
48 31 16 | 0.999999999992 | 0.999995113405 | 0.964275786666 | 0.229546859782 | 0.000133286179 | 0.297193979830 | 0.297193979830
48 32 16 | 1.000000000000 | 0.999998741542 | 0.979284610559 | 0.297890069993 | 0.000266572357 | 0.336434086115 | 0.336434086115
48 36 16 | 1.000000000000 | 1.000000000000 | 0.999126492835 | 0.644226086608 | 0.003240958658 | 0.500116826313 | 0.500116826313
48 40 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.931055340246 | 0.027874196479 | 0.666666666667 | 0.666666666667
48 44 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.184808305067 | 0.833333333333 | 0.833333333333
48 46 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.439716312057 | 0.916666666667 | 0.916666666667
48 47 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.666666666667 | 0.958333333333 | 0.958333333333
48 48 16 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000
48 24 4 | 0.945390070922 | 0.945390070922 | 0.695744680851 | 0.304255319149 | 0.054609929078 | 0.179432624113 | 0.179432624113
48 24 8 | 0.998050952800 | 0.976038184429 | 0.649612000821 | 0.122407807453 | 0.001949047200 | 0.124676667351 | 0.124676667351
48 40 8 | 0.999999997350 | 0.999999149329 | 0.998475042973 | 0.883870926657 | 0.203802544124 | 0.667062801286 | 0.667062801286
80 20 32 | 0.999995266143 | 0.600389743930 | 0.000036005731 | 0.000000000000 | 0.000000000000 | 0.000000192685 | 0.000000192685
80 40 32 | 1.000000000000 | 0.999961320707 | 0.590149313831 | 0.000259289405 | 0.000000000000 | 0.054089588299 | 0.054089588299
80 60 32 | 1.000000000000 | 1.000000000000 | 0.999997077088 | 0.606888620046 | 0.000004733857 | 0.500000192685 | 0.500000192685
80 79 32 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.600000000000 | 0.975000000000 | 0.975000000000
100 37 7 | 0.965436915848 | 0.808387112420 | 0.226816361678 | 0.009792676471 | 0.000643163073 | 0.020974303611 | 0.053376640993
128 64 64 | 1.000000000000 | 0.999999998834 | 0.570111702298 | 0.000000011130 | 0.000000000000 | 0.035055851149 | 0.035055851149
200 150 25 | 1.000000000000 | 0.999999989738 | 0.998269599333 | 0.561229504584 | 0.000432682037 | 0.460175031720 | 0.500105815693
1000 900 100 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.999999181133 | 0.000014696838 | 0.800000000000 | 0.800000000000
10000 9900 1000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 1.000000000000 | 0.000025130213 | 0.980000000000 | 0.980000000000
`;

const counts = fc
  .tuple(fc.integer({ min: 1, max: 120 }), fc.nat(1000), fc.nat(1000))
  .map(([n, a, b]) => ({ n, c: a % (n + 1), k: 1 + (b % n) }));

describe('G-Pass@k', () => {
  it.each(
    TABLE.trim()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim())),
  )('matches the exact values at n c k = %s', (head, ...cells) => {
    const [n, c, k] = head.split(' ').map(Number);
    const got = [
      ...[0, 0.25, 0.5, 0.75, 1].map((tau) => gPassAtK(n, c, k, tau)),
      mgPassAtK(n, c, k, 'compat'),
      mgPassAtK(n, c, k, 'exact'),
    ];
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(Number(cells[i]), 11);
    });
    expect(passAtK(n, c, k)).toBeCloseTo(Number(cells[0]), 11);
    expect(passHatK(n, c, k)).toBeCloseTo(Number(cells[4]), 11);
  });

  it('matches the exact aggregate over ten questions', () => {
    const correct = [48, 47, 40, 36, 24, 12, 5, 1, 0, 0];
    const mean = (f: (c: number) => number) => correct.reduce((sum, c) => sum + f(c), 0) / correct.length;
    const got = [0, 0.25, 0.5, 0.75, 1].map((tau) => mean((c) => gPassAtK(48, c, 16, tau)));
    [0.721248676346, 0.566461954614, 0.462658837694, 0.359051971534, 0.169778214798].forEach((want, i) => {
      expect(got[i]).toBeCloseTo(want, 11);
    });
    expect(mean((c) => mgPassAtK(48, c, 16))).toBeCloseTo(0.320519726476, 11);
    expect(mean((c) => avgAtK(48, c, 16))).toBeCloseTo(0.44375, 12);
  });

  it('takes thresholds as the decimal fractions they are written as', () => {
    const cases = [
      [25, 0.28, 7],
      [25, 0.56, 14],
      [50, 0.14, 7],
      [50, 0.28, 14],
      [50, 0.56, 28],
      [100, 0.07, 7],
      [100, 0.55, 55],
      [16, 0, 1],
    ];
    for (const [k, tau, want] of cases) expect(requiredCorrect(k, tau)).toBe(want);
    for (const denominator of [3, 4, 5, 6, 7, 8, 9, 10, 16, 20, 100, 1000]) {
      for (let k = 1; k <= 1024; k += 13) {
        for (let a = 0; a <= denominator; a++) {
          const exact = Math.max(
            1,
            (k * a - ((k * a) % denominator)) / denominator + ((k * a) % denominator ? 1 : 0),
          );
          expect(requiredCorrect(k, a / denominator)).toBe(exact);
        }
      }
    }
  });

  it('is NaN when more are drawn than sampled, and refuses impossible counts', () => {
    expect(gPassAtK(4, 2, 5, 0.5)).toBeNaN();
    expect(mgPassAtK(4, 2, 5)).toBeNaN();
    expect(passAtK(4, 2, 5)).toBeNaN();
    expect(passHatK(4, 2, 5)).toBeNaN();
    expect(jackknifeVariance(4, 2, 4, 2)).toBeNaN();
    expect(() => passAtK(4, 5, 2)).toThrow('impossible counts: 5 correct of 4 samples');
    expect(() => gPassAtK(4, 2, 2, 1.5)).toThrow('threshold 1.5');
  });

  it('sums over all shares to avg@n', () => {
    fc.assert(
      fc.property(counts, ({ n, c, k }) => {
        let sum = 0;
        for (let m = 1; m <= k; m++) sum += hypergeometricTail(n, c, k, m);
        return Math.abs(sum - (k * c) / n) < 1e-9;
      }),
    );
  });

  it('falls in tau, rises in c, and has pass@k and pass^k as ends', () => {
    fc.assert(
      fc.property(counts, ({ n, c, k }) => {
        for (let m = 1; m < k; m++) {
          expect(hypergeometricTail(n, c, k, m)).toBeGreaterThanOrEqual(
            hypergeometricTail(n, c, k, m + 1) - 1e-15,
          );
          if (c < n) {
            expect(hypergeometricTail(n, c + 1, k, m)).toBeGreaterThanOrEqual(
              hypergeometricTail(n, c, k, m) - 1e-12,
            );
          }
        }
        expect(gPassAtK(n, c, k, 1 / k)).toBeCloseTo(passAtK(n, c, k), 11);
        expect(gPassAtK(n, c, k, 1)).toBeCloseTo(passHatK(n, c, k), 11);
        expect(gPassAtK(n, c, 1, 0.5)).toBeCloseTo(c / n, 12);
      }),
    );
  });

  it('has the complement identity and the bounds of the exact mean', () => {
    fc.assert(
      fc.property(counts, fc.nat(1000), ({ n, c, k }, r) => {
        const m = 1 + (r % k);
        expect(hypergeometricTail(n, c, k, m)).toBeCloseTo(
          1 - hypergeometricTail(n, n - c, k, k - m + 1),
          11,
        );
        const mean = mgPassAtK(n, c, k);
        expect(mean).toBeLessThanOrEqual(c / n + 1e-12);
        expect(mean).toBeGreaterThanOrEqual(Math.max(0, (2 * c) / n - 1) - 1e-12);
        if (n - c <= k / 2) expect(mean).toBeCloseTo((2 * c) / n - 1, 11);
        if (k % 2 === 0) expect(mgPassAtK(n, c, k, 'compat')).toBeCloseTo(mean, 12);
      }),
    );
  });

  it('is unbiased: averaged over c ~ Bin(n, p) it is P(Bin(k, p) >= m)', () => {
    for (const n of [16, 20, 48]) {
      const row = binomialRow(n, 0.4);
      const small = binomialRow(16, 0.4);
      for (let m = 1; m <= 16; m++) {
        const got = row.reduce((sum, weight, c) => sum + weight * hypergeometricTail(n, c, 16, m), 0);
        expect(got).toBeCloseTo(
          small.slice(m).reduce((a, b) => a + b, 0),
          11,
        );
      }
    }
  });

  it('keeps the bounds that published rows for k = 16 must satisfy', () => {
    for (let c = 0; c <= 48; c++) {
      const [half, three, all] = [0.5, 0.75, 1].map((tau) => gPassAtK(48, c, 16, tau));
      expect(mgPassAtK(48, c, 16)).toBeGreaterThanOrEqual((three + all) / 2 - 1e-12);
      expect(mgPassAtK(48, c, 16)).toBeLessThanOrEqual((3 * half + 4 * three + all) / 8 + 1e-12);
    }
  });
});

describe('uncertainty of one question', () => {
  it.each([
    [48, 24, 16, 8, 0.075131606366],
    [48, 36, 16, 12, 0.073929395256],
    [48, 47, 16, 16, 0.111111111111],
    [8, 5, 4, 3, 0.192857142857],
    [10, 7, 5, 4, 0.190476190476],
    [17, 16, 16, 16, 0.885813148789],
  ])('has the exact jackknife variance at %i %i %i %i', (n, c, k, m, want) => {
    expect(jackknifeVariance(n, c, k, m)).toBeCloseTo(want, 11);
  });

  it.each([
    [48, 24, 16, 8, 0.585360179413],
    [48, 36, 16, 12, 0.591683667345],
    [48, 48, 16, 16, 0.753846153846],
    [48, 0, 16, 1, 0.246153846154],
    [8, 5, 4, 3, 0.48951048951],
    [16, 16, 16, 16, 0.515151515152],
    [4, 4, 4, 4, 0.555555555556],
  ])('has the exact posterior mean at %i %i %i %i', (n, c, k, m, want) => {
    expect(posteriorGPass(n, c, k, m)).toBeCloseTo(want, 11);
  });
});
