// Two numbers on aligned tapes p and q: the same index holds the same decimal place, so that heads move in
// step. Both are padded with `_` to common width, the point is a cell of its own, and one cell beyond the
// number is a sentinel. Text order is most significant place first. Decimals: the paper's † (a point at any
// digit of either operand), except that the length bounds the places of both together, so that addresses and
// traces stay short.

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

/** A number with so many digits before and after the point; without a point when there are none after it. */
export function drawNumber(rng: Rng, whole: number, fraction: number): string {
  const digits = Array.from({ length: fraction }, () => String(rng.int(0, 9))).join('');
  return drawDigits(rng, whole) + (fraction === 0 ? '' : POINT + digits);
}

/** Digits before and after the point of two numbers that together span `length` places. */
export function drawPlaces(rng: Rng, length: number, decimals: boolean): [number, number][] {
  const fraction = decimals ? rng.int(0, length - 1) : 0;
  const whole = length - fraction;
  const wholes = rng.shuffle([whole, rng.int(Math.ceil(whole / 2), whole)]);
  const fractions = rng.shuffle([fraction, rng.int(0, fraction)]);
  return wholes.map((digits, i) => [digits, fractions[i] as number]);
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
