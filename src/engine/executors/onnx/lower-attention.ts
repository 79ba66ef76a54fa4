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

type Lower<A> = (e: Emitter, inputs: readonly string[], outputs: readonly string[], attributes: A) => void;

export const lowerAttention: Lower<AttentionAttributes> = (e, [q, k, v, segments], [o], a) => {
  const query = splitQueries(e, q as string, a);
  const key = splitKeys(e, k as string, a);
  const value = splitKeys(e, v as string, a);
  const p = attentionProbabilities(e, query, key, a, segments);
  mergeQueries(e, e.node('MatMul', [p, value]), a, o as string);
};

export const lowerAttentionGradient: Lower<AttentionAttributes> = (
  e,
  [q, k, v, o, dO, segments],
  [dq, dk, dv],
  a,
) => {
  const query = splitQueries(e, q as string, a);
  const key = splitKeys(e, k as string, a);
  const value = splitKeys(e, v as string, a);
  const out = splitQueries(e, o as string, a);
  const dOut = splitQueries(e, dO as string, a);
  const p = attentionProbabilities(e, query, key, a, segments);
  const d = e.node('ReduceSum', [e.node('Mul', [dOut, out]), e.ints([3])], { keepdims: 1 });
  const dP = e.contributed('FusedMatMul', [dOut, value], { transB: 1 });
  const dS = e.node('Mul', [p, e.node('Sub', [dP, d])]);
  const alpha = { float: a.scale };
  mergeQueries(e, e.contributed('FusedMatMul', [dS, key], { alpha }), a, dq as string);
  mergeKeys(e, e.contributed('FusedMatMul', [dS, query], { alpha, transA: 1 }), a, dk as string);
  mergeKeys(e, e.contributed('FusedMatMul', [p, dOut], { transA: 1 }), a, dv as string);
};

export const lowerDecodeAttention: Lower<DecodeAttributes> = (e, inputs, [o], a) => {
  const [q, k, v, kCache, vCache, lengths] = inputs as [string, string, string, string, string, string];
  const group = a.heads / a.kvHeads;
  const query = e.reshape(q, [a.slots, a.kvHeads, group, a.headDim]);
  const key = e.reshape(k, [a.slots, a.kvHeads, 1, a.headDim]);
  const value = e.reshape(v, [a.slots, a.kvHeads, 1, a.headDim]);
  const alpha = { float: a.scale };
  const past = e.contributed('FusedMatMul', [query, kCache], { alpha, transB: 1 });
  const biased = e.node('Add', [past, decodeBias(e, a, lengths)]);
  const self = e.contributed('FusedMatMul', [query, key], { alpha, transB: 1 });
  const p = e.node('Softmax', [e.node('Concat', [biased, self], { axis: 3 })], { axis: -1 });
  const [pPast, pSelf] = [e.fresh(), e.fresh()];
  e.nodeOf('Split', [p, e.ints([a.capacity, 1])], { axis: 3 }, [pPast, pSelf]);
  const sum = e.node('Add', [e.node('MatMul', [pPast, vCache]), e.node('Mul', [pSelf, value])]);
  e.reshape(sum, [a.slots, a.heads * a.headDim], o as string);
};

/** softmax(scale QK^T + bias), made once per pair of queries and keys. */
function attentionProbabilities(
  e: Emitter,
  query: string,
  key: string,
  a: AttentionAttributes,
  segments: string | undefined,
): string {
  return e.once(`probabilities|${query}|${key}`, () => {
    const scores = e.contributed('FusedMatMul', [query, key], { alpha: { float: a.scale }, transB: 1 });
    return e.node('Softmax', [e.node('Add', [scores, attentionBias(e, a, segments)])], { axis: -1 });
  });
}

/** [batch*time, heads*headDim] → [batch, kvHeads, group*time, headDim]; made once per tensor. */
function splitQueries(e: Emitter, x: string, a: AttentionAttributes): string {
  return e.once(`queries|${x}`, () => {
    const heads = e.reshape(x, [a.batch, a.time, a.heads, a.headDim]);
    const transposed = e.node('Transpose', [heads], { perm: [0, 2, 1, 3] });
    return e.reshape(transposed, [a.batch, a.kvHeads, (a.heads / a.kvHeads) * a.time, a.headDim]);
  });
}

function splitKeys(e: Emitter, x: string, a: AttentionAttributes): string {
  return e.once(`keys|${x}`, () => {
    const heads = e.reshape(x, [a.batch, a.time, a.kvHeads, a.headDim]);
    return e.node('Transpose', [heads], { perm: [0, 2, 1, 3] });
  });
}

function mergeQueries(e: Emitter, x: string, a: AttentionAttributes, output: string): void {
  const heads = e.reshape(x, [a.batch, a.heads, a.time, a.headDim]);
  const transposed = e.node('Transpose', [heads], { perm: [0, 2, 1, 3] });
  e.reshape(transposed, [a.batch * a.time, a.heads * a.headDim], output);
}

function mergeKeys(e: Emitter, x: string, a: AttentionAttributes, output: string): void {
  const transposed = e.node('Transpose', [x], { perm: [0, 2, 1, 3] });
  e.reshape(transposed, [a.batch * a.time, a.kvHeads * a.headDim], output);
}

/** Additive bias [1 or batch, 1 or kvHeads, group*time, time]. */
function attentionBias(e: Emitter, a: AttentionAttributes, segments: string | undefined): string {
  const shared = e.once(`bias|${JSON.stringify([a.time, a.heads, a.kvHeads, a.slopes, a.windows])}`, () => {
    const perHead = a.slopes.length > 0 || a.windows.length > 0;
    const heads = perHead ? a.heads : a.heads / a.kvHeads;
    const bias = new Float32Array(heads * a.time * a.time);
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < a.time; i++) {
        for (let j = 0; j < a.time; j++) {
          bias[(head * a.time + i) * a.time + j] = Math.max(MASKED, distanceBias(a, head, i - j));
        }
      }
    }
    return e.floats(bias, [1, perHead ? a.kvHeads : 1, (a.heads / a.kvHeads) * a.time, a.time]);
  });
  if (segments === undefined) return shared;
  return e.once(`bias|${shared}|${segments}`, () => {
    const rows = e.reshape(segments, [a.batch, 1, a.time, 1]);
    const columns = e.reshape(segments, [a.batch, 1, 1, a.time]);
    const same = e.node('Equal', [rows, columns]);
    const mask = e.node('Where', [same, e.scalar(0), e.scalar(MASKED)]);
    const group = a.heads / a.kvHeads;
    const repeated = group === 1 ? mask : e.node('Concat', new Array<string>(group).fill(mask), { axis: 2 });
    return e.node('Add', [shared, repeated]);
  });
}

/** Bias [slots, kvHeads, group, capacity] of the cached positions, from the number of valid ones. */
function decodeBias(e: Emitter, a: DecodeAttributes, lengths: string): string {
  return e.once(`decode bias|${lengths}|${headKey(a)}`, () => {
    const group = a.heads / a.kvHeads;
    const length = e.reshape(e.node('Cast', [lengths], { to: 1 }), [a.slots, 1, 1, 1]);
    const index = e.floats(
      Float32Array.from({ length: a.capacity }, (_, j) => j),
      [1, 1, 1, a.capacity],
    );
    const distance = e.node('Sub', [length, index]);
    const perHead = (values: readonly number[]) => e.floats(values, [1, a.kvHeads, group, 1]);
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
