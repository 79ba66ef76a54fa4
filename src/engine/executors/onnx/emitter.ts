// Collects the ONNX nodes of one program while it is lowered: fresh names, shared constants, and notes that a
// forward lowering leaves for its gradient (attention probabilities, log-softmax), so that nothing is computed
// twice inside one program.

import type { AttributeValue, ElementType, OnnxNode, OnnxTensor } from './protobuf.ts';

export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initialisers: OnnxTensor[] = [];
  readonly #shared = new Map<string, string>();
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
  once(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#shared.set(key, name);
    return name;
  }

  /** Leaves an intermediate of the forward lowering of `value` for its gradient. */
  note(kind: string, value: string, name: string): void {
    this.#notes.set(`${kind}:${value}`, name);
  }

  noted(kind: string, value: string): string | undefined {
    return this.#notes.get(`${kind}:${value}`);
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
