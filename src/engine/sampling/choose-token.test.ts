import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncated } from '../../../test/support/truncated.ts';
import { createRng } from '../../core/rng.ts';
import { chooseToken, DEFAULT_SAMPLING, type SamplingOptions } from './choose-token.ts';

/** Probabilities 0.5, 0.25, 0.15, 0.1 in the order 2, 0, 3, 1. */
const LOGITS = Float64Array.from([0.25, 0.1, 0.5, 0.15], Math.log);

function choose(options: Partial<SamplingOptions>, uniform: number, logits = LOGITS) {
  return chooseToken(logits, 0, logits.length, { ...DEFAULT_SAMPLING, ...options }, uniform);
}

/** Probability of each token that some uniform number draws, by a fine grid and the returned log-probabilities. */
function support(options: Partial<SamplingOptions>, logits = LOGITS): Record<number, number> {
  const found: Record<number, number> = {};
  for (let i = 0; i < 2000; i++) {
    const { token, logProb } = choose(options, i / 2000, logits);
    found[token] = Math.exp(logProb);
  }
  return found;
}

function expectSupport(options: Partial<SamplingOptions>, want: Record<number, number>): void {
  const got = support(options);
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const [token, p] of Object.entries(want)) expect(got[Number(token)]).toBeCloseTo(p, 12);
}

describe('chooseToken, by hand', () => {
  it('inverts the cumulative distribution in token order', () => {
    expect([0, 0.24, 0.26, 0.34, 0.36, 0.84, 0.86, 0.999].map((u) => choose({}, u).token)).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3,
    ]);
  });

  it('returns the log-probability of the untruncated distribution', () => {
    expectSupport({}, { 0: 0.25, 1: 0.1, 2: 0.5, 3: 0.15 });
  });

  it('squares and renormalises at temperature 1/2', () => {
    const squares = [0.0625, 0.01, 0.25, 0.0225];
    const total = 0.345;
    expectSupport({ temperature: 0.5 }, Object.fromEntries(squares.map((p, v) => [v, p / total])));
  });

  it('is greedy at temperature 0, with log-probability 0 and the first of equals', () => {
    expect(choose({ temperature: 0 }, 0.99)).toEqual({ token: 2, logProb: 0 });
    expect(choose({ temperature: 0 }, 0.99, Float64Array.of(1, 3, 3))).toEqual({ token: 1, logProb: 0 });
  });

  it('keeps the k likeliest', () => {
    expectSupport({ topK: 2 }, { 0: 1 / 3, 2: 2 / 3 });
    expectSupport({ topK: 1 }, { 2: 1 });
    expectSupport({ topK: 9 }, { 0: 0.25, 1: 0.1, 2: 0.5, 3: 0.15 });
  });

  it('keeps the smallest set of likeliest tokens that reaches p', () => {
    expectSupport({ topP: 0.51 }, { 0: 1 / 3, 2: 2 / 3 });
    expectSupport({ topP: 0.49 }, { 2: 1 });
    expectSupport({ topP: 0.8 }, { 0: 0.25 / 0.9, 2: 0.5 / 0.9, 3: 0.15 / 0.9 });
    expectSupport({ topP: 0 }, { 2: 1 });
  });

  it('drops tokens below a fraction of the likeliest', () => {
    expectSupport({ minP: 0.25 }, { 0: 0.25 / 0.9, 2: 0.5 / 0.9, 3: 0.15 / 0.9 });
    expectSupport({ minP: 0.4 }, { 0: 1 / 3, 2: 2 / 3 });
    expectSupport({ minP: 1 }, { 2: 1 });
  });

  it('applies top-p to what top-k left, and top-k to what min-p left', () => {
    // Of 0.5, 0.25, 0.15 the nucleus of 0.8 is {0.5, 0.25}: their share is 0.833.
    expectSupport({ topK: 3, topP: 0.8 }, { 0: 1 / 3, 2: 2 / 3 });
    expectSupport({ minP: 0.25, topK: 4, topP: 0.8 }, { 0: 1 / 3, 2: 2 / 3 });
  });

  it('breaks ties at the edge of the kept set by token number', () => {
    const logits = Float64Array.of(0, 0, 0, 0);
    expect(Object.keys(support({ topK: 2 }, logits))).toEqual(['0', '1']);
    expect(Object.keys(support({ topP: 0.5 }, logits))).toEqual(['0', '1']);
  });

  it('reads its row only', () => {
    const rows = Float32Array.of(9, 9, 0, 5, 0, 9);
    expect(chooseToken(rows, 2, 3, { ...DEFAULT_SAMPLING, temperature: 0 }, 0).token).toBe(1);
    expect(chooseToken(rows, 2, 3, { ...DEFAULT_SAMPLING, topK: 1 }, 0.9).token).toBe(1);
  });
});

