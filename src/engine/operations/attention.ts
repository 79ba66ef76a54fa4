// Causal grouped-query attention on batches of `batch` rows of `time` positions.
//   q [batch*time, heads*headDim], k and v [batch*time, kvHeads*headDim]; query head h reads key head
//   floor(h / (heads/kvHeads)).
//   score(h, i, j) = scale <q_i, k_j> - slopes[h] (i - j), allowed for j <= i, i - j <= windows[h] (0 = any
//   distance) and, when `segments` [batch*time] is given, segments equal (packed sequences).
// slopes give ALiBi (Press et al. 2022), windows give Hard-ALiBi (Jelassi et al. 2024); both zero is plain.
// Gradient:  D_i = <dO_i, O_i>,  dV = P^T dO,  dS = P (dO V^T - D),  dQ = scale dS K,  dK = scale dS^T Q.
// decodeAttention is the same for one new position per slot against a cache kept outside the program.

import type { Value } from '../graph/value.ts';
import { expectShape, float, type Operation, type ReferenceTensor } from './operation.ts';

export interface HeadAttributes {
  heads: number;
  kvHeads: number;
  headDim: number;
  scale: number;
  /** ALiBi slope per head; empty = none. */
  slopes: readonly number[];
  /** Largest distance a head may look back; 0 = unlimited; empty = all unlimited. */
  windows: readonly number[];
}

export interface AttentionAttributes extends HeadAttributes {
  batch: number;
  time: number;
}

function checkAttention(
  name: string,
  inputs: readonly { shape: readonly number[]; dtype: 'float' | 'int' }[],
  a: AttentionAttributes,
): void {
  const n = a.batch * a.time;
  const fits = (index: number, width: number) => {
    const shape = inputs[index]?.shape;
    return shape?.length === 2 && shape[0] === n && shape[1] === width;
  };
  expectShape(
    fits(0, a.heads * a.headDim) &&
      fits(1, a.kvHeads * a.headDim) &&
      fits(2, a.kvHeads * a.headDim) &&
      a.heads % a.kvHeads === 0 &&
      (a.slopes.length === 0 || a.slopes.length === a.heads) &&
      (a.windows.length === 0 || a.windows.length === a.heads),
    name,
    inputs,
    `needs q [${n}, heads*headDim], k and v [${n}, kvHeads*headDim], heads a multiple of kvHeads, one slope and window per head`,
  );
}

/** Bias of one head at a distance: -slope*distance, or -Infinity outside the window. */
export function distanceBias(a: HeadAttributes, head: number, distance: number): number {
  const window = a.windows[head] ?? 0;
  if (distance < 0 || (window > 0 && distance > window)) return -Infinity;
  return -(a.slopes[head] ?? 0) * distance;
}

export const attention: Operation<AttentionAttributes> = {
  infer(inputs, a) {
    checkAttention('attention', inputs, a);
    return [float(a.batch * a.time, a.heads * a.headDim)];
  },
  gradient(graph, inputs, outputs, attributes, [dO]) {
    const [q, k, v, ...segments] = inputs as [Value, Value, Value, ...Value[]];
    const o = outputs[0] as Value;
    return dO ? graph.apply('attentionGradient', [q, k, v, o, dO, ...segments], attributes) : [];
  },
  reference([q, k, v, segments], [o], a) {
    if (!q || !k || !v || !o) return;
    forEachHead(a, (row, head, kvHead) => {
      for (let i = 0; i < a.time; i++) {
        const p = probabilities(q, k, segments, a, row, head, kvHead, i);
        for (let j = 0; j <= i; j++) {
          const weight = p[j] as number;
          for (let c = 0; c < a.headDim; c++) {
            const at = ((row * a.time + i) * a.heads + head) * a.headDim + c;
            o.data[at] = (o.data[at] as number) + weight * at4(v, a, row, j, kvHead, c);
          }
        }
      }
    });
  },
};

export const attentionGradient: Operation<AttentionAttributes> = {
  infer(inputs, a) {
    checkAttention('attentionGradient', inputs, a);
    const n = a.batch * a.time;
    return [float(n, a.heads * a.headDim), float(n, a.kvHeads * a.headDim), float(n, a.kvHeads * a.headDim)];
  },
  reference([q, k, v, o, dO, segments], [dq, dk, dv], a) {
    if (!q || !k || !v || !o || !dO || !dq || !dk || !dv) return;
    forEachHead(a, (row, head, kvHead) => {
      for (let i = 0; i < a.time; i++) {
        const p = probabilities(q, k, segments, a, row, head, kvHead, i);
        const base = ((row * a.time + i) * a.heads + head) * a.headDim;
        let d = 0;
        for (let c = 0; c < a.headDim; c++) d += (dO.data[base + c] as number) * (o.data[base + c] as number);
        for (let j = 0; j <= i; j++) {
          const weight = p[j] as number;
          if (weight === 0) continue;
          const kv = ((row * a.time + j) * a.kvHeads + kvHead) * a.headDim;
          let dp = 0;
          for (let c = 0; c < a.headDim; c++)
            dp += (dO.data[base + c] as number) * (v.data[kv + c] as number);
          const ds = weight * (dp - d) * a.scale;
          for (let c = 0; c < a.headDim; c++) {
            dq.data[base + c] = (dq.data[base + c] as number) + ds * (k.data[kv + c] as number);
            dk.data[kv + c] = (dk.data[kv + c] as number) + ds * (q.data[base + c] as number);
            dv.data[kv + c] = (dv.data[kv + c] as number) + weight * (dO.data[base + c] as number);
          }
        }
      }
    });
  },
};

