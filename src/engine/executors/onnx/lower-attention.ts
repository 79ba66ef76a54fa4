// Attention in ONNX. Grouped queries are viewed as [batch, kvHeads, group*time, headDim] so that keys and values
// are never repeated; causality, ALiBi slopes, windows and packing become one additive bias shared by all layers;
// the probabilities are shared between the forward pass and its gradient.

import {
  type AttentionAttributes,
  type DecodeAttributes,
  distanceBias,
  type HeadAttributes,
} from '../../operations/attention.ts';
import type { Emitter } from './emitter.ts';

/** Stands for minus infinity: exp(MASKED) is 0 in float32, and sums of two of them stay finite. */
const MASKED = -1e9;

/** Query blocks of causal attention: at most this many, of at least this many rows. */
const MOST_BLOCKS = 4;
const SMALLEST_BLOCK = 64;

type Lower<A> = (e: Emitter, inputs: readonly string[], outputs: readonly string[], attributes: A) => void;

export const lowerAttention: Lower<AttentionAttributes> = (e, [q, k, v, segments], [o], a) => {
  const key = splitKeys(e, k as string, a);
  const value = splitKeys(e, v as string, a);
  const parts = splitQueries(e, q as string, a).map((query, block) => {
    const p = attentionProbabilities(e, query, key, a, block, segments);
    return e.node('MatMul', [p, keysBefore(e, value, a, block)]);
  });
  mergeQueries(e, parts, a, o as string);
};

export const lowerAttentionGradient: Lower<AttentionAttributes> = (
  e,
  [q, k, v, o, dO, segments],
  [dq, dk, dv],
  a,
) => {
  const key = splitKeys(e, k as string, a);
  const value = splitKeys(e, v as string, a);
  const out = splitQueries(e, o as string, a);
  const dOut = splitQueries(e, dO as string, a);
  const alpha = { float: a.scale };
  const parts = splitQueries(e, q as string, a).map((query, block) => {
    const [o, dO] = [out[block] as string, dOut[block] as string];
    const p = attentionProbabilities(e, query, key, a, block, segments);
    const d = e.node('ReduceSum', [e.node('Mul', [dO, o]), e.ints([3])], { keepdims: 1 });
    const dP = e.contributed('FusedMatMul', [dO, keysBefore(e, value, a, block)], { transB: 1 });
    const dS = e.node('Mul', [p, e.node('Sub', [dP, d])]);
    return {
      dq: e.contributed('FusedMatMul', [dS, keysBefore(e, key, a, block)], { alpha }),
      dk: e.contributed('FusedMatMul', [dS, query], { alpha, transA: 1 }),
      dv: e.contributed('FusedMatMul', [p, dO], { transA: 1 }),
    };
  });
  const pick = (which: 'dq' | 'dk' | 'dv') => parts.map((part) => part[which]);
  mergeQueries(e, pick('dq'), a, dq as string);
  mergeKeys(e, sumOfPrefixes(e, pick('dk'), a), a, dk as string);
  mergeKeys(e, sumOfPrefixes(e, pick('dv'), a), a, dv as string);
};

export const lowerDecodeAttention: Lower<DecodeAttributes> = (e, inputs, [o], a) => {
  const [q, k, v, kCache, vCache, lengths] = inputs as [string, string, string, string, string, string];
  const group = a.heads / a.kvHeads;
  // One product per query head with a single row and no factor: only those run as matrix-vector products, which
  // read the cache as it lies instead of packing it first.
  const scaled = e.node('Mul', [q, e.scalar(a.scale)]);
  const query = e.reshape(scaled, [a.slots, a.kvHeads, group, 1, a.headDim]);
  const rows = (x: string, length: number) => e.reshape(x, [a.slots, a.kvHeads, 1, length, a.headDim]);
  const past = e.contributed('FusedMatMul', [query, rows(kCache, a.capacity)], { transB: 1 });
  const biased = e.node('Add', [past, decodeBias(e, a, lengths)]);
  const self = e.contributed('FusedMatMul', [query, rows(k, 1)], { transB: 1 });
  const p = e.node('Softmax', [e.node('Concat', [biased, self], { axis: 4 })], { axis: -1 });
  const [pPast, pSelf] = [e.fresh(), e.fresh()];
  e.nodeOf('Split', [p, e.ints([a.capacity, 1])], { axis: 4 }, [pPast, pSelf]);
  const attended = e.node('MatMul', [pPast, rows(vCache, a.capacity)]);
  const sum = e.node('Add', [attended, e.node('Mul', [pSelf, rows(v, 1)])]);
  e.reshape(sum, [a.slots, a.heads * a.headDim], o as string);
};

