// Exact fractions over bigint, always in lowest terms with a positive denominator. Operations that would make
// numbers beyond 4,096 bits return null, as does division by zero, so that an answer cannot make us compute long.

/** A fraction in lowest terms. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

/** About 1,233 decimal digits. */
const LIMIT = 1n << 4096n;

/** The fraction num/den, or null when it does not exist or is too large. */
export function rational(num: bigint, den = 1n): Rational | null {
  if (den === 0n) return null;
  const divisor = gcd(num, den) * (den < 0n ? -1n : 1n);
  const value = { num: num / divisor, den: den / divisor };
  return value.num > LIMIT || value.num < -LIMIT || value.den > LIMIT ? null : value;
}

/** Greatest common divisor, not negative; 1 for (0, 0) so that it can divide. */
export function gcd(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}

export function add(a: Rational, b: Rational): Rational | null {
  return rational(a.num * b.den + b.num * a.den, a.den * b.den);
}

export function subtract(a: Rational, b: Rational): Rational | null {
  return rational(a.num * b.den - b.num * a.den, a.den * b.den);
}

export function multiply(a: Rational, b: Rational): Rational | null {
  return rational(a.num * b.num, a.den * b.den);
}

export function divide(a: Rational, b: Rational): Rational | null {
  return rational(a.num * b.den, a.den * b.num);
}

/** a to a whole power from 0 to 64; null otherwise. 0^0 is null. */
export function power(a: Rational, b: Rational): Rational | null {
  if (b.den !== 1n || b.num < 0n || b.num > 64n || (a.num === 0n && b.num === 0n)) return null;
  let value: Rational | null = { num: 1n, den: 1n };
  for (let i = 0n; i < b.num && value !== null; i++) value = multiply(value, a);
  return value;
}

export function negate(a: Rational): Rational {
  return { num: -a.num, den: a.den };
}

/** `n` or `n/d`. */
export function showRational(a: Rational): string {
  return a.den === 1n ? `${a.num}` : `${a.num}/${a.den}`;
}
