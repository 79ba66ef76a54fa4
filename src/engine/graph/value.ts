// Values of a program: dense, row-major tensors with a static shape.

export type Shape = readonly number[];
export type DataType = 'float' | 'int';

export interface ValueSpec {
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** A tensor in a program: produced by one node, or an input. */
export interface Value extends ValueSpec {
  readonly id: number;
  /** Unique within the program; inputs keep the name they are fed by. */
  readonly name: string;
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