export interface DecodeAttributes extends HeadAttributes {
  slots: number;
  /** Positions the cache has room for. */
  capacity: number;
}

/**
 * One decoding step: q [slots, heads*headDim], new k and v [slots, kvHeads*headDim], caches
 * [slots, kvHeads, capacity, headDim] of which the first lengths[slot] positions are valid, lengths [slots].
 */
export const decodeAttention: Operation<DecodeAttributes> = {
  infer(inputs, a) {
    const [q, k, v, kCache, vCache, lengths] = inputs;
    const kv = [a.slots, a.kvHeads * a.headDim].join();
    const cache = [a.slots, a.kvHeads, a.capacity, a.headDim].join();
    expectShape(
      q?.shape.join() === [a.slots, a.heads * a.headDim].join() &&
        k?.shape.join() === kv &&
        v?.shape.join() === kv &&
        kCache?.shape.join() === cache &&
        vCache?.shape.join() === cache &&
        lengths?.dtype === 'int',
      'decodeAttention',
      inputs,
      `needs q, k, v of ${a.slots} slots and caches [${cache}]`,
    );
    return [float(a.slots, a.heads * a.headDim)];
  },
  reference([q, k, v, kCache, vCache, lengths], [o], a) {
    if (!q || !k || !v || !kCache || !vCache || !lengths || !o) return;
    for (let slot = 0; slot < a.slots; slot++) {
      const length = lengths.data[slot] as number;
      for (let head = 0; head < a.heads; head++) {
        const kvHead = Math.floor(head / (a.heads / a.kvHeads));
        const query = (slot * a.heads + head) * a.headDim;
        const keyAt = (j: number) =>
          j < length
            ? {
                k: kCache.data,
                v: vCache.data,
                at: ((slot * a.kvHeads + kvHead) * a.capacity + j) * a.headDim,
              }
            : { k: k.data, v: v.data, at: (slot * a.kvHeads + kvHead) * a.headDim };
        const scores = new Float64Array(length + 1);
        for (let j = 0; j <= length; j++) {
          const key = keyAt(j);
          let dot = 0;
          for (let c = 0; c < a.headDim; c++)
            dot += (q.data[query + c] as number) * (key.k[key.at + c] as number);
          scores[j] = dot * a.scale + distanceBias(a, head, length - j);
        }
        const p = softmax(scores);
        for (let j = 0; j <= length; j++) {
          const key = keyAt(j);
          for (let c = 0; c < a.headDim; c++) {
            o.data[query + c] =
              (o.data[query + c] as number) + (p[j] as number) * (key.v[key.at + c] as number);
          }
        }
      }
    }
  },
};

function forEachHead(
  a: AttentionAttributes,
  visit: (row: number, head: number, kvHead: number) => void,
): void {
  for (let row = 0; row < a.batch; row++) {
    for (let head = 0; head < a.heads; head++) visit(row, head, Math.floor(head / (a.heads / a.kvHeads)));
  }
}

function at4(
  x: ReferenceTensor,
  a: AttentionAttributes,
  row: number,
  t: number,
  kvHead: number,
  c: number,
): number {
  return x.data[((row * a.time + t) * a.kvHeads + kvHead) * a.headDim + c] as number;
}

function probabilities(
  q: ReferenceTensor,
  k: ReferenceTensor,
  segments: ReferenceTensor | undefined,
  a: AttentionAttributes,
  row: number,
  head: number,
  kvHead: number,
  i: number,
): Float64Array {
  const scores = new Float64Array(i + 1);
  const query = ((row * a.time + i) * a.heads + head) * a.headDim;
  for (let j = 0; j <= i; j++) {
    const same = !segments || segments.data[row * a.time + i] === segments.data[row * a.time + j];
    let dot = 0;
    for (let c = 0; c < a.headDim; c++) dot += (q.data[query + c] as number) * at4(k, a, row, j, kvHead, c);
    scores[j] = same ? dot * a.scale + distanceBias(a, head, i - j) : -Infinity;
  }
  return softmax(scores);
}

function softmax(scores: Float64Array): Float64Array {
  const max = scores.reduce((m, s) => Math.max(m, s), -Infinity);
  const out = scores.map((s) => Math.exp(s - max));
  const sum = out.reduce((t, e) => t + e, 0);
  return out.map((e) => e / sum);
}
