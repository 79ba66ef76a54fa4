// The closed table of operations. Everything an executor has to implement is listed here.

import type { GraphBuilder, Node } from '../graph/program.ts';
import type { Value, ValueSpec } from '../graph/value.ts';
import { attention, attentionGradient, decodeAttention } from './attention.ts';
import { add, reshape } from './elementwise.ts';
import { gather, scatterAdd } from './gather.ts';
import { columnSum, linear, linearInputGradient, linearWeightGradient } from './linear.ts';
import type { Operation, ReferenceTensor } from './operation.ts';
import { rmsNorm, rmsNormGradient } from './rms-norm.ts';
import { rope } from './rope.ts';
import { swiglu, swigluGradient } from './swiglu.ts';
import { tokenLogProb, tokenLogProbGradient } from './token-log-prob.ts';

export const OPERATIONS = {
  add,
  reshape,
  gather,
  scatterAdd,
  linear,
  linearInputGradient,
  linearWeightGradient,
  columnSum,
  rmsNorm,
  rmsNormGradient,
  rope,
  swiglu,
  swigluGradient,
  attention,
  attentionGradient,
  decodeAttention,
  tokenLogProb,
  tokenLogProbGradient,
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type AttributesOf<K extends OperationName> =
  (typeof OPERATIONS)[K] extends Operation<infer A> ? A : never;

/** The table seen without the link between an operation's name and its attributes, for generic walks. */
const UNTYPED = OPERATIONS as unknown as Record<OperationName, Operation<unknown>>;

export function inferShapes<K extends OperationName>(
  name: K,
  inputs: readonly ValueSpec[],
  attributes: AttributesOf<K>,
): ValueSpec[] {
  return UNTYPED[name].infer(inputs, attributes);
}

export function gradientOf(
  graph: GraphBuilder,
  node: Node,
  outputGradients: readonly (Value | undefined)[],
  wanted: readonly boolean[],
): (Value | undefined)[] {
  const rule = UNTYPED[node.operation].gradient;
  if (rule === undefined) throw new Error(`operation ${node.operation} has no gradient rule`);
  return rule(graph, node.inputs, node.outputs, node.attributes, outputGradients, wanted);
}

export function runReference(
  node: Node,
  inputs: readonly ReferenceTensor[],
  outputs: readonly ReferenceTensor[],
): void {
  UNTYPED[node.operation].reference(inputs, outputs, node.attributes);
}
