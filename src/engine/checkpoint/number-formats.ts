// Conversion between float32 and the two 16-bit float formats of checkpoints, on bit patterns.
//
//   float16  (IEEE 754 binary16): 1 sign, 5 exponent (bias 15), 10 fraction bits
//   bfloat16: the upper half of a float32: 1 sign, 8 exponent (bias 127), 7 fraction bits
//
// Widening is exact for every pattern, subnormals, infinities and NaN payloads included. Narrowing rounds to
// nearest, ties to even; values beyond the largest finite number become infinite, a NaN stays a (quiet) NaN.

/**
 * Float32 bit pattern of one float16 bit pattern.
 *
 * @param half 0..65535
 */
export function float16BitsToFloat32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  let fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  let shifted = 113; // exponent of 2^-14 in float32; each shift below halves it
  while ((fraction & 0x400) === 0) {
    fraction <<= 1;
    shifted -= 1;
  }
  return (sign | (shifted << 23) | ((fraction & 0x3ff) << 13)) >>> 0;
}

/**
 * Float16 bit pattern nearest to a float32 bit pattern, ties to even.
 *
 * @param bits 0..2^32-1
 */
export function float32BitsToFloat16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded >>> 13) - (112 << 10));
  }
  if (magnitude <= 0x33000000) return sign; // 2^-25 is half of the smallest subnormal: ties to zero
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const quotient = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (rest > middle || (rest === middle && (quotient & 1) === 1) ? quotient + 1 : quotient);
}

/**
 * Bfloat16 bit pattern nearest to a float32 bit pattern, ties to even.
 *
 * @param bits 0..2^32-1
 */
export function float32BitsToBfloat16Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) | 0x40) & 0xffff;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** All 65536 float16 values as float32 bits, 256 KiB, built on first use. */
let float16Table: Uint32Array | undefined;

/**
 * Widens float16 patterns to float32.
 *
 * @param source float16 bit patterns, [n]
 * @param target float32 values, [at least n]; the first n are written
 */
export function widenFloat16(source: Uint16Array, target: Float32Array): void {
  float16Table ??= Uint32Array.from({ length: 65536 }, (_, half) => float16BitsToFloat32Bits(half));
  const table = float16Table;
  const bits = bitsOf(target);
  for (let i = 0; i < source.length; i++) bits[i] = table[source[i]];
}

/**
 * Widens bfloat16 patterns to float32.
 *
 * @param source bfloat16 bit patterns, [n]
 * @param target float32 values, [at least n]; the first n are written
 */
export function widenBfloat16(source: Uint16Array, target: Float32Array): void {
  const bits = bitsOf(target);
  for (let i = 0; i < source.length; i++) bits[i] = source[i] << 16;
}

/**
 * Rounds float32 values to float16 patterns.
 *
 * @param source float32 values, [n]
 * @param target float16 bit patterns, [at least n]; the first n are written
 */
export function narrowToFloat16(source: Float32Array, target: Uint16Array): void {
  const bits = bitsOf(source);
  for (let i = 0; i < bits.length; i++) target[i] = float32BitsToFloat16Bits(bits[i]);
}

/**
 * Rounds float32 values to bfloat16 patterns.
 *
 * @param source float32 values, [n]
 * @param target bfloat16 bit patterns, [at least n]; the first n are written
 */
export function narrowToBfloat16(source: Float32Array, target: Uint16Array): void {
  const bits = bitsOf(source);
  for (let i = 0; i < bits.length; i++) target[i] = float32BitsToBfloat16Bits(bits[i]);
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
