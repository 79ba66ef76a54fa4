// The decoder against an independent PyTorch float64 implementation (golden/make_decoder_golden.py, which writes
// golden/decoder.json), and its gradients against finite differences along random directions.

import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../core/rng.ts';
import { type ModelConfig, validateModelConfig } from '../engine/checkpoint/model-config.ts';
import { parameterShapes } from '../engine/checkpoint/parameter-shapes.ts';
import type { Executor, FeedArray, Results } from '../engine/executors/executor.ts';
import { createOnnxExecutor } from '../engine/executors/onnx/onnx-executor.ts';
import { referenceExecutor } from '../engine/executors/reference/reference-executor.ts';
import { sizeOf } from '../engine/graph/value.ts';
import { headAttributes, ropeFrequencies } from './decoder.ts';
import golden from './golden/decoder.json' with { type: 'json' };
import { GRADIENT, languageModelProgram, scoreProgram } from './programs.ts';

interface GoldenCase {
  label: string;
  /** Lengths of the sequences of each row. */
  rows: number[][];
  temperature: number;
  config: ModelConfig;
  logProbs?: number[];
  entropies?: number[];
  scores?: number[];
  gradients: Record<string, number[]>;
}

const CASES = golden as unknown as GoldenCase[];

/** The hash of make_decoder_golden.py: a number in [-1, 1) named by two whole numbers. */
function noise(stream: number, i: number): number {
  const prime = 67108859;
  let h = (stream * 1000003 + i * 7919 + 17) % prime;
  for (let round = 0; round < 3; round++) h = (h * h + 12345 + i) % prime;
  return (h / prime) * 2 - 1;
}

function goldenWeights(config: ModelConfig): Record<string, Float64Array> {
  const named = [...parameterShapes(config)].map(([name, shape], stream) => {
    const norm = name.endsWith('norm.weight');
    const value = (i: number) => Math.fround(norm ? 1 + 0.3 * noise(stream, i) : 0.6 * noise(stream, i));
    return [name, Float64Array.from({ length: sizeOf(shape) }, (_, i) => value(i))] as const;
  });
  return Object.fromEntries(named);
}

interface Prepared {
  shape: { batch: number; time: number; packed: boolean };
  feeds: Record<string, FeedArray>;
  /** Flat positions of the tokens of every sequence, in order. */
  places: number[];
}

function prepare({ config, rows }: GoldenCase): Prepared {
  const time = Math.max(...rows.map((row) => row.reduce((a, b) => a + b)));
  const n = rows.length * time;
  const packed = rows.some((row) => row.length > 1);
  const places: number[] = [];
  const [positions, segments] = [new Int32Array(n), new Int32Array(n)];
  rows.forEach((row, r) => {
    let start = r * time;
    row.forEach((length, s) => {
      for (let p = 0; p < length; p++) {
        places.push(start + p);
        positions[start + p] = p;
        segments[start + p] = s + 1;
      }
      start += length;
    });
  });
  const draw = (stream: number) => {
    const token = (i: number) => Math.floor(((noise(stream, i) + 1) / 2) * config.vocabSize);
    return Int32Array.from({ length: n }, (_, i) => Math.min(config.vocabSize - 1, token(i)));
  };
  const coefficients = (stream: number) => {
    const flat = new Float64Array(n);
    for (const place of places) flat[place] = noise(stream, place);
    return flat;
  };
  const score = config.head === 'score';
  return {
    shape: { batch: rows.length, time, packed },
    places,
    feeds: {
      ...goldenWeights(config),
      tokens: draw(1000),
      positions,
      segments,
      ...(score
        ? { dScore: coefficients(1002) }
        : { targets: draw(1001), dLogProb: coefficients(1002), dEntropy: coefficients(1003) }),
    },
  };
}

async function compute(executor: Executor, test: GoldenCase, { shape, feeds }: Prepared): Promise<Results> {
  const options = { temperature: test.temperature, entropy: true, gradients: true };
  const program =
    test.config.head === 'score'
      ? scoreProgram(test.config, shape, options)
      : languageModelProgram(test.config, shape, options);
  const compiled = await executor.compile(program);
  const results = await compiled.run(feeds);
  await compiled.dispose();
  return results;
}

