// Two numbers on aligned tapes p and q: the same index holds the same decimal place, so that heads move in step.
// Both are padded with `_` to common width, the point is a cell of its own, and one cell beyond the number is a
// sentinel. Text order is most significant place first. Decimals follow the paper's † (a point at any digit).

import type { Rng } from '../../core/rng.ts';
import type { Cell } from './types.ts';

export const DIGITS = '0123456789'.split('');
export const BLANK = '_';
export const POINT = '.';

/** A number without a leading zero (the number 0 itself aside), with `length` digits. */
export function drawDigits(rng: Rng, length: number): string {
  if (length === 1) return String(rng.int(0, 9));
  let text = String(rng.int(1, 9));
  for (let i = 1; i < length; i++) text += String(rng.int(0, 9));
  return text;
}

/** Inserts a point after a random digit; half of the time none. Its integer part gets no leading zeros. */
export function withPoint(rng: Rng, digits: string): string {
  if (digits.length === 1 || rng.chance(0.5)) return digits;
  const at = rng.int(1, digits.length - 1);
  return `${digits.slice(0, at)}${POINT}${digits.slice(at)}`;
}

/** Integer and fraction digits of a decimal text. */
export function splitPoint(text: string): [whole: string, fraction: string] {
  const [whole = '', fraction = ''] = text.split(POINT);
  return [whole, fraction];
}

/** Both numbers as whole numbers of the smaller unit, with the number of decimals of that unit. */
export function scaled(x: string, y: string): { x: bigint; y: bigint; decimals: number } {
  const [[xWhole, xFraction], [yWhole, yFraction]] = [splitPoint(x), splitPoint(y)];
  const decimals = Math.max(xFraction.length, yFraction.length);
  return {
    x: BigInt(xWhole + xFraction.padEnd(decimals, '0')),
    y: BigInt(yWhole + yFraction.padEnd(decimals, '0')),
    decimals,
  };
}

/** Both numbers padded with blanks to the same places, most significant first. */
export function aligned(x: string, y: string): [string[], string[]] {
  const parts = [splitPoint(x), splitPoint(y)];
  const whole = Math.max(...parts.map(([digits]) => digits.length));
  const decimals = Math.max(...parts.map(([, digits]) => digits.length));
  const [first, second] = parts.map(([digits, fraction]) => {
    const symbols = [...digits.padStart(whole, BLANK)];
    if (decimals > 0) symbols.push(fraction === '' ? BLANK : POINT, ...fraction.padEnd(decimals, BLANK));
    return symbols;
  });
  return [first as string[], second as string[]];
}

/** Symbols onto a tape, most significant first, the last one at index `lowest`. */
export function descending(tape: string, symbols: readonly string[], lowest: number): Cell[] {
  return symbols.map((symbol, i) => ({ at: `${tape}${lowest + symbols.length - 1 - i}`, symbol }));
}

/** A decimal without trailing zeros or a bare point, so that `4.0` and `4` are equal. */
export function normaliseDecimal(text: string): string {
  const [whole, fraction] = splitPoint(text);
  const significant = fraction.replace(/0+$/, '');
  return `${whole.replace(/^0+(?=\d)/, '')}${significant === '' ? '' : POINT + significant}`;
}
