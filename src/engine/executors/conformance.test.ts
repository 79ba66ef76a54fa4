// The suite every executor has to pass: each operation's forward result against the float64 reference, and each
// gradient rule against central finite differences in float64 and against the reference.

import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../core/rng.ts';
import { differentiate } from '../graph/differentiate.ts';
import { GraphBuilder } from '../graph/program.ts';
import { type Shape, sizeOf, type Value } from '../graph/value.ts';
import { type AttributesOf, OPERATIONS, type OperationName } from '../operations/table.ts';
import type { Executor, FeedArray } from './executor.ts';
import { createOnnxExecutor } from './onnx/onnx-executor.ts';
import { referenceExecutor } from './reference/reference-executor.ts';

interface InputCase {
  shape: Shape;
  /** Largest integer of an int input, or explicit values. */
  ints?: number | readonly number[];
}

interface Case<K extends OperationName = OperationName> {
  label: string;
  operation: K;
  inputs: InputCase[];
  attributes: AttributesOf<K>;
}

function define<K extends OperationName>(
  label: string,
  operation: K,
  inputs: InputCase[],
  attributes: AttributesOf<K>,
): Case {
  return { label, operation, inputs, attributes } as unknown as Case;
}

const f = (...shape: number[]): InputCase => ({ shape });
const frequencies = [1, 0.3, 0.1, 0.01];
const ropeBase = { headDim: 8, frequencies, maxPositions: 16 };
const heads = { heads: 4, kvHeads: 2, headDim: 8, scale: 0.35, slopes: [], windows: [] };
const block = { ...heads, batch: 2, time: 5 };
const qkv = [f(10, 32), f(10, 16), f(10, 16)];
const alibi = { slopes: [0.5, 0.25, 0, 0], windows: [] };
const windows = { slopes: [], windows: [1, 2, 0, 0] };
const segments: InputCase = { shape: [10], ints: [1, 1, 2, 2, 2, 1, 2, 2, 0, 0] };
const decode = { ...heads, slots: 3, capacity: 4 };
const cache = [f(3, 2, 4, 8), f(3, 2, 4, 8), { shape: [3], ints: [0, 4, 2] }];

const CASES: Case[] = [
  define('add', 'add', [f(3, 4), f(3, 4)], {}),
  define('reshape', 'reshape', [f(3, 4)], { shape: [2, 6] }),
  define('gather with repeats', 'gather', [f(5, 3), { shape: [4], ints: [0, 4, 4, 2] }], {}),
  define('scatterAdd small', 'scatterAdd', [{ shape: [4], ints: [0, 4, 4, 2] }, f(4, 3)], { rows: 5 }),
  define('scatterAdd large', 'scatterAdd', [{ shape: [6], ints: [0, 599, 4, 4, 4, 2] }, f(6, 3)], {
    rows: 600,
  }),
  define('linear', 'linear', [f(3, 4), f(5, 4)], {}),
  define('linear with bias', 'linear', [f(3, 4), f(5, 4), f(5)], {}),
  define('linearInputGradient', 'linearInputGradient', [f(3, 5), f(5, 4)], {}),
  define('linearWeightGradient', 'linearWeightGradient', [f(3, 5), f(3, 4)], {}),
  define('columnSum', 'columnSum', [f(3, 5)], {}),
  define('rmsNorm', 'rmsNorm', [f(3, 8), f(8)], { epsilon: 1e-6 }),
  define('rmsNorm with a large epsilon', 'rmsNorm', [f(3, 8), f(8)], { epsilon: 0.5 }),
  define('rmsNormGradient', 'rmsNormGradient', [f(3, 8), f(8), f(3, 8)], { epsilon: 1e-5 }),
  define('rope', 'rope', [f(3, 16), { shape: [3], ints: [0, 7, 15] }], { ...ropeBase, inverse: false }),
  define('rope inverse', 'rope', [f(3, 16), { shape: [3], ints: [3, 7, 1] }], { ...ropeBase, inverse: true }),
  define('rope with more rows than positions', 'rope', [f(20, 16), { shape: [20], ints: 15 }], {
    ...ropeBase,
    inverse: false,
  }),
  define('rope with more rows than positions', 'rope', [f(9, 16), { shape: [9], ints: 3 }], {
    ...ropeBase,
    maxPositions: 4,
    inverse: false,
  }),
  define('swiglu', 'swiglu', [f(3, 8), f(3, 8)], {}),
  define('swigluGradient', 'swigluGradient', [f(3, 8), f(3, 8), f(3, 8)], {}),
  define('attention', 'attention', qkv, block),
  define('attention, one head', 'attention', [f(10, 8), f(10, 8), f(10, 8)], {
    ...block,
    heads: 1,
    kvHeads: 1,
  }),
  define('attention with ALiBi', 'attention', qkv, { ...block, ...alibi }),
  define('attention with windows', 'attention', qkv, { ...block, ...windows }),
  define('attention, packed', 'attention', [...qkv, segments], block),
  define('attention, packed with windows', 'attention', [...qkv, segments], { ...block, ...windows }),
  define('decodeAttention', 'decodeAttention', [f(3, 32), f(3, 16), f(3, 16), ...cache], decode),
  define('decodeAttention with ALiBi', 'decodeAttention', [f(3, 32), f(3, 16), f(3, 16), ...cache], {
    ...decode,
    ...alibi,
  }),
  define('decodeAttention with windows', 'decodeAttention', [f(3, 32), f(3, 16), f(3, 16), ...cache], {
    ...decode,
    ...windows,
  }),
  define('tokenLogProb', 'tokenLogProb', [f(4, 7), { shape: [4], ints: 6 }], { temperature: 1 }),
  define('tokenLogProb at temperature 0.7', 'tokenLogProb', [f(4, 7), { shape: [4], ints: 6 }], {
    temperature: 0.7,
  }),
];

