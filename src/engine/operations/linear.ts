// linear: y = x W^T (+ b) with x [n, in], W [out, in], b [out].
//   dx = dy W,   dW = dy^T x,   db = column sums of dy.

import type { Value } from '../graph/value.ts';
import { expectShape, float, type Operation } from './operation.ts';

type None = Record<never, never>;

export const linear: Operation<None> = {
  infer(inputs) {
    const [x, w, b] = inputs;
    expectShape(
      x?.shape.length === 2 &&
        w?.shape.length === 2 &&
        x.shape[1] === w.shape[1] &&
        (b === undefined || (b.shape.length === 1 && b.shape[0] === w.shape[0])),
      'linear',
      inputs,
      'needs x [n, in], W [out, in] and optionally b [out]',
    );
    return [float(x?.shape[0] as number, w?.shape[0] as number)];
  },
  gradient(graph, inputs, _outputs, _attributes, [dy], wanted) {
    const [x, w, b] = inputs as [Value, Value, Value | undefined];
    if (!dy) return [];
    return [
      wanted[0] ? graph.apply('linearInputGradient', [dy, w], {})[0] : undefined,
      wanted[1] ? graph.apply('linearWeightGradient', [dy, x], {})[0] : undefined,
      b && wanted[2] ? graph.apply('columnSum', [dy], {})[0] : undefined,
    ];
  },
  reference([x, w, b], [y]) {
    if (!x || !w || !y) return;
    const [n, inner] = x.shape as [number, number];
    const out = w.shape[0] as number;
    for (let i = 0; i < n; i++) {
      for (let o = 0; o < out; o++) {
        let sum = b ? (b.data[o] as number) : 0;
        for (let k = 0; k < inner; k++)
          sum += (x.data[i * inner + k] as number) * (w.data[o * inner + k] as number);
        y.data[i * out + o] = sum;
      }
    }
  },
};

export const linearInputGradient: Operation<None> = {
  infer(inputs) {
    const [dy, w] = inputs;
    expectShape(
      dy?.shape.length === 2 && w?.shape.length === 2 && dy.shape[1] === w.shape[0],
      'linearInputGradient',
      inputs,
      'needs dy [n, out] and W [out, in]',
    );
    return [float(dy?.shape[0] as number, w?.shape[1] as number)];
  },
  reference([dy, w], [dx]) {
    if (!dy || !w || !dx) return;
    const [n, out] = dy.shape as [number, number];
    const inner = w.shape[1] as number;
    for (let i = 0; i < n; i++) {
      for (let o = 0; o < out; o++) {
        const g = dy.data[i * out + o] as number;
        for (let k = 0; k < inner; k++) {
          dx.data[i * inner + k] = (dx.data[i * inner + k] as number) + g * (w.data[o * inner + k] as number);
        }
      }
    }
  },
};

export const linearWeightGradient: Operation<None> = {
  infer(inputs) {
    const [dy, x] = inputs;
    expectShape(
      dy?.shape.length === 2 && x?.shape.length === 2 && dy.shape[0] === x.shape[0],
      'linearWeightGradient',
      inputs,
      'needs dy [n, out] and x [n, in]',
    );
    return [float(dy?.shape[1] as number, x?.shape[1] as number)];
  },
  reference([dy, x], [dw]) {
    if (!dy || !x || !dw) return;
    const [n, out] = dy.shape as [number, number];
    const inner = x.shape[1] as number;
    for (let i = 0; i < n; i++) {
      for (let o = 0; o < out; o++) {
        const g = dy.data[i * out + o] as number;
        for (let k = 0; k < inner; k++) {
          dw.data[o * inner + k] = (dw.data[o * inner + k] as number) + g * (x.data[i * inner + k] as number);
        }
      }
    }
  },
};

export const columnSum: Operation<None> = {
  infer(inputs) {
    expectShape(inputs[0]?.shape.length === 2, 'columnSum', inputs, 'needs a matrix [n, d]');
    return [float(inputs[0]?.shape[1] as number)];
  },
  reference([x], [y]) {
    if (!x || !y) return;
    const [n, d] = x.shape as [number, number];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < d; j++) y.data[j] = (y.data[j] as number) + (x.data[i * d + j] as number);
    }
  },
};
