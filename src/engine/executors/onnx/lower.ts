// One ONNX lowering per operation of the table. `Lowerings` is a mapped type, so a new operation without a
// lowering does not compile. Notes on the choices: docs/engine.md.

import type { Value } from '../../graph/value.ts';
import type { AttributesOf, OperationName } from '../../operations/table.ts';
import type { Emitter } from './emitter.ts';
import { lowerAttention, lowerAttentionGradient, lowerDecodeAttention } from './lower-attention.ts';

interface LoweringValues {
  inputs: readonly Value[];
  outputs: readonly Value[];
}

type Lowering<K extends OperationName> = (
  e: Emitter,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: AttributesOf<K>,
  values: LoweringValues,
) => void;

type Lowerings = { readonly [K in OperationName]: Lowering<K> };

/** Above this many rows a scatter beats a one-hot matrix product. */
const ONE_HOT_ROWS = 512;

const first = (names: readonly string[]): string => names[0] as string;

export const LOWERINGS: Lowerings = {
  add: (e, inputs, outputs) => {
    e.node('Add', inputs, {}, first(outputs));
  },
  reshape: (e, inputs, outputs, { shape }) => {
    e.reshape(first(inputs), shape, first(outputs));
  },
  gather: (e, inputs, outputs) => {
    e.node('Gather', inputs, { axis: 0 }, first(outputs));
  },
  scatterAdd: (e, [ids, dy], outputs, { rows }, { outputs: values }) => {
    const shape = shapeOf(values);
    if (rows <= ONE_HOT_ROWS) {
      const index = e.once(`int64|${ids}`, () => e.node('Cast', [ids as string], { to: 7 }));
      const oneHot = e.once(`one hot|${ids}|${rows}`, () =>
        e.node('OneHot', [index, e.ints([rows], []), e.floats([0, 1], [2])], { axis: -1 }),
      );
      e.node('Gemm', [oneHot, dy as string], { transA: 1 }, first(outputs));
      return;
    }
    const index = e.reshape(e.node('Cast', [ids as string], { to: 7 }), [-1, 1]);
    const zeros = e.node('Expand', [e.scalar(0), e.ints(shape)]);
    e.node('ScatterND', [zeros, index, dy as string], { reduction: 'add' }, first(outputs));
  },
  linear: (e, inputs, outputs) => {
    e.node('Gemm', inputs, { transB: 1 }, first(outputs));
  },
  linearInputGradient: (e, inputs, outputs) => {
    e.node('Gemm', inputs, {}, first(outputs));
  },
  linearWeightGradient: (e, inputs, outputs) => {
    e.node('Gemm', inputs, { transA: 1 }, first(outputs));
  },
  columnSum: (e, inputs, outputs) => {
    e.node('ReduceSum', [first(inputs), e.ints([0])], { keepdims: 0 }, first(outputs));
  },
  rmsNorm: (e, [x, w], outputs, { epsilon }) => {
    const inverse = e.fresh();
    const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
    e.nodeOf('SimplifiedLayerNormalization', [x as string, w as string], attributes, [
      first(outputs),
      inverse,
    ]);
    e.note('inverse rms', `${x}`, inverse);
  },
  rmsNormGradient: (e, [x, w, dy], [dx, dw], { epsilon }, { inputs }) => {
    const [n, d] = shapeOf(inputs);
    const inverse = e.noted('inverse rms', x as string) ?? inverseRms(e, x as string, epsilon);
    const product = e.node('Mul', [dy as string, x as string]);
    e.reshape(e.node('Gemm', [e.reshape(inverse, [1, n]), product]), [d], dw as string);
    const weightColumn = e.once(`column|${w}`, () => e.reshape(w as string, [d, 1]));
    const sum = e.node('Gemm', [product, weightColumn], { alpha: { float: 1 / d } });
    const share = e.node('Mul', [sum, e.node('Mul', [inverse, inverse])]);
    const scaled = e.node('Mul', [dy as string, w as string]);
    const centred = e.node('Sub', [scaled, e.node('Mul', [x as string, share])]);
    e.node('Mul', [centred, inverse], {}, dx as string);
  },
  rope: (e, [x, positions], outputs, a, { inputs }) => {
    const [n, width] = shapeOf(inputs);
    const table = (kind: 'cos' | 'sin') =>
      e.once(`${kind}|${a.maxPositions}|${a.frequencies.join()}|${a.inverse && kind === 'sin'}`, () => {
        const half = a.frequencies.length;
        const values = new Float32Array(a.maxPositions * half);
        for (let p = 0; p < a.maxPositions; p++) {
          for (let j = 0; j < half; j++) {
            const angle = p * (a.frequencies[j] as number);
            values[p * half + j] = kind === 'cos' ? Math.cos(angle) : Math.sin(angle) * (a.inverse ? -1 : 1);
          }
        }
        return e.floats(values, [a.maxPositions, half]);
      });
    const index = e.once(`positions|${positions}`, () =>
      e.reshape(e.node('Cast', [positions as string], { to: 7 }), [n, 1]),
    );
    // Rows go in as n sequences of one position: the kernel refuses sequences longer than the table.
    const turned = e.contributed(
      'RotaryEmbedding',
      [e.reshape(x as string, [n, 1, width]), index, table('cos'), table('sin')],
      { interleaved: 0, num_heads: width / a.headDim, rotary_embedding_dim: a.headDim },
    );
    e.reshape(turned, [n, width], first(outputs));
  },
  swiglu: (e, [gate, up], outputs) => {
    e.node('Mul', [silu(e, gate as string), up as string], {}, first(outputs));
    e.note('swiglu', gate as string, first(outputs));
  },
  swigluGradient: (e, [gate, up, dh], [dGate, dUp]) => {
    const h = e.noted('swiglu', gate as string) ?? e.node('Mul', [silu(e, gate as string), up as string]);
    e.node('Mul', [dh as string, silu(e, gate as string)], {}, dUp as string);
    // up (s + silu - silu s) = s (up - h) + h, one pass less.
    const turned = e.node('Mul', [e.node('Sigmoid', [gate as string]), e.node('Sub', [up as string, h])]);
    e.node('Mul', [dh as string, e.node('Add', [turned, h])], {}, dGate as string);
  },
  attention: lowerAttention,
  attentionGradient: lowerAttentionGradient,
  decodeAttention: lowerDecodeAttention,
  tokenLogProb: (e, [logits, targets], [logProb, entropy], { temperature }, { inputs }) => {
    const [n] = shapeOf(inputs);
    const all = logSoftmax(e, logits as string, temperature);
    const picked = e.node('GatherElements', [all, targetColumn(e, targets as string, n)], { axis: 1 });
    e.reshape(picked, [n], logProb as string);
    e.node('Identity', [entropyOf(e, all)], {}, entropy as string);
  },
  tokenLogProbGradient: (e, [logits, targets, dLogProb, dEntropy], outputs, { temperature }, { inputs }) => {
    const [n] = shapeOf(inputs);
    const all = logSoftmax(e, logits as string, temperature);
    const p = probabilities(e, all);
    const scale = (x: string) => (temperature === 1 ? x : e.node('Mul', [x, e.scalar(1 / temperature)]));
    const c = scale(e.reshape(dLogProb as string, [n, 1]));
    let factor = c;
    if (dEntropy !== undefined) {
      const deviation = e.node('Add', [all, e.reshape(entropyOf(e, all), [n, 1])]);
      factor = e.node('Add', [c, e.node('Mul', [scale(e.reshape(dEntropy, [n, 1])), deviation])]);
    }
    const spread = e.node('Mul', [p, e.node('Neg', [factor])]);
    const index = targetColumn(e, targets as string, n);
    e.node('ScatterElements', [spread, index, c], { axis: 1, reduction: 'add' }, first(outputs));
  },
};

