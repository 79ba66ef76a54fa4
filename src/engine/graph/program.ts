// A program: a static graph of macro operations for one batch shape. Values are dense, row-major tensors of
// `float` (float32 on device, float64 in the reference executor) or `int` (int32). Programs are plain data built
// by `GraphBuilder`; differentiation adds nodes to the same builder; executors compile them.

import { TouchstoneError } from '../../core/errors.ts';
import { type AttributesOf, inferShapes, type OperationName } from '../operations/table.ts';
import type { DataType, Shape, Value } from './value.ts';

/** One application of an operation. */
export interface Node<K extends OperationName = OperationName> {
  readonly operation: K;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: AttributesOf<K>;
}

export interface Program {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  /** Named results, in the order they were declared. */
  readonly outputs: ReadonlyMap<string, Value>;
}

/** Builds one program. Inputs are declared by name; every other value is the output of an operation. */
export class GraphBuilder {
  readonly #inputs = new Map<string, Value>();
  readonly #nodes: Node[] = [];
  readonly #outputs = new Map<string, Value>();
  #nextId = 0;

  /** Declares a tensor fed at run time. */
  input(name: string, shape: Shape, dtype: DataType = 'float'): Value {
    if (this.#inputs.has(name)) throw new TouchstoneError('bad-shape', `input declared twice: ${name}`);
    const value = { id: this.#nextId++, name, shape, dtype };
    this.#inputs.set(name, value);
    return value;
  }

  /** Applies an operation; its shape rule checks the inputs. */
  apply<K extends OperationName>(
    operation: K,
    inputs: readonly Value[],
    attributes: AttributesOf<K>,
  ): Value[] {
    const outputs = inferShapes(operation, inputs, attributes).map((spec) => {
      const id = this.#nextId++;
      return { ...spec, id, name: `${operation}_${id}` };
    });
    this.#nodes.push({ operation, inputs, outputs, attributes } as unknown as Node);
    return outputs;
  }

  /** Names a result. */
  output(name: string, value: Value): void {
    if (this.#outputs.has(name)) throw new TouchstoneError('bad-shape', `output declared twice: ${name}`);
    this.#outputs.set(name, value);
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** The finished program, without the nodes no output depends on. */
  build(): Program {
    const needed = new Set([...this.#outputs.values()].map((value) => value.id));
    const nodes: Node[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((value) => needed.has(value.id))) continue;
      for (const value of node.inputs) needed.add(value.id);
      nodes.push(node);
    }
    const inputs = [...this.#inputs.values()].filter((value) => needed.has(value.id));
    return { inputs, nodes: nodes.reverse(), outputs: new Map(this.#outputs) };
  }
}
