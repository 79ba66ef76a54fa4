// Ragged rows: one Float64Array per sequence, one number per response token. No padding exists anywhere in
// the objectives, so nothing can leak in from it.

import { TouchstoneError } from '../../core/index.ts';

/** Row i holds one number per response token of sequence i. */
export type TokenRows = readonly Float64Array[];

/** Rows of the same shape, all zero. */
export function zeroRows(like: TokenRows): Float64Array[] {
  return like.map((row) => new Float64Array(row.length));
}

/** Rows of plain numbers as TokenRows. */
export function toRows(rows: readonly (readonly number[])[]): Float64Array[] {
  return rows.map((row) => Float64Array.from(row));
}

/** Number of tokens a mask row lets through; the whole length without a mask. */
export function trainedTokens(length: number, mask: Float64Array | undefined): number {
  if (mask === undefined) return length;
  let count = 0;
  for (let t = 0; t < length; t++) if (mask[t] !== 0) count++;
  return count;
}

/** Throws `bad-shape` unless both rows have the same lengths. */
export function checkSameShape(name: string, rows: TokenRows, like: TokenRows): void {
  const fault = rows.length !== like.length ? -1 : rows.findIndex((row, i) => row.length !== like[i].length);
  if (rows.length === like.length && fault === -1) return;
  const what =
    fault < 0 ? `${rows.length} rows for ${like.length}` : `row ${fault} has ${rows[fault].length} tokens`;
  throw new TouchstoneError('bad-shape', `${name}: ${what}, log-probabilities have another shape`);
}