/** Blocks of queries; a block sees only the keys up to its own end, which saves up to half of the work. */
function blockCount(time: number): number {
  for (let blocks = MOST_BLOCKS; blocks > 1; blocks--) {
    if (time % blocks === 0 && time / blocks >= SMALLEST_BLOCK) return blocks;
  }
  return 1;
}

/** softmax(scale QK^T + bias) of one block of queries, made once per pair of queries and keys. */
function attentionProbabilities(
  e: Emitter,
  query: string,
  key: string,
  a: AttentionAttributes,
  block: number,
  segments: string | undefined,
): string {
  return e.once(`probabilities|${query}|${key}`, () => {
    const seen = keysBefore(e, key, a, block);
    const scores = e.contributed('FusedMatMul', [query, seen], { alpha: { float: a.scale }, transB: 1 });
    return e.node('Softmax', [e.node('Add', [scores, attentionBias(e, a, block, segments)])], { axis: -1 });
  });
}

/** [batch*time, heads*headDim] → per block [batch, kvHeads, group*time/blocks, headDim]; made once per tensor. */
function splitQueries(e: Emitter, x: string, a: AttentionAttributes): readonly string[] {
  return e.once<readonly string[]>(`queries|${x}`, () => {
    const blocks = blockCount(a.time);
    const rows = a.time / blocks;
    const heads = e.reshape(x, [a.batch, blocks, rows, a.heads, a.headDim]);
    const transposed = e.node('Transpose', [heads], { perm: [1, 0, 3, 2, 4] });
    const shape = [a.batch, a.kvHeads, (a.heads / a.kvHeads) * rows, a.headDim];
    return e.split(transposed, new Array<number>(blocks).fill(1), 0).map((part) => e.reshape(part, shape));
  });
}

function splitKeys(e: Emitter, x: string, a: AttentionAttributes): string {
  return e.once(`keys|${x}`, () => {
    const heads = e.reshape(x, [a.batch, a.time, a.kvHeads, a.headDim]);
    return e.node('Transpose', [heads], { perm: [0, 2, 1, 3] });
  });
}

/** The keys or values [batch, kvHeads, time, headDim] up to the end of a block. */
function keysBefore(e: Emitter, x: string, a: AttentionAttributes, block: number): string {
  const end = ((block + 1) * a.time) / blockCount(a.time);
  if (end === a.time) return x;
  return e.once(`before|${x}|${end}`, () => e.node('Slice', [x, e.ints([0]), e.ints([end]), e.ints([2])]));
}

/** Adds tensors [batch, kvHeads, k*time/blocks, headDim], k = 1 … blocks, each over its own length. */
function sumOfPrefixes(e: Emitter, parts: readonly string[], a: AttentionAttributes): string {
  const rows = a.time / parts.length;
  const pieces = parts.map((part, i) => e.split(part, new Array<number>(i + 1).fill(rows), 2));
  const sums = parts.map((_, column) =>
    pieces.slice(column).reduce<string | undefined>((sum, piece) => {
      const own = piece[column] as string;
      return sum === undefined ? own : e.node('Add', [sum, own]);
    }, undefined),
  );
  return e.concat(sums as string[], 2);
}

