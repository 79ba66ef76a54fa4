// What the table holds for every operation: its shape rule, its gradient rule and its reference kernel (plain
// float64 loops, the oracle of every other executor).

import { TouchstoneError } from '../../core/errors.ts';
import type { GraphBuilder } from '../graph/program.ts';
import type { Shape, Value, ValueSpec } from '../graph/value.ts';

export type Numbers = Float64Array | Int32Array;

/** A tensor of the reference executor. */
export interface ReferenceTensor {
  shape: Shape;
  data: Numbers;
}

export interface Operation<A> {
  /** Output shapes and types; throws `bad-shape` naming what does not fit. */
  infer(inputs: readonly ValueSpec[], attributes: A): ValueSpec[];
  /**
   * Gradients of the inputs given those of the outputs (`undefined` = zero). Only inputs flagged in `wanted` are
   * needed. Absent for operations that are never differentiated.
   */
  gradient?(
    graph: GraphBuilder,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: A,
    outputGradients: readonly (Value | undefined)[],
    wanted: readonly boolean[],
  ): (Value | undefined)[];
  /** Fills `outputs` (zero-initialised). */
  reference(inputs: readonly ReferenceTensor[], outputs: readonly ReferenceTensor[], attributes: A): void;
}

/** Throws `bad-shape` unless the condition holds. */
export function expectShape(
  condition: boolean,
  operation: string,
  shapes: readonly ValueSpec[],
  rule: string,
): void {
  if (condition) return;
  const got = shapes.map((spec) => `[${spec.shape.join(', ')}]`).join(' ');
  throw new TouchstoneError('bad-shape', `${operation}: got ${got}`, { hint: rule });
}

export const float = (...shape: number[]): ValueSpec => ({ shape, dtype: 'float' });
