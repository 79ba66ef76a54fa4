// Collects the ONNX nodes of one program while it is lowered: fresh names, shared constants, and notes that a
// forward lowering leaves for its gradient (attention probabilities, log-softmax), so that nothing is computed
// twice inside one program.

import type { AttributeValue, ElementType, OnnxNode, OnnxTensor } from './protobuf.ts';

export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initialisers: OnnxTensor[] = [];
  readonly #shared = new Map<string, string | readonly string[]>();
  readonly #notes = new Map<string, string>();
  #next = 0;

  /** A name no other tensor has. */
  fresh(): string {
    return `t${this.#next++}`;
  }

  /** Emits a node and returns the name of its only (or first) output. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    output?: string,
  ): string {
    return this.nodeOf(type, inputs, attributes, [output ?? this.fresh()], '');
  }

  /** Emits a node of the com.microsoft operator set. */
  contributed(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    output?: string,
  ): string {
    return this.nodeOf(type, inputs, attributes, [output ?? this.fresh()], 'com.microsoft');
  }

  /** Emits a node with several outputs; an empty output name drops that output. */
  nodeOf(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue>,
    outputs: readonly string[],
    domain = '',
  ): string {
    this.nodes.push({ type, inputs, outputs, attributes, domain });
    return outputs[0] as string;
  }

  /** A float constant; short ones are shared. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[]): string {
    return this.#constant('float', Float32Array.from(values), shape);
  }

  /** An int64 constant, the type ONNX wants for shapes, axes and indices. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant(
      'int64',
      BigInt64Array.from(values, (value) => BigInt(value)),
      shape,
    );
  }

  scalar(value: number): string {
    return this.floats([value], []);
  }

  reshape(x: string, shape: readonly number[], output?: string): string {
    return this.node('Reshape', [x, this.ints(shape)], {}, output);
  }

  /** Computes something once per program: `make` runs on the first call with this key. */
  once<T extends string | readonly string[] = string>(key: string, make: () => T): T {
    const known = this.#shared.get(key);
    if (known !== undefined) return known as T;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }

  /** Cuts a tensor into parts of the given extents along an axis. */
  split(x: string, extents: readonly number[], axis: number): string[] {
    if (extents.length === 1) return [x];
    const parts = extents.map(() => this.fresh());
    this.nodeOf('Split', [x, this.ints(extents)], { axis }, parts);
    return parts;
  }

  /** Joins tensors along an axis. */
  concat(parts: readonly string[], axis: number): string {
    return parts.length === 1 ? (parts[0] as string) : this.node('Concat', parts, { axis });
  }

  /** Leaves an intermediate of the forward lowering of `value` for its gradient. */
  note(kind: string, value: string, name: string): void {
    this.#notes.set(`${kind}:${value}`, name);
  }

  noted(kind: string, value: string): string | undefined {
    return this.#notes.get(`${kind}:${value}`);
  }

  /** The nodes and constants that these results depend on; a lowering may emit more than the program uses. */
  needed(results: readonly string[]): { nodes: OnnxNode[]; initialisers: OnnxTensor[] } {
    const wanted = new Set(results);
    const nodes: OnnxNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((name) => wanted.has(name))) continue;
      for (const name of node.inputs) wanted.add(name);
      nodes.push(node);
    }
    return {
      nodes: nodes.reverse(),
      initialisers: this.initialisers.filter((tensor) => wanted.has(tensor.name)),
    };
  }

  #constant(type: ElementType, data: Float32Array | BigInt64Array, shape: readonly number[]): string {
    const make = () => {
      const name = this.fresh();
      this.initialisers.push({ name, type, shape, data });
      return name;
    };
    return data.length > 64 ? make() : this.once(`${type}|${shape.join()}|${data.join()}`, make);
  }
}
