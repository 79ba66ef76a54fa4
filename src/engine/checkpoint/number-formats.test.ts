// float16 and bfloat16 against the definition, the platform's own float16 where it has one, and known values.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  float16BitsToFloat32Bits,
  float32BitsToBfloat16Bits,
  float32BitsToFloat16Bits,
  narrowToBfloat16,
  narrowToFloat16,
  widenBfloat16,
  widenFloat16,
} from './number-formats.ts';

const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];
const floatOf = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0];
const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The value of a float16 pattern by its definition, in double precision. */
function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Nearest 16-bit pattern of a finite value by search over all of them, ties to the even pattern. */
function nearest(value: number, patternValue: (pattern: number) => number, infinite: number): number {
  let best = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let pattern = 0; pattern <= infinite; pattern++) {
    // infinity stands one step beyond the largest finite number, as IEEE 754 rounds
    const candidate =
      pattern === infinite
        ? 2 * patternValue(infinite - 1) - patternValue(infinite - 2)
        : patternValue(pattern);
    const off = Math.abs(Math.abs(value) - candidate);
    if (off < distance || (off === distance && pattern % 2 === 0)) [best, distance] = [pattern, off];
  }
  return best | (value < 0 || Object.is(value, -0) ? 0x8000 : 0);
}

describe('float16', () => {
  it('widens every pattern to the value of its definition', () => {
    const wide = new Float32Array(65536);
    widenFloat16(allPatterns, wide);
    for (const half of allPatterns) expect(Object.is(wide[half], float16Value(half))).toBe(true);
  });

  it.each([
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0x8000, -0],
  ])('knows 0x%s as %s, both ways', (half, value) => {
    expect(Object.is(floatOf(float16BitsToFloat32Bits(half)), value)).toBe(true);
    expect(float32BitsToFloat16Bits(bitsOf(value))).toBe(half);
  });

  it('keeps every pattern through float32 and back, NaN payloads as quiet NaNs', () => {
    const wide = new Float32Array(65536);
    const back = new Uint16Array(65536);
    widenFloat16(allPatterns, wide);
    narrowToFloat16(wide, back);
    for (const half of allPatterns) {
      const isNaN16 = (half & 0x7fff) > 0x7c00;
      expect(back[half]).toBe(isNaN16 ? half | 0x200 : half);
    }
  });

  it.each([
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [1e30, 0x7c00],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0000002, 0x0001],
    [2 ** -24 * 1.5, 0x0002],
    [2 ** -24 * 2.5, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 ** -14 - 2 ** -26, 0x0400],
    [1e-45, 0x0000],
  ])('rounds %s to nearest even', (value, half) => {
    expect(float32BitsToFloat16Bits(bitsOf(value))).toBe(half);
    expect(float32BitsToFloat16Bits(bitsOf(-value))).toBe(half | 0x8000);
  });

  it('agrees with an exhaustive search for the nearest number', () => {
    const small = fc.integer({ min: 0, max: 0x47800000 }).map(floatOf);
    fc.assert(
      fc.property(small, fc.boolean(), (magnitude, negative) => {
        const value = negative ? -magnitude : magnitude;
        expect(float32BitsToFloat16Bits(bitsOf(value))).toBe(nearest(value, float16Value, 0x7c00));
      }),
      { numRuns: 60 },
    );
  });

  it.runIf('f16round' in Math)('agrees with the platform', () => {
    const round = (Math as unknown as { f16round(x: number): number }).f16round;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (bits) => {
        const value = floatOf(bits);
        const rounded = floatOf(float16BitsToFloat32Bits(float32BitsToFloat16Bits(bits)));
        expect(Object.is(rounded, round(value))).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('bfloat16', () => {
  it('widens to the upper half of a float32', () => {
    const wide = new Float32Array(65536);
    widenBfloat16(allPatterns, wide);
    const bits = new Uint32Array(wide.buffer);
    for (const half of allPatterns) expect(bits[half]).toBe((half << 16) >>> 0);
  });

  // from PyTorch 1.13: torch.tensor(x).to(torch.bfloat16).view(torch.int16)
  it.each([
    [1, 0x3f80],
    [-2.5, 0xc020],
    [3.14159274, 0x4049],
    [0.1, 0x3dcd],
    [1.00390625, 0x3f80],
    [1.01171875, 0x3f82],
    [3.4e38, 0x7f80],
    [3.38e38, 0x7f7e],
    [1e-40, 0x0001],
    [1e-45, 0x0000],
    [65504, 0x4780],
    [-0, 0x8000],
    [Number.NEGATIVE_INFINITY, 0xff80],
  ])('rounds %s to nearest even', (value, half) => {
    expect(float32BitsToBfloat16Bits(bitsOf(value))).toBe(half);
  });

  it('keeps NaN a NaN whose payload lies in the dropped bits', () => {
    expect(float32BitsToBfloat16Bits(0x7f800001)).toBe(0x7fc0);
    expect(float32BitsToBfloat16Bits(0xffffffff)).toBe(0xffff);
  });

  it('rounds by at most half a step, and stays put on what is already a bfloat16', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, max: 2 ** 127, min: -(2 ** 127) }),
        (value) => {
          const half = new Uint16Array(1);
          const back = new Float32Array(1);
          narrowToBfloat16(Float32Array.of(value), half);
          widenBfloat16(half, back);
          expect(Math.abs(back[0] - value)).toBeLessThanOrEqual(
            Math.max(Math.abs(value) * 2 ** -8, 2 ** -134),
          );
          const again = new Uint16Array(1);
          narrowToBfloat16(back, again);
          expect(again[0]).toBe(half[0]);
        },
      ),
    );
  });
});
