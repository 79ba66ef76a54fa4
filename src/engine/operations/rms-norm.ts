// rmsNorm (Zhang & Sennrich 2019): y = x r w with r = (mean(x^2) + eps)^-1/2 per row; x [n, d], w [d].
// With xh = x r:  dw = sum_rows dy xh,   dx = r (dy w - xh mean(dy w xh)).

import type { Value } from '../graph/value.ts';
import { expectShape, float, type Operation } from './operation.ts';

export interface NormAttributes {
  epsilon: number;
}

export const rmsNorm: Operation<NormAttributes> = {
  infer(inputs) {
    const [x, w] = inputs;
    expectShape(
      x?.shape.length === 2 && w?.shape.length === 1 && x.shape[1] === w.shape[0],
      'rmsNorm',
      inputs,
      'needs x [n, d] and w [d]',
    );
    return [float(...((x?.shape ?? []) as number[]))];
  },
  gradient(graph, inputs, _outputs, attributes, [dy]) {
    const [x, w] = inputs as [Value, Value];
    return dy ? graph.apply('rmsNormGradient', [x, w, dy], attributes) : [];
  },
  reference([x, w], [y], { epsilon }) {
    if (!x || !w || !y) return;
    const [n, d] = x.shape as [number, number];
    for (let i = 0; i < n; i++) {
      const r = inverseRms(x.data, i * d, d, epsilon);
      for (let j = 0; j < d; j++)
        y.data[i * d + j] = (x.data[i * d + j] as number) * r * (w.data[j] as number);
    }
  },
};

export const rmsNormGradient: Operation<NormAttributes> = {
  infer(inputs) {
    const [x, w, dy] = inputs;
    expectShape(
      x?.shape.length === 2 && x.shape.join() === dy?.shape.join() && w?.shape[0] === x.shape[1],
      'rmsNormGradient',
      inputs,
      'needs x [n, d], w [d] and dy [n, d]',
    );
    return [float(...((x?.shape ?? []) as number[])), float(w?.shape[0] as number)];
  },
  reference([x, w, dy], [dx, dw], { epsilon }) {
    if (!x || !w || !dy || !dx || !dw) return;
    const [n, d] = x.shape as [number, number];
    for (let i = 0; i < n; i++) {
      const r = inverseRms(x.data, i * d, d, epsilon);
      let mean = 0;
      for (let j = 0; j < d; j++) {
        const at = i * d + j;
        const hat = (x.data[at] as number) * r;
        dw.data[j] = (dw.data[j] as number) + (dy.data[at] as number) * hat;
        mean += ((dy.data[at] as number) * (w.data[j] as number) * hat) / d;
      }
      for (let j = 0; j < d; j++) {
        const at = i * d + j;
        dx.data[at] =
          r * ((dy.data[at] as number) * (w.data[j] as number) - (x.data[at] as number) * r * mean);
      }
    }
  },
};

function inverseRms(x: ArrayLike<number>, start: number, d: number, epsilon: number): number {
  let squares = 0;
  for (let j = 0; j < d; j++) squares += (x[start + j] as number) ** 2;
  return 1 / Math.sqrt(squares / d + epsilon);
}
