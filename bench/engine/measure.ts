// One measurement in a process of its own, so that peak memory belongs to it alone. Started by run.ts with the kind
// of measurement, the name of a size and the number of repeats; prints one line of JSON.

import { readFileSync } from 'node:fs';
import { createRng } from '../../src/core/rng.ts';
import type { Sequence } from '../../src/engine/batch.ts';
import { DEFAULT_BATCH_OPTIONS } from '../../src/engine/batch.ts';
import { Emitter } from '../../src/engine/executors/onnx/emitter.ts';
import { createOnnxExecutor } from '../../src/engine/executors/onnx/onnx-executor.ts';
import { encodeModel, type OnnxValue } from '../../src/engine/executors/onnx/protobuf.ts';
import { DEFAULT_OPTIMISER } from '../../src/engine/optimiser.ts';
import { initialWeights } from '../../src/models/initialise.ts';
import { DecoderModel } from '../../src/models/model.ts';
import { ProgramCache } from '../../src/models/program-cache.ts';
import { languageModelProgram } from '../../src/models/programs.ts';
import { generate } from '../../src/models/sampler.ts';
import { configOf, linearShapes, SIZES, type Size, VOCABULARY } from './sizes.ts';

const THREADS = Number(process.env.BENCH_THREADS ?? '2');
const SEQUENCES = 256;
const PROMPT = 8;
const NEW_TOKENS = 128;

const seconds = (): number => performance.now() / 1000;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** Peak resident memory in MB: the kernel's own high-water mark where there is one. */
function peakMegabytes(): number {
  try {
    const line = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/);
    return Number(line?.[1]) / 1e3;
  } catch {
    return process.resourceUsage().maxRSS / 1e3;
  }
}

async function buildModel(size: Size): Promise<DecoderModel> {
  const config = configOf(size);
  const targetTokens = Number(process.env.BENCH_TARGET_TOKENS ?? DEFAULT_BATCH_OPTIONS.targetTokens);
  const executor = await createOnnxExecutor({ threads: THREADS });
  const weights = initialWeights(config, createRng('bench'));
  return new DecoderModel(config, weights, new ProgramCache(executor), { targetTokens, maxTokens: 2 ** 20 });
}

/** Times of whole optimiser steps: gradients of the mean log-probability of random tokens, then AdamW. */
async function train(size: Size, repeats: number): Promise<object> {
  const model = await buildModel(size);
  const rng = createRng('tokens');
  const sequences: Sequence[] = Array.from({ length: size.batch }, () => ({
    tokens: Int32Array.from({ length: size.time }, () => rng.int(0, VOCABULARY - 1)),
    promptLength: 1,
  }));
  const weight = 1 / (size.batch * (size.time - 1));
  const coefficients = sequences.map(() => new Float32Array(size.time - 1).fill(weight));
  const times: number[] = [];
  const optimiser: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const start = seconds();
    await model.accumulate(sequences, coefficients);
    const computed = seconds();
    model.step(1e-3, DEFAULT_OPTIMISER);
    if (i > 0) {
      times.push(seconds() - start);
      optimiser.push(seconds() - computed);
    }
  }
  return { seconds: median(times), best: Math.min(...times), optimiserSeconds: median(optimiser) };
}

/** Building the training program and its session, cold. */
async function build(size: Size): Promise<object> {
  const executor = await createOnnxExecutor({ threads: THREADS });
  const batch = Math.min(size.batch, DEFAULT_BATCH_OPTIONS.targetTokens / size.time);
  const start = seconds();
  const program = languageModelProgram(
    configOf(size),
    { batch, time: size.time, packed: false },
    { temperature: 1, entropy: false, gradients: true },
  );
  const built = seconds();
  await executor.compile(program);
  return { programSeconds: built - start, sessionSeconds: seconds() - built, nodes: program.nodes.length };
}

/** Whole calls of `generate`; the first, which compiles the programs, is not counted. */
async function sample(size: Size, repeats: number): Promise<object> {
  const model = await buildModel(size);
  const rng = createRng('prompts');
  const requests = Array.from({ length: SEQUENCES }, (_, i) => ({
    prompt: Int32Array.from({ length: PROMPT }, () => rng.int(0, VOCABULARY - 1)),
    streams: [['bench', i]],
  }));
  const options = { maxNewTokens: NEW_TOKENS, stopTokens: [], slots: SEQUENCES };
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const start = seconds();
    await generate(model, requests, options);
    if (i > 0) times.push(seconds() - start);
  }
  return { seconds: median(times), best: Math.min(...times), tokens: SEQUENCES * NEW_TOKENS };
}

/** GFLOP/s of ONNX Runtime on one float32 MatMul, several in a graph that returns a single element of each. */
async function productRate(n: number, k: number, m: number, repeats: number): Promise<number> {
  const runtime = await import('onnxruntime-node');
  const emitter = new Emitter();
  const copies = Math.max(1, Math.min(8, Math.round(2e10 / (2 * n * k * m))));
  const inputs: OnnxValue[] = [];
  const feeds: Record<string, InstanceType<typeof runtime.Tensor>> = {};
  const input = (name: string, shape: number[]): string => {
    const data = new Float32Array((shape[0] as number) * (shape[1] as number));
    for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 1009) / 1009 - 0.5;
    inputs.push({ name, type: 'float', shape });
    feeds[name] = new runtime.Tensor('float32', data, shape);
    return name;
  };
  const x = input('x', [n, k]);
  const corners = Array.from({ length: copies }, (_, c) => {
    const product = emitter.node('MatMul', [x, input(`w${c}`, [k, m])]);
    return emitter.node('Slice', [product, emitter.ints([0, 0]), emitter.ints([1, 1]), emitter.ints([0, 1])]);
  });
  emitter.node('Concat', corners, { axis: 0 }, 'y');
  const model = encodeModel({
    nodes: emitter.nodes,
    initialisers: emitter.initialisers,
    inputs,
    outputs: [{ name: 'y', type: 'float', shape: [copies, 1] }],
  });
  const session = await runtime.InferenceSession.create(model, {
    intraOpNumThreads: THREADS,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const start = seconds();
    await session.run(feeds);
    if (i > 0) times.push(seconds() - start);
  }
  await session.release();
  return (2 * n * k * m * copies) / median(times) / 1e9;
}

/** The large square product, and the size's own linear layers weighted by their work. */
async function products(size: Size, repeats: number): Promise<object> {
  const square = await productRate(2048, 2048, 2048, repeats);
  const rows = Math.min(size.batch * size.time, DEFAULT_BATCH_OPTIONS.targetTokens);
  let work = 0;
  let time = 0;
  for (const { n, k, m, count } of linearShapes(size, rows)) {
    const flops = 2 * n * k * m * count;
    work += flops;
    time += flops / (await productRate(n, k, m, repeats));
  }
  return { square, ownShapes: work / time };
}

const KINDS: Record<string, (size: Size, repeats: number) => Promise<object>> = {
  train,
  build,
  sample,
  products,
};

const [kind = '', name, repeats = '3'] = process.argv.slice(2);
const size = SIZES.find((candidate) => candidate.name === name);
const measure = KINDS[kind];
if (size === undefined || measure === undefined) throw new Error(`unknown measurement: ${kind} ${name}`);
const result = await measure(size, Number(repeats));
process.stdout.write(`${JSON.stringify({ ...result, peakMegabytes: peakMegabytes() })}\n`);
