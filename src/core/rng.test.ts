import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, philox } from './rng.ts';

describe('philox', () => {
  // Known answers of Philox4x32-10 as published with Random123 (kat_vectors).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('matches the published vector for counter %j', (counter, key, expected) => {
    expect(philox(counter as never, key as never)).toEqual(expected);
  });
});

describe('createRng', () => {
  it('gives the same stream for the same names and another for others', () => {
    const draw = (...parts: (string | number)[]) => createRng(1, ...parts).uniform();
    expect(draw('a', 1)).toBe(draw('a', 1));
    expect(draw('a', 1)).not.toBe(draw('a', '1'));
    expect(draw('a', 'b')).not.toBe(draw('ab'));
    expect(draw('ab', 'c')).not.toBe(draw('a', 'bc'));
  });

  it('splits without looking at what was drawn', () => {
    const stream = createRng(3);
    const before = stream.split('x').uniform();
    stream.uniform();
    expect(stream.split('x').uniform()).toBe(before);
  });

  it('draws whole numbers within bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -1000, max: 1000 }), fc.nat(1000), (seed, low, span) => {
        const value = createRng(seed).int(low, low + span);
        return Number.isInteger(value) && value >= low && value <= low + span;
      }),
    );
  });

  it('is uniform enough: chi-squared over 16 cells', () => {
    const cells = new Array<number>(16).fill(0);
    const stream = createRng(11, 'uniformity');
    for (let i = 0; i < 16000; i++) cells[Math.floor(stream.uniform() * 16)] += 1;
    const chi2 = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(37.7); // 99.9 % point at 15 degrees of freedom
  });

  it('has normal draws with mean 0 and variance 1', () => {
    const stream = createRng(5, 'normal');
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 20000; i++) {
      const x = stream.normal();
      sum += x;
      squares += x * x;
    }
    expect(Math.abs(sum / 20000)).toBeLessThan(0.03);
    expect(Math.abs(squares / 20000 - 1)).toBeLessThan(0.05);
  });

  it('shuffles into a permutation', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        const out = createRng(seed).shuffle(items);
        expect(out.slice().sort((a, b) => a - b)).toEqual(items.slice().sort((a, b) => a - b));
      }),
    );
  });
});