/** Exercised only through the operation whose gradient they are. */
const THROUGH_GRADIENT: OperationName[] = ['attentionGradient', 'tokenLogProbGradient'];

interface Built {
  graph: GraphBuilder;
  feeds: Record<string, FeedArray>;
  inputs: Value[];
  outputs: Value[];
}

function buildCase(test: Case, seed: number): Built {
  const rng = createRng(seed, test.label);
  const graph = new GraphBuilder();
  const feeds: Record<string, FeedArray> = {};
  const inputs = test.inputs.map((input, i) => {
    const name = `x${i}`;
    const size = sizeOf(input.shape);
    if (input.ints !== undefined) {
      const { ints } = input;
      feeds[name] = Int32Array.from({ length: size }, (_, j) =>
        typeof ints === 'number' ? rng.int(0, ints) : (ints[j] as number),
      );
      return graph.input(name, input.shape, 'int');
    }
    feeds[name] = Float64Array.from({ length: size }, () => rng.normal());
    return graph.input(name, input.shape);
  });
  const outputs = graph.apply(test.operation, inputs, test.attributes);
  return { graph, feeds, inputs, outputs };
}

/** Adds seeds w_i for every output and the gradients of sum <w_i, output_i> for every float input. */
function addGradients(built: Built, seed: number): string[] {
  const rng = createRng(seed, 'seeds');
  const seeds = built.outputs.map((value, i) => {
    const name = `seed${i}`;
    built.feeds[name] = Float64Array.from({ length: sizeOf(value.shape) }, () => rng.normal());
    return [value, built.graph.input(name, value.shape)] as const;
  });
  const wanted = built.inputs.filter((value) => value.dtype === 'float');
  const gradients = differentiate(built.graph, seeds, wanted);
  gradients.forEach((gradient, i) => {
    built.graph.output(`d_${wanted[i]?.name}`, gradient);
  });
  return wanted.map((value) => value.name);
}

async function runOn(executor: Executor, built: Built): Promise<Record<string, ArrayLike<number>>> {
  const compiled = await executor.compile(built.graph.build());
  const results = await compiled.run(built.feeds);
  await compiled.dispose();
  return results;
}

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number, what: string): void {
  expect(got.length, what).toBe(want.length);
  let scale = 1e-3;
  for (let i = 0; i < want.length; i++) scale = Math.max(scale, Math.abs(want[i] as number));
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs((got[i] as number) - (want[i] as number)) / scale;
    if (!(error <= tolerance)) expect.fail(`${what}[${i}]: got ${got[i]}, want ${want[i]}`);
  }
}

const differentiable = CASES.filter((test) => OPERATIONS[test.operation].gradient !== undefined);

it('covers the whole table', () => {
  const covered = new Set<string>([...CASES.map((test) => test.operation), ...THROUGH_GRADIENT]);
  expect(Object.keys(OPERATIONS).filter((name) => !covered.has(name))).toEqual([]);
});

describe('gradient rules against central finite differences in float64', () => {
  it.each(differentiable.map((test) => [test.label, test] as const))('%s', async (_label, test) => {
    const built = buildCase(test, 1);
    built.outputs.forEach((value, i) => {
      built.graph.output(`y${i}`, value);
    });
    const names = addGradients(built, 1);
    const analytic = await runOn(referenceExecutor, built);
    const compiled = await referenceExecutor.compile(built.graph.build());
    const loss = async (): Promise<number> => {
      const out = await compiled.run(built.feeds);
      let sum = 0;
      built.outputs.forEach((_value, i) => {
        const seed = built.feeds[`seed${i}`] as Float64Array;
        out[`y${i}`]?.forEach((y, j) => {
          sum += y * (seed[j] as number);
        });
      });
      return sum;
    };
    const h = 1e-5;
    for (const name of names) {
      const x = built.feeds[name] as Float64Array;
      const numeric = new Float64Array(x.length);
      for (let i = 0; i < x.length; i++) {
        const held = x[i] as number;
        x[i] = held + h;
        const up = await loss();
        x[i] = held - h;
        const down = await loss();
        x[i] = held;
        numeric[i] = (up - down) / (2 * h);
      }
      expectClose(analytic[`d_${name}`] as ArrayLike<number>, numeric, 1e-7, `d_${name}`);
    }
  });
});

const executors: [string, () => Promise<Executor>, number][] = [
  ['onnx', () => createOnnxExecutor({ threads: 1 }), 2e-5],
];

describe.each(executors)('%s against reference', (_name, create, tolerance) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await create();
  });

  it.each(CASES.map((test) => [test.label, test] as const))('forward: %s', async (_label, test) => {
    const built = buildCase(test, 2);
    built.outputs.forEach((value, i) => {
      built.graph.output(`y${i}`, value);
    });
    const [got, want] = [await runOn(executor, built), await runOn(referenceExecutor, built)];
    for (const name of Object.keys(want)) {
      expectClose(got[name] as ArrayLike<number>, want[name] as ArrayLike<number>, tolerance, name);
    }
  });

  it.each(differentiable.map((test) => [test.label, test] as const))('gradient: %s', async (_label, test) => {
    const built = buildCase(test, 3);
    addGradients(built, 3);
    const [got, want] = [await runOn(executor, built), await runOn(referenceExecutor, built)];
    for (const name of Object.keys(want)) {
      expectClose(got[name] as ArrayLike<number>, want[name] as ArrayLike<number>, tolerance, name);
    }
  });
});
