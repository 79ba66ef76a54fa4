// AdamW by hand and against torch.optim.AdamW (golden/adamw.json, written by models/golden/make_decoder_golden.py).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../core/rng.ts';
import golden from './golden/adamw.json' with { type: 'json' };
import {
  createOptimiserState,
  DEFAULT_OPTIMISER,
  learningRateAt,
  type OptimiserConfig,
  type OptimiserState,
  optimiserStep,
  type Schedule,
  type Tensor,
} from './optimiser.ts';

function tensors(entries: Record<string, [shape: number[], data: readonly number[]]>): Map<string, Tensor> {
  return new Map(
    Object.entries(entries).map(([name, [shape, data]]) => [name, { shape, data: Float32Array.from(data) }]),
  );
}

function rows(entries: Record<string, readonly number[]>): Map<string, Float32Array> {
  return new Map(Object.entries(entries).map(([name, data]) => [name, Float32Array.from(data)]));
}

const PLAIN: OptimiserConfig = { ...DEFAULT_OPTIMISER, weightDecay: 0, maxGradientNorm: Infinity };

describe('one step by hand', () => {
  it('moves by the learning rate against the sign of the gradient', () => {
    // At step 1 the corrected moments are g and g^2, so the quotient is the sign of g.
    const weights = tensors({
      w: [
        [2, 2],
        [1, 1, 1, 1],
      ],
    });
    const state = createOptimiserState(weights);
    const { gradientNorm } = optimiserStep(weights, rows({ w: [3, -4, 0, 12] }), state, 0.1, PLAIN);
    expect(gradientNorm).toBe(13);
    expect(state.step).toBe(1);
    [0.9, 1.1, 1, 0.9].forEach((want, i) => {
      expect(weights.get('w')?.data[i]).toBeCloseTo(want, 6);
    });
    // m = 0.1 g and v = 0.05 g^2.
    expect(state.first.get('w')?.[1]).toBeCloseTo(-0.4, 6);
    expect(state.second.get('w')?.[1]).toBeCloseTo(0.8, 6);
  });

  it('decays matrices by learning rate times weight decay and spares vectors', () => {
    const weights = tensors({
      matrix: [
        [1, 2],
        [2, -4],
      ],
      vector: [[2], [2, -4]],
    });
    const zero = rows({ matrix: [0, 0], vector: [0, 0] });
    optimiserStep(weights, zero, createOptimiserState(weights), 0.1, { ...PLAIN, weightDecay: 0.5 });
    expect([...(weights.get('matrix')?.data ?? [])]).toEqual([1.9, -3.8].map(Math.fround));
    expect([...(weights.get('vector')?.data ?? [])]).toEqual([2, -4]);
  });

  it('clips by the norm over all tensors together', () => {
    // Norm 5 of (3, 4) scaled to 1: m = 0.1 (0.6, 0.8).
    const weights = tensors({ a: [[1], [0]], b: [[1, 1], [0]] });
    const state = createOptimiserState(weights);
    const config = { ...PLAIN, maxGradientNorm: 1 };
    expect(optimiserStep(weights, rows({ a: [3], b: [4] }), state, 0.1, config).gradientNorm).toBe(5);
    expect(state.first.get('a')?.[0]).toBeCloseTo(0.06, 7);
    expect(state.first.get('b')?.[0]).toBeCloseTo(0.08, 7);
  });

  it('leaves a gradient at or below the limit as it is', () => {
    const weights = tensors({ a: [[1], [0]] });
    const state = createOptimiserState(weights);
    optimiserStep(weights, rows({ a: [0.5] }), state, 0.1, { ...PLAIN, maxGradientNorm: 0.5 });
    expect(state.first.get('a')?.[0]).toBeCloseTo(0.05, 8);
  });
});

it('follows torch.optim.AdamW for three steps, the second one clipped', () => {
  const weights = tensors({ matrix: [[2, 3], golden.start.matrix], vector: [[3], golden.start.vector] });
  const state = createOptimiserState(weights);
  const clipped = golden.steps.map((step) => step.gradientNorm > golden.config.maxGradientNorm);
  expect(clipped).toEqual([false, true, false]);
  for (const step of golden.steps) {
    const { gradientNorm } = optimiserStep(
      weights,
      rows(step.gradients),
      state,
      step.learningRate,
      golden.config,
    );
    expect(gradientNorm).toBeCloseTo(step.gradientNorm, 12);
    for (const name of ['matrix', 'vector'] as const) {
      step.weights[name].forEach((want, i) => {
        expect(Math.abs((weights.get(name)?.data[i] as number) - want)).toBeLessThan(3e-7);
      });
    }
  }
});

interface Copy {
  weights: [string, number[]][];
  step: number;
  first: [string, number[]][];
  second: [string, number[]][];
}

function copy(weights: ReadonlyMap<string, Tensor>, state: OptimiserState): Copy {
  const plain = (map: ReadonlyMap<string, Float32Array>): [string, number[]][] =>
    [...map].map(([name, data]) => [name, [...data]]);
  return {
    weights: [...weights].map(([name, { data }]) => [name, [...data]]),
    step: state.step,
    first: plain(state.first),
    second: plain(state.second),
  };
}

