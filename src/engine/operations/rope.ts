// rope (Su et al. 2021), half-split layout of Llama and Qwen: in every head of x [n, heads * headDim] the pair
// (i, i + headDim/2) is turned by position * frequency_i. `frequencies` has headDim/2 entries, so that scaled
// variants (linear, llama3) are data, not code. The gradient is the turn by the opposite angle.

import type { Value } from '../graph/value.ts';
import { expectShape, float, type Operation } from './operation.ts';

export interface RopeAttributes {
  headDim: number;
  frequencies: readonly number[];
  /** Positions lie in [0, maxPositions). */
  maxPositions: number;
  inverse: boolean;
}

export const rope: Operation<RopeAttributes> = {
  infer(inputs, { headDim, frequencies }) {
    const [x, positions] = inputs;
    expectShape(
      x?.shape.length === 2 &&
        (x.shape[1] as number) % headDim === 0 &&
        positions?.dtype === 'int' &&
        positions.shape[0] === x.shape[0] &&
        frequencies.length * 2 === headDim,
      'rope',
      inputs,
      `needs x [n, heads * ${headDim}], int positions [n] and headDim/2 frequencies`,
    );
    return [float(...((x?.shape ?? []) as number[]))];
  },
  gradient(graph, inputs, _outputs, attributes, [dy]) {
    const positions = inputs[1] as Value;
    return dy ? graph.apply('rope', [dy, positions], { ...attributes, inverse: !attributes.inverse }) : [];
  },
  reference([x, positions], [y], { headDim, frequencies, inverse }) {
    if (!x || !positions || !y) return;
    const [n, width] = x.shape as [number, number];
    const half = headDim / 2;
    for (let i = 0; i < n; i++) {
      for (let head = 0; head < width; head += headDim) {
        for (let j = 0; j < half; j++) {
          const angle = (positions.data[i] as number) * (frequencies[j] as number) * (inverse ? -1 : 1);
          const at = i * width + head + j;
          const a = x.data[at] as number;
          const b = x.data[at + half] as number;
          y.data[at] = a * Math.cos(angle) - b * Math.sin(angle);
          y.data[at + half] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
  },
};
