// Hostile answers for checkers: unusual Unicode, 64 kB strings, deep brackets, words that are numbers or property
// names in JavaScript, LaTeX remains, and random mixtures of these. Deterministic for a stream.

import type { Rng } from '../../core/index.ts';

const FIXED: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\ufeff',
  '\u202e123',
  '\ud800',
  '𝟙𝟚𝟛',
  '１２３',
  '٣',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '1e-999',
  '0x10',
  '0b1',
  '1_000',
  '-',
  '--1',
  '+',
  '.',
  ',',
  ',,,',
  '=',
  '[]',
  '[[]]',
  '{}',
  '()',
  '(',
  ')',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '__proto__=knight',
  '\\frac{1}{0}',
  '\\boxed{}',
  '1/0',
  '0/0',
  '9^9^9^9',
  '2^99999',
  '(((1)))',
  '1,2,3,',
  '<answer>1</answer>',
  '</think>',
  '$1',
  "'; DROP TABLE x; --",
];

const LONG: readonly string[] = [
  'a'.repeat(65536),
  '9'.repeat(65536),
  '('.repeat(65536),
  '[]'.repeat(32768),
  '1+'.repeat(32768),
  '1 '.repeat(32768),
  ' '.repeat(65536),
  '\n'.repeat(65536),
  'A '.repeat(32768),
  '#A '.repeat(21845),
  '-'.repeat(65536),
  '1,'.repeat(32768),
  '((((1+'.repeat(10000),
  '2^'.repeat(900),
  '-'.repeat(1900),
];

const PIECES = [
  ...'0123456789+-*/^()[]{}.,;:=#<>\\"\'_ABCxyz \n\t',
  '−',
  '×',
  '中',
  '😀',
  '\\',
  'knight',
  'e9',
  'T',
];

/** `count` strings: the fixed ones first, then random mixtures. */
export function fuzzStrings(rng: Rng, count: number): string[] {
  const out = [...LONG, ...FIXED];
  while (out.length < count) {
    const length = rng.int(1, rng.chance(0.05) ? 400 : 24);
    out.push(Array.from({ length }, () => rng.pick(PIECES)).join(''));
  }
  return out.slice(0, Math.max(count, LONG.length + FIXED.length));
}