/** Largest error relative to the largest golden number of the tensor. */
function relativeError(got: ArrayLike<number>, want: readonly number[]): number {
  expect(got.length).toBe(want.length);
  const scale = want.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
  return want.reduce((most, x, i) => {
    const error = Math.abs((got[i] as number) - x) / scale;
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
}

function expectGolden(test: GoldenCase, { places }: Prepared, results: Results, tolerance: number): void {
  const at = (name: string) => places.map((place) => results[name]?.[place] as number);
  const errors: Record<string, number> = {};
  if (test.logProbs) errors.logProb = relativeError(at('logProb'), test.logProbs);
  if (test.entropies) errors.entropy = relativeError(at('entropy'), test.entropies);
  if (test.scores) errors.score = relativeError(at('score'), test.scores);
  for (const [name, want] of Object.entries(test.gradients)) {
    errors[name] = relativeError(results[GRADIENT + name] ?? [], want);
  }
  expect(Object.entries(errors).filter(([, error]) => !(error <= tolerance))).toEqual([]);
  if (process.env.TOUCHSTONE_SHOW_ERRORS) console.log(test.label, Math.max(...Object.values(errors)));
}

it('has golden cases that are valid models with every parameter', () => {
  for (const { config, gradients } of CASES) {
    validateModelConfig(config);
    expect(Object.keys(gradients)).toEqual([...parameterShapes(config).keys()]);
  }
});

describe('against PyTorch float64', () => {
  let onnx: Executor;
  beforeAll(async () => {
    onnx = await createOnnxExecutor({ threads: 1 });
  });

  it.each(CASES.map((test) => [test.label, test] as const))(
    'reference executor: %s',
    async (_label, test) => {
      const prepared = prepare(test);
      expectGolden(test, prepared, await compute(referenceExecutor, test, prepared), 1e-10);
    },
  );

  it.each(CASES.map((test) => [test.label, test] as const))('onnx executor: %s', async (_label, test) => {
    const prepared = prepare(test);
    expectGolden(test, prepared, await compute(onnx, test, prepared), 1e-5);
  });
});

it.each(CASES.map((test) => [test.label, test] as const))(
  'gradients are the slope along random directions: %s',
  async (_label, test) => {
    const { shape, feeds } = prepare(test);
    const { config, temperature } = test;
    const score = config.head === 'score';
    const build = (gradients: boolean) =>
      score
        ? scoreProgram(config, shape, { gradients })
        : languageModelProgram(config, shape, { temperature, entropy: true, gradients });
    const analytic = await (await referenceExecutor.compile(build(true))).run(feeds);
    const forward = await referenceExecutor.compile(build(false));
    const names = [...parameterShapes(config).keys()];
    const seeds = score
      ? [['score', 'dScore'] as const]
      : [['logProb', 'dLogProb'] as const, ['entropy', 'dEntropy'] as const];
    const loss = async (step: number, direction: Record<string, Float64Array>): Promise<number> => {
      const moved: Record<string, FeedArray> = { ...feeds };
      for (const name of names) {
        const along = direction[name] as Float64Array;
        moved[name] = (feeds[name] as Float64Array).map((x, i) => x + step * (along[i] as number));
      }
      const results = await forward.run(moved);
      let sum = 0;
      for (const [output, seed] of seeds) {
        feeds[seed]?.forEach((weight, i) => {
          if (weight !== 0) sum += weight * (results[output]?.[i] as number);
        });
      }
      return sum;
    };
    const h = 1e-5;
    for (let trial = 0; trial < 3; trial++) {
      const rng = createRng(trial, 'direction', test.label);
      const direction: Record<string, Float64Array> = {};
      let slope = 0;
      let size = 0;
      for (const name of names) {
        const gradient = analytic[GRADIENT + name] as Float64Array;
        const along = gradient.map(() => rng.normal());
        direction[name] = along;
        slope += gradient.reduce((sum, g, i) => sum + g * (along[i] as number), 0);
        size += gradient.reduce((sum, g) => sum + g * g, 0);
      }
      const numeric = ((await loss(h, direction)) - (await loss(-h, direction))) / (2 * h);
      expect(Math.abs(numeric - slope) / Math.sqrt(size)).toBeLessThan(1e-6);
    }
  },
);

describe('hand-worked positions', () => {
  const [base] = CASES as [GoldenCase];
  const withChanges = (changes: Partial<ModelConfig>): ModelConfig => ({ ...base.config, ...changes });

  it('gives half of the heads ALiBi slopes 2^(-8/n), 2^(-16/n), …', () => {
    const { slopes, windows } = headAttributes(withChanges({ position: 'alibi', heads: 8 }));
    expect(slopes).toEqual([1 / 4, 1 / 16, 1 / 64, 1 / 256, 0, 0, 0, 0]);
    expect(windows).toEqual([]);
  });

  it('gives half of the heads Hard-ALiBi windows 1, 2, … unless told otherwise', () => {
    const config = withChanges({ position: 'hard-alibi', heads: 4 });
    expect(headAttributes(config)).toMatchObject({ slopes: [], windows: [1, 2, 0, 0], scale: 0.5 });
    expect(headAttributes({ ...config, hardAlibiWindows: [3, 0, 0, 1] }).windows).toEqual([3, 0, 0, 1]);
  });

  it('has no bias with rope and nope', () => {
    for (const position of ['rope', 'nope'] as const) {
      expect(headAttributes(withChanges({ position }))).toMatchObject({ slopes: [], windows: [] });
    }
  });

  it('turns pair i by theta^(-2i/headDim), divided by a linear factor', () => {
    const config = withChanges({ headDim: 8, ropeTheta: 10000 });
    ropeFrequencies(config).forEach((f, i) => {
      expect(f).toBeCloseTo(10 ** -i, 14);
    });
    const scaled = { ...config, ropeScaling: { kind: 'linear', factor: 4 } as const };
    ropeFrequencies(scaled).forEach((f, i) => {
      expect(f).toBeCloseTo(10 ** -i / 4, 14);
    });
  });

  it('keeps fast llama3 frequencies, divides slow ones, and blends the band between', () => {
    const ropeScaling = {
      kind: 'llama3',
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 100,
    } as const;
    // Wavelengths 2 pi, 20 pi, 200 pi, 2000 pi; kept below 25, divided above 100.
    const [f0, f1, f2, f3] = ropeFrequencies(withChanges({ headDim: 8, ropeTheta: 10000, ropeScaling }));
    const smooth = (100 / (20 * Math.PI) - 1) / 3;
    expect(f0).toBe(1);
    expect(f1).toBeCloseTo(0.1 * (smooth + (1 - smooth) / 8), 14);
    expect(f2).toBeCloseTo(0.01 / 8, 14);
    expect(f3).toBeCloseTo(0.001 / 8, 14);
  });
});
