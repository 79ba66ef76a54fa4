import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../core/index.ts';
import { toBalanced, toBase } from '../arithmetic/base.ts';
import { solveAllDifferent } from './all-different.ts';
import { exactCovers } from './exact-cover.ts';
import { evaluate, parseExpression } from './expression.ts';
import { bothWays, pathsWithin, shortestPath } from './graph.ts';
import { compose, fill } from './phrase.ts';
import { showRational } from './rational.ts';
import { retry } from './retry.ts';
import { evaluateRpn } from './rpn.ts';
import { parseGrid, parseInteger, parseIntegers } from './text.ts';

const shownValue = (text: string) => {
  const tree = parseExpression(text);
  const value = tree && evaluate(tree);
  return value && showRational(value);
};

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3', '7'],
    ['-3^2', '-9'],
    ['(-3)^2', '9'],
    ['2^3^2', '512'],
    ['1 / 3 + 1 / 6', '1/2'],
    ['10 - 4 - 3', '3'],
    ['\\frac', null],
    ['1 +', null],
    ['(1', null],
    ['1 / (2 - 2)', null],
    ['2^65', null],
    ['2 3', null],
    ['', null],
  ])('%s = %s', (text, value) => {
    expect(shownValue(text)).toBe(value);
  });

  const tree: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.nat(30).map(String),
      fc
        .tuple(tie('node'), fc.constantFrom('+', '-', '*', '/'), tie('node'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('node').map((a) => `(-${a})`),
    ),
  })).node;

  it('agree with the second evaluator', () => {
    fc.assert(
      fc.property(tree, (text) => {
        const one = parseExpression(text);
        const value = one && evaluate(one);
        const other = evaluateRpn(text);
        if (value === null || other === null) return value === null && other === null;
        return value.num * other[1] === other[0] * value.den;
      }),
    );
  });

  it('never throw', () => {
    const piece = fc.constantFrom('1', '23', '+', '-', '*', '/', '^', '(', ')', ' ', 'x', '\\times');
    fc.assert(
      fc.property(fc.array(piece), (parts) => {
        shownValue(parts.join(''));
      }),
    );
  });
});

describe('positional systems', () => {
  it('agree with the built-in conversion and undo', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 80n }), fc.integer({ min: 2, max: 36 }), (value, base) => {
        return toBase(value, base) === value.toString(base).toUpperCase();
      }),
    );
  });

  it('balanced ternary of -n swaps 1 and T', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 80n }), (value) => {
        const swapped = toBalanced(value).replace(/[1T]/g, (digit) => (digit === '1' ? 'T' : '1'));
        return toBalanced(-value) === swapped;
      }),
    );
  });
});

describe('solvers', () => {
  const size = 4;
  const cells = Array.from({ length: 16 }, (_, i) => i);
  const lines = [0, 1, 2, 3].flatMap((k) => [
    cells.filter((c) => c >> 2 === k),
    cells.filter((c) => c % 4 === k),
  ]);
  const boxes = [0, 1, 2, 3].map((k) => cells.filter((c) => (c >> 3) * 2 + ((c % 4) >> 1) === k));

  it('count the 576 Latin squares and 288 Sudoku grids of size 4', () => {
    const allowed = cells.map(() => 0b1111);
    expect(solveAllDifferent({ groups: lines, allowed }, 9999).solutions).toHaveLength(576);
    expect(solveAllDifferent({ groups: [...lines, ...boxes], allowed }, 9999).solutions).toHaveLength(288);
    const groups = [...lines, ...boxes];
    const rows = cells.flatMap((cell) =>
      [0, 1, 2, 3].map((v) => [
        `c${cell}`,
        ...groups.flatMap((g, i) => (g.includes(cell) ? [`g${i}v${v}`] : [])),
      ]),
    );
    const columns = new Set(rows.flat());
    expect(columns.size).toBe(16 + 12 * size);
    expect(exactCovers(columns, rows, 9999)).toHaveLength(288);
  });

  it("solve the exact cover of Knuth's paper: rows 1, 4 and 5", () => {
    const rows = ['CEF', 'ADG', 'BCF', 'AD', 'BG', 'DEG'].map((row) => [...row]);
    expect(exactCovers('ABCDEFG', rows, 9).map((cover) => cover.sort())).toEqual([[0, 3, 4]]);
  });

  it('find shortest paths that enumeration confirms', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 6 }), (seed, maxEdges) => {
        const rng = createRng(seed);
        const edges = bothWays(
          Array.from({ length: 9 }, () => ({
            from: rng.int(0, 6),
            to: rng.int(0, 6),
            weight: rng.int(1, 9),
          })),
        );
        const best = shortestPath(7, edges, 0, 6, maxEdges);
        const all = (length: number) => pathsWithin(7, edges, 0, 6, length, maxEdges, 1);
        return best === null
          ? all(999).length === 0
          : all(best.length).length === 1 && all(best.length - 1).length === 0;
      }),
    );
  });
});

describe('reading answers', () => {
  it.each([
    ['42', '42'],
    [' -007 ', '-7'],
    ['1,234', '1234'],
    ['1{,}234{,}567', '1234567'],
    ['−5', '-5'],
    ['-0', '0'],
    ['1,23', null],
    ['12.0', null],
    ['1e3', null],
    ['٣', null],
    ['4 2', null],
  ])('%s is %s', (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });

  it('lists and grids', () => {
    expect(parseIntegers('[1, 2, -3]')).toEqual(['1', '2', '-3']);
    expect(parseIntegers('1 2 3')).toEqual(['1', '2', '3']);
    expect(parseIntegers('1,,2')).toBeNull();
    expect(parseIntegers('1, x')).toBeNull();
    expect(parseGrid('# .\n. #\n', '#.', 2, 2)).toEqual(['#.', '.#']);
    expect(parseGrid('#.\n', '#.', 2, 2)).toBeNull();
    expect(parseGrid('#x\n..', '#.', 2, 2)).toBeNull();
  });
});

describe('prompts and attempts', () => {
  it('fills a slot once and complains about a missing one', () => {
    expect(fill('{a} {b}', { a: '{b}', b: '1' })).toBe('{b} 1');
    expect(() => fill('{a}', {})).toThrow(/slot a has no value/);
    expect(() => compose({ en: ['x'] }, 0, 'zh', {})).toThrow(/no template 0 in language zh/);
    expect(() => compose({ en: ['x'] }, 1, 'en', {})).toThrow(/no template 1/);
  });

  it('gives up with a fault after the stated attempts', () => {
    let tries = 0;
    const never = () => {
      tries++;
      return null;
    };
    expect(() => retry(createRng(1), 7, never)).toThrow(/no instance in 7 attempts/);
    expect(tries).toBe(7);
  });
});
