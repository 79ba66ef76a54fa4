// gather: rows of a table by index, y[i, :] = table[ids[i], :] (embeddings, selection of positions).
// scatterAdd: its adjoint, table[ids[i], :] += dy[i, :].

import { expectShape, float, type Operation } from './operation.ts';

export const gather: Operation<Record<never, never>> = {
  infer(inputs) {
    const [table, ids] = inputs;
    expectShape(
      table?.shape.length === 2 && ids?.shape.length === 1 && ids.dtype === 'int',
      'gather',
      inputs,
      'needs table [rows, d] and int ids [n]',
    );
    return [float(ids?.shape[0] as number, table?.shape[1] as number)];
  },
  gradient: (graph, [table, ids], _outputs, _attributes, [dy]) =>
    table && ids && dy
      ? [graph.apply('scatterAdd', [ids, dy], { rows: table.shape[0] as number })[0], undefined]
      : [],
  reference([table, ids], [y]) {
    if (!table || !ids || !y) return;
    const d = table.shape[1] as number;
    for (let i = 0; i < ids.data.length; i++) {
      const row = ids.data[i] as number;
      if (row < 0 || row >= (table.shape[0] as number))
        throw new RangeError(`gather: row ${row} of ${table.shape[0]}`);
      for (let j = 0; j < d; j++) y.data[i * d + j] = table.data[row * d + j] as number;
    }
  },
};

export const scatterAdd: Operation<{ rows: number }> = {
  infer(inputs, { rows }) {
    const [ids, dy] = inputs;
    expectShape(
      ids?.dtype === 'int' && dy?.shape.length === 2 && ids.shape[0] === dy.shape[0],
      'scatterAdd',
      inputs,
      'needs int ids [n] and values [n, d]',
    );
    return [float(rows, dy?.shape[1] as number)];
  },
  reference([ids, dy], [y]) {
    if (!ids || !dy || !y) return;
    const d = dy.shape[1] as number;
    for (let i = 0; i < ids.data.length; i++) {
      const row = ids.data[i] as number;
      for (let j = 0; j < d; j++)
        y.data[row * d + j] = (y.data[row * d + j] as number) + (dy.data[i * d + j] as number);
    }
  },
};
