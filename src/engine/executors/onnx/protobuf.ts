// The few ONNX protobuf messages that a graph needs (onnx.proto3: ModelProto, GraphProto, NodeProto,
// TensorProto, ValueInfoProto), written by hand so that no protobuf library is needed.

const ELEMENT_TYPE = { float: 1, int32: 6, int64: 7, bool: 9 } as const;

export type ElementType = keyof typeof ELEMENT_TYPE;
export type AttributeValue = number | string | readonly number[] | { float: number };

const encoder = new TextEncoder();

/** An append-only protobuf message. */
class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  #raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  #varint(value: number): this {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    return this.#raw(Uint8Array.from(bytes));
  }

  int(field: number, value: number): this {
    return this.#varint(field << 3).#varint(value);
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#varint((field << 3) | 5).#raw(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#varint((field << 3) | 2)
      .#varint(value.length)
      .#raw(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

export interface OnnxNode {
  type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
  domain: string;
}

export interface OnnxTensor {
  name: string;
  type: ElementType;
  shape: readonly number[];
  data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

export interface OnnxValue {
  name: string;
  type: ElementType;
  shape: readonly number[];
}

function tensorMessage(tensor: OnnxTensor): Message {
  const message = new Message();
  for (const extent of tensor.shape) message.int(1, extent);
  const { data } = tensor;
  return message
    .int(2, ELEMENT_TYPE[tensor.type])
    .text(8, tensor.name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function valueMessage(value: OnnxValue): Message {
  const shape = new Message();
  for (const extent of value.shape) shape.message(1, new Message().int(1, extent));
  const tensorType = new Message().int(1, ELEMENT_TYPE[value.type]).message(2, shape);
  return new Message().text(1, value.name).message(2, new Message().message(1, tensorType));
}

function attributeMessage(name: string, value: AttributeValue): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if (typeof value === 'string') return message.text(4, value).int(20, 3);
  if ('float' in value) return message.float(2, value.float).int(20, 1);
  for (const element of value) message.int(8, element);
  return message.int(20, 7);
}

function nodeMessage(node: OnnxNode, index: number): Message {
  const message = new Message();
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, `${node.type}_${index}`).text(4, node.type);
  for (const [name, value] of Object.entries(node.attributes))
    message.message(5, attributeMessage(name, value));
  return node.domain === '' ? message : message.text(7, node.domain);
}

/** A serialised ModelProto: IR version 10, opset 21 and the com.microsoft contributed operators. */
export function encodeModel(graph: {
  nodes: readonly OnnxNode[];
  initialisers: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}): Uint8Array {
  const message = new Message();
  graph.nodes.forEach((node, index) => {
    message.message(1, nodeMessage(node, index));
  });
  message.text(2, 'touchstone');
  for (const tensor of graph.initialisers) message.message(5, tensorMessage(tensor));
  for (const value of graph.inputs) message.message(11, valueMessage(value));
  for (const value of graph.outputs) message.message(12, valueMessage(value));
  const opset = (domain: string, version: number) => new Message().text(1, domain).int(2, version);
  return new Message()
    .int(1, 10)
    .message(7, message)
    .message(8, opset('', 21))
    .message(8, opset('com.microsoft', 1))
    .finish();
}