describe('chooseToken at the extremes', () => {
  it('never draws a token of logit minus infinity', () => {
    const logits = Float32Array.of(-Infinity, 0, -Infinity, 1, -Infinity);
    const got = support({}, Float64Array.from(logits));
    expect(Object.keys(got)).toEqual(['1', '3']);
    expect(got[3]).toBeCloseTo(Math.E / (1 + Math.E), 12);
  });

  it.each([3e38, -3e38, 1e300, -1e300])('takes logits near %d', (huge) => {
    const logits = Float64Array.of(huge, huge, -Infinity);
    for (const temperature of [1e-6, 1, 1e6]) {
      expect(support({ temperature }, logits)).toEqual({ 0: 0.5, 1: 0.5 });
    }
  });

  it('is greedy in the limit of temperature 0 and uniform in that of infinity', () => {
    expect(support({ temperature: 1e-300 })).toEqual({ 2: 1 });
    for (const p of Object.values(support({ temperature: 1e12 }))) expect(p).toBeCloseTo(0.25, 9);
  });

  it('keeps the likeliest token whatever the truncation', () => {
    for (const options of [{ minP: 5 }, { topP: 0 }, { topK: 1 }, { minP: 1, topK: 1, topP: 0 }]) {
      expect(choose(options, 0.5)).toEqual({ token: 2, logProb: 0 });
    }
  });

  it.each([
    ['a NaN', [0, Number.NaN, 1]],
    ['a leading NaN', [Number.NaN, 0, 1]],
    ['plus infinity', [0, Infinity, 1]],
    ['only minus infinity', [-Infinity, -Infinity]],
  ])('refuses %s instead of drawing from nothing', (_label, logits) => {
    for (const temperature of [0, 1]) {
      expect(() => choose({ temperature }, 0.5, Float64Array.from(logits))).toThrow(/logit/);
    }
  });
});

const logitRows = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 24 });
const samplingOptions = fc.record({
  temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
  topK: fc.nat(26),
  topP: fc.double({ min: 0, max: 1, noNaN: true }),
  minP: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
});

describe('chooseToken, properties', () => {
  it('draws a kept token and returns its renormalised log-probability', () => {
    fc.assert(
      fc.property(
        logitRows,
        samplingOptions,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (row, options, u) => {
          const { token, logProb } = chooseToken(Float64Array.from(row), 0, row.length, options, u);
          const want = truncated(row, options);
          const p = want.get(token);
          // A probability that falls on an edge may be rounded to either side of it.
          if (p === undefined) return nearEdge(row, options);
          return Math.abs(Math.log(p) - logProb) < 1e-9 || nearEdge(row, options);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has log-probabilities that sum to one over the kept set', () => {
    fc.assert(
      fc.property(logitRows, samplingOptions, (row, options) => {
        const logits = Float64Array.from(row);
        const seen = new Map<number, number>();
        let u = 0;
        // Each draw says how far its token reaches, so the next uniform number lies just beyond it.
        for (let guard = 0; u < 1 && guard <= row.length; guard++) {
          const { token, logProb } = chooseToken(logits, 0, row.length, options, Math.min(u, 1 - 2 ** -53));
          if (!seen.has(token)) seen.set(token, Math.exp(logProb));
          u = [...seen.values()].reduce((sum, p) => sum + p, 0) + 1e-13;
        }
        const total = [...seen.values()].reduce((sum, p) => sum + p, 0);
        return Math.abs(total - 1) < 1e-9;
      }),
    );
  });
});

function nearEdge(row: readonly number[], { temperature, topP, minP, topK }: SamplingOptions): boolean {
  const moved = [1 - 1e-12, 1 + 1e-12].map((s) =>
    [...truncated(row, { temperature, topK, topP: topP * s, minP: minP * s }).keys()].join(),
  );
  return moved[0] !== moved[1];
}

describe('empirical frequencies', () => {
  const logits = Float32Array.from({ length: 12 }, (_, v) => Math.sin(v * 2.3) * 2);
  it.each([
    ['plain', {}],
    ['temperature 0.7', { temperature: 0.7 }],
    ['top-k 5', { topK: 5 }],
    ['top-p 0.8', { topP: 0.8 }],
    ['min-p 0.2', { minP: 0.2 }],
    ['all of them', { temperature: 1.4, topK: 7, topP: 0.9, minP: 0.05 }],
  ] as [string, Partial<SamplingOptions>][])('pass a chi-squared test: %s', (label, given) => {
    const options = { ...DEFAULT_SAMPLING, ...given };
    const want = truncated([...logits], options);
    const counts = new Map<number, number>();
    const draws = 20000;
    const rng = createRng(1, 'frequencies', label);
    for (let i = 0; i < draws; i++) {
      const { token } = chooseToken(logits, 0, logits.length, options, rng.at(i));
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    expect([...counts.keys()].filter((token) => !want.has(token))).toEqual([]);
    let chi2 = 0;
    for (const [token, p] of want) chi2 += ((counts.get(token) ?? 0) - p * draws) ** 2 / (p * draws);
    // Mean k and variance 2k at k degrees of freedom: four standard deviations above is beyond 99.9 %.
    const freedom = want.size - 1;
    expect(chi2).toBeLessThan(freedom + 4 * Math.sqrt(2 * Math.max(1, freedom)));
  });
});