function mergeQueries(e: Emitter, parts: readonly string[], a: AttentionAttributes, output: string): void {
  const blocks = parts.length;
  const shape = [1, a.batch, a.heads, a.time / blocks, a.headDim];
  const whole = e.concat(
    parts.map((part) => e.reshape(part, shape)),
    0,
  );
  const transposed = e.node('Transpose', [whole], { perm: [1, 0, 3, 2, 4] });
  e.reshape(transposed, [a.batch * a.time, a.heads * a.headDim], output);
}

function mergeKeys(e: Emitter, x: string, a: AttentionAttributes, output: string): void {
  const transposed = e.node('Transpose', [x], { perm: [0, 2, 1, 3] });
  e.reshape(transposed, [a.batch * a.time, a.kvHeads * a.headDim], output);
}

/** Additive bias [1 or batch, 1 or kvHeads, group*rows, columns] of one block of queries. */
function attentionBias(
  e: Emitter,
  a: AttentionAttributes,
  block: number,
  segments: string | undefined,
): string {
  const rows = a.time / blockCount(a.time);
  const from = block * rows;
  const columns = from + rows;
  const group = a.heads / a.kvHeads;
  const key = JSON.stringify([a.time, block, a.heads, a.kvHeads, a.slopes, a.windows]);
  const shared = e.once(`bias|${key}`, () => {
    const perHead = a.slopes.length > 0 || a.windows.length > 0;
    const heads = perHead ? a.heads : group;
    const bias = new Float32Array(heads * rows * columns);
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          bias[(head * rows + i) * columns + j] = Math.max(MASKED, distanceBias(a, head, from + i - j));
        }
      }
    }
    return e.floats(bias, [1, perHead ? a.kvHeads : 1, group * rows, columns]);
  });
  if (segments === undefined) return shared;
  return e.once(`bias|${shared}|${segments}`, () => {
    const table = e.reshape(segments, [a.batch, a.time]);
    const slice = (start: number, end: number) =>
      e.node('Slice', [table, e.ints([start]), e.ints([end]), e.ints([1])]);
    const same = e.node('Equal', [
      e.reshape(slice(from, columns), [a.batch, 1, rows, 1]),
      e.reshape(slice(0, columns), [a.batch, 1, 1, columns]),
    ]);
    const mask = e.node('Where', [same, e.scalar(0), e.scalar(MASKED)]);
    const repeated = group === 1 ? mask : e.node('Concat', new Array<string>(group).fill(mask), { axis: 2 });
    return e.node('Add', [shared, repeated]);
  });
}

/** Bias [slots, kvHeads, group, 1, capacity] of the cached positions, from the number of valid ones. */
function decodeBias(e: Emitter, a: DecodeAttributes, lengths: string): string {
  return e.once(`decode bias|${lengths}|${headKey(a)}`, () => {
    const group = a.heads / a.kvHeads;
    const length = e.reshape(e.node('Cast', [lengths], { to: 1 }), [a.slots, 1, 1, 1, 1]);
    const index = e.floats(
      Float32Array.from({ length: a.capacity }, (_, j) => j),
      [1, 1, 1, 1, a.capacity],
    );
    const distance = e.node('Sub', [length, index]);
    const perHead = (values: readonly number[]) => e.floats(values, [1, a.kvHeads, group, 1, 1]);
    let allowed = e.node('Greater', [distance, e.scalar(0)]);
    if (a.windows.length > 0) {
      const limit = perHead(a.windows.map((window) => (window === 0 ? 1e9 : window)));
      allowed = e.node('And', [allowed, e.node('LessOrEqual', [distance, limit])]);
    }
    const mask = e.node('Where', [allowed, e.scalar(0), e.scalar(MASKED)]);
    if (a.slopes.length === 0) return mask;
    return e.node('Sub', [mask, e.node('Mul', [distance, perHead(a.slopes)])]);
  });
}

function headKey(a: HeadAttributes): string {
  return JSON.stringify([a.heads, a.kvHeads, a.slopes, a.windows]);
}
