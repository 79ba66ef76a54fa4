// add: element-wise sum of two tensors of one shape (residual connections, gradient accumulation).
// reshape: the same elements under another shape.

import { type Shape, sizeOf } from '../graph/value.ts';
import { expectShape, type Operation } from './operation.ts';

export const add: Operation<Record<never, never>> = {
  infer(inputs) {
    const [a, b] = inputs;
    expectShape(
      inputs.length === 2 && a?.shape.join() === b?.shape.join(),
      'add',
      inputs,
      'both inputs need the same shape',
    );
    return [{ shape: a?.shape ?? [], dtype: 'float' }];
  },
  gradient: (_graph, _inputs, _outputs, _attributes, [dy]) => [dy, dy],
  reference([a, b], [y]) {
    if (!a || !b || !y) return;
    for (let i = 0; i < y.data.length; i++) y.data[i] = (a.data[i] as number) + (b.data[i] as number);
  },
};

export const reshape: Operation<{ shape: Shape }> = {
  infer(inputs, { shape }) {
    const [x] = inputs;
    expectShape(
      inputs.length === 1 && x !== undefined && sizeOf(x.shape) === sizeOf(shape),
      'reshape',
      inputs,
      `needs as many elements as [${shape.join(', ')}]`,
    );
    return [{ shape, dtype: x?.dtype ?? 'float' }];
  },
  gradient: (graph, [x], _outputs, _attributes, [dy]) =>
    x && dy ? [graph.apply('reshape', [dy], { shape: x.shape })[0]] : [undefined],
  reference([x], [y]) {
    if (x && y) y.data.set(x.data);
  },
};