describe('faults', () => {
  it.each([Number.NaN, Infinity, -Infinity])('a gradient of %d changes nothing and says so', (bad) => {
    const weights = tensors({
      a: [
        [1, 2],
        [1, 2],
      ],
      b: [[1], [3]],
    });
    const state = createOptimiserState(weights);
    optimiserStep(weights, rows({ a: [1, 2], b: [3] }), state, 0.1, DEFAULT_OPTIMISER);
    const before = copy(weights, state);
    expect(() =>
      optimiserStep(weights, rows({ a: [1, 2], b: [bad] }), state, 0.1, DEFAULT_OPTIMISER),
    ).toThrow(expect.objectContaining({ code: 'not-finite', message: expect.stringContaining('step 2') }));
    expect(copy(weights, state)).toEqual(before);
  });

  it('a weight without gradient or state changes nothing and is named', () => {
    const weights = tensors({ a: [[1], [1]], b: [[1], [3]] });
    const state = createOptimiserState(weights);
    const before = copy(weights, state);
    expect(() => optimiserStep(weights, rows({ a: [1] }), state, 0.1, DEFAULT_OPTIMISER)).toThrow(/for b/);
    expect(copy(weights, state)).toEqual(before);
  });
});

it('continues bit for bit from a saved state', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, half) => {
      const rng = createRng(seed);
      const numbers = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
      const start = { matrix: numbers(6), vector: numbers(3) };
      const gradients = Array.from(
        { length: 2 * half },
        () =>
          new Map([
            ['matrix', numbers(6)],
            ['vector', numbers(3)],
          ]),
      );
      const fresh = () => tensors({ matrix: [[2, 3], [...start.matrix]], vector: [[3], [...start.vector]] });
      const run = (weights: Map<string, Tensor>, state: OptimiserState, from: number, to: number) => {
        for (const gradient of gradients.slice(from, to)) {
          optimiserStep(weights, gradient, state, 0.01, DEFAULT_OPTIMISER);
        }
      };
      const whole = fresh();
      const wholeState = createOptimiserState(whole);
      run(whole, wholeState, 0, 2 * half);
      const first = fresh();
      const firstState = createOptimiserState(first);
      run(first, firstState, 0, half);
      const resumed = structuredClone(first);
      const resumedState = structuredClone(firstState);
      run(resumed, resumedState, half, 2 * half);
      expect(copy(resumed, resumedState)).toEqual(copy(whole, wholeState));
    }),
    { numRuns: 30 },
  );
});

describe('schedules', () => {
  const schedule: Schedule = { shape: 'cosine', peak: 1, final: 0.1, warmupSteps: 4, totalSteps: 12 };
  const rates = (shape: Schedule['shape'], steps: number[]) =>
    steps.map((step) => learningRateAt({ ...schedule, shape }, step));

  it('warms up linearly and reaches the peak on the last warm-up step', () => {
    for (const shape of ['constant', 'linear', 'cosine'] as const) {
      expect(rates(shape, [0, 1, 2, 3])).toEqual([0.25, 0.5, 0.75, 1]);
    }
  });

  it('then stays, falls in a line, or falls as half a cosine', () => {
    expect(rates('constant', [4, 8, 12, 100])).toEqual([1, 1, 1, 1]);
    const want = { linear: [1, 0.775, 0.55, 0.1, 0.1], cosine: [1, 0, 0.55, 0.1, 0.1] };
    want.cosine[1] = 0.1 + (0.9 * (1 + Math.SQRT1_2)) / 2;
    for (const shape of ['linear', 'cosine'] as const) {
      rates(shape, [4, 6, 8, 12, 100]).forEach((rate, i) => {
        expect(rate).toBeCloseTo(want[shape][i] as number, 12);
      });
    }
  });

  it('needs no warm-up and survives a warm-up that fills the run', () => {
    expect(learningRateAt({ ...schedule, warmupSteps: 0 }, 0)).toBe(1);
    expect(learningRateAt({ ...schedule, warmupSteps: 12 }, 12)).toBe(1);
    expect(learningRateAt({ ...schedule, warmupSteps: 20 }, 30)).toBeCloseTo(0.1, 12);
  });

  it('stays between final and peak after the warm-up and never rises', () => {
    const shapes = fc.constantFrom('constant', 'linear', 'cosine');
    fc.assert(
      fc.property(shapes, fc.nat(20), fc.integer({ min: 1, max: 60 }), (shape, warmupSteps, totalSteps) => {
        const changed = { ...schedule, shape, warmupSteps, totalSteps } as Schedule;
        let last = 1;
        for (let step = warmupSteps; step < warmupSteps + totalSteps + 5; step++) {
          const rate = learningRateAt(changed, step);
          expect(rate).toBeLessThanOrEqual(last + 1e-12);
          expect(rate).toBeGreaterThanOrEqual(0.1 - 1e-12);
          last = rate;
        }
      }),
    );
  });
});
