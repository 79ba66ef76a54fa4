// The oracle: interprets a program in float64 with the plain kernels of the operation table. Slow, exact, and
// dependent on nothing.

import { TouchstoneError } from '../../../core/errors.ts';
import type { Program } from '../../graph/program.ts';
import { sizeOf, type Value } from '../../graph/value.ts';
import type { ReferenceTensor } from '../../operations/operation.ts';
import { runReference } from '../../operations/table.ts';
import type { CompiledProgram, Executor, Feeds, Results } from '../executor.ts';

export const referenceExecutor: Executor = {
  name: 'reference',
  compile: (program) => Promise.resolve(compile(program)),
};

function compile(program: Program): CompiledProgram {
  return {
    run: (feeds) => Promise.resolve(interpret(program, feeds)),
    dispose: () => Promise.resolve(),
  };
}

function interpret(program: Program, feeds: Feeds): Results {
  const tensors = new Map<number, ReferenceTensor>();
  for (const value of program.inputs) tensors.set(value.id, feed(value, feeds));
  const tensorOf = (value: Value): ReferenceTensor => {
    const tensor = tensors.get(value.id);
    if (!tensor) throw new Error(`value ${value.name} is used before it is made`);
    return tensor;
  };
  for (const node of program.nodes) {
    const outputs = node.outputs.map((value) => ({ shape: value.shape, data: allocate(value) }));
    runReference(node, node.inputs.map(tensorOf), outputs);
    node.outputs.forEach((value, i) => {
      const tensor = outputs[i];
      if (tensor) tensors.set(value.id, tensor);
    });
  }
  const results: Results = {};
  for (const [name, value] of program.outputs) results[name] = Float64Array.from(tensorOf(value).data);
  return results;
}

function allocate(value: Value): Float64Array | Int32Array {
  return value.dtype === 'int' ? new Int32Array(sizeOf(value.shape)) : new Float64Array(sizeOf(value.shape));
}

function feed(value: Value, feeds: Feeds): ReferenceTensor {
  const given = feeds[value.name];
  if (given === undefined || given.length !== sizeOf(value.shape)) {
    throw new TouchstoneError('bad-shape', `input ${value.name}: got ${given?.length ?? 'nothing'}`, {
      hint: `feed ${sizeOf(value.shape)} numbers for shape [${value.shape.join(', ')}]`,
    });
  }
  const data = allocate(value);
  data.set(given);
  return { shape: value.shape, data };
}