function inverseRms(e: Emitter, x: string, epsilon: number): string {
  const mean = e.node('ReduceMean', [e.node('Mul', [x, x]), e.ints([1])], { keepdims: 1 });
  return e.node('Reciprocal', [e.node('Sqrt', [e.node('Add', [mean, e.scalar(epsilon)])])]);
}

/** gate sigmoid(gate) in one pass. */
function silu(e: Emitter, gate: string): string {
  return e.once(`silu|${gate}`, () => e.contributed('QuickGelu', [gate], { alpha: { float: 1 } }));
}

function logSoftmax(e: Emitter, logits: string, temperature: number): string {
  return e.once(`log softmax|${logits}|${temperature}`, () => {
    const scaled = temperature === 1 ? logits : e.node('Mul', [logits, e.scalar(1 / temperature)]);
    return e.node('LogSoftmax', [scaled], { axis: -1 });
  });
}

function probabilities(e: Emitter, logProbs: string): string {
  return e.once(`exp|${logProbs}`, () => e.node('Exp', [logProbs]));
}

function entropyOf(e: Emitter, logProbs: string): string {
  return e.once(`entropy|${logProbs}`, () => {
    const sum = e.node('ReduceSum', [e.node('Mul', [probabilities(e, logProbs), logProbs]), e.ints([1])], {
      keepdims: 0,
    });
    return e.node('Neg', [sum]);
  });
}

function targetColumn(e: Emitter, targets: string, n: number): string {
  return e.once(`column|${targets}`, () => e.reshape(e.node('Cast', [targets], { to: 7 }), [n, 1]));
}

function shapeOf(values: readonly Value[]): [number, number] {
  return (values[0] as Value).shape as unknown as [number, number];
}

/** Lowers one node of any operation. */
export function lowerNode(
  e: Emitter,
  node: { operation: OperationName; attributes: unknown } & LoweringValues,
): void {
  const lowering = LOWERINGS[node.operation] as Lowering<OperationName>;
  const names = (values: readonly Value[]) => values.map((value) => value.name);
  lowering(e, names(node.inputs), names(node.outputs), node.attributes as AttributesOf<OperationName>, node);
}
