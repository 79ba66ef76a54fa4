// ar.base: numbers in other positional systems. Digits above 9 are A…Z; balanced ternary writes -1 as T. The
// oracle works with big whole numbers and repeated division; the second checker goes the other way, summing digit
// times power, and the second solver of addition and subtraction works digit by digit as at school.

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { compareForms, knob, type Level, type TaskDef } from '../task.ts';

type Digits = { ask: string; numerals: string[]; base: number; to: number };

type Variant = 'convert' | 'add' | 'subtract' | 'negative-base' | 'balanced-ternary';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { low: 20, high: 999 } },
  { name: 'easy', knobs: { low: 1_000, high: 99_999 } },
  { name: 'medium', knobs: { low: 100_000, high: 99_999_999 } },
  { name: 'hard', knobs: { low: 1e9, high: 9e11 } },
  { name: 'extreme', knobs: { low: 1e12, high: 9e15 } },
];

const SYMBOLS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const SPEC = 'Digits above 9 are written A, B, C and so on.';

const ASK: Readonly<Record<Variant, string>> = {
  convert: `The number {a} is written in base {base}. Write it in base {to}. ${SPEC}`,
  add: `Add {a} and {b}, both written in base {base}. Write the sum in base {base}. ${SPEC}`,
  subtract: `Subtract {b} from {a}, both written in base {base}. Write the difference in base {base}. ${SPEC}`,
  'negative-base':
    'Write the decimal number {a} in base {to} (a negative base: place values are powers of {to}, every digit is from 0 to one less than the absolute value of the base, and no minus sign is used).',
  'balanced-ternary':
    'Write the decimal number {a} in balanced ternary: place values are powers of 3 and every digit is 1, 0 or T, where T stands for minus one.',
};

const TEMPLATES: Templates = {
  en: [
    '{ask} Answer with the digits only.',
    'Number systems. {ask} Give nothing but the digits.',
    '{ask}\n\nThe answer is the string of digits, without prefix, spaces or base mark.',
  ],
};

/** Digits of a whole number in a base of absolute value at least 2, least non-negative remainders. */
export function toBase(value: bigint, base: number): string {
  if (value === 0n) return '0';
  const radix = BigInt(base);
  const size = radix < 0n ? -radix : radix;
  let rest = value;
  let text = '';
  while (rest !== 0n) {
    const digit = ((rest % size) + size) % size;
    text = SYMBOLS[Number(digit)] + text;
    rest = (rest - digit) / radix;
  }
  return text;
}

/** Balanced ternary of a whole number. */
export function toBalanced(value: bigint): string {
  let rest = value;
  let text = '';
  while (rest !== 0n) {
    const digit = ((rest % 3n) + 3n) % 3n;
    text = '01T'[Number(digit)] + text;
    rest = (rest - (digit === 2n ? -1n : digit)) / 3n;
  }
  return text === '' ? '0' : text;
}

/** The value of digits in a base, by Horner's rule. */
function fromBase(digits: string, base: number): bigint {
  let value = 0n;
  for (const char of digits) value = value * BigInt(base) + BigInt(SYMBOLS.indexOf(char));
  return value;
}

function decimal(rng: Rng, level: number): bigint {
  return BigInt(
    Math.floor(
      knob(LEVELS, level, 'low') + rng.uniform() * (knob(LEVELS, level, 'high') - knob(LEVELS, level, 'low')),
    ),
  );
}

function draw(variant: Variant, rng: Rng, level: number): Digits | null {
  const values = [decimal(rng, level), decimal(rng, level)];
  if (variant === 'balanced-ternary' || variant === 'negative-base') {
    const value = rng.chance(0.5) ? values[0] : -values[0];
    const to = variant === 'balanced-ternary' ? 3 : -rng.int(2, 9);
    return { ask: variant, numerals: [`${value}`], base: 10, to };
  }
  const base = rng.pick([2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 20, 36]);
  if (variant === 'convert') {
    const to = rng.pick([2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16]);
    const [from, into] = rng.chance(0.5) ? [10, to] : [base, to];
    return from === into ? null : { ask: variant, numerals: [toBase(values[0], from)], base: from, to: into };
  }
  values.sort((a, b) => (a < b ? 1 : -1));
  if (values[0] === values[1]) return null;
  return { ask: variant, numerals: values.map((value) => toBase(value, base)), base, to: base };
}

function answerOf({ ask, numerals, base, to }: Digits): string {
  if (ask === 'balanced-ternary') return toBalanced(BigInt(numerals[0]));
  if (ask === 'negative-base') return toBase(BigInt(numerals[0]), to);
  const [a, b] = numerals.map((digits) => fromBase(digits, base));
  return toBase(ask === 'add' ? a + b : ask === 'subtract' ? a - b : a, to);
}

/** Digits in normal form: upper case, no leading zeros. */
function normal(answer: string): string | null {
  const text = answer.trim().toUpperCase();
  return /^[0-9A-Z]{1,200}$/.test(text) ? text.replace(/^0+(?=.)/, '') : null;
}

/** Whether digits denote the asked value, by summing digit times power. */
function denotes(instance: Digits, answer: string): boolean {
  const digits = normal(answer);
  if (digits === null) return false;
  const balanced = instance.ask === 'balanced-ternary';
  let sum = 0n;
  let place = 1n;
  for (let i = digits.length - 1; i >= 0; i--) {
    const digit = balanced && digits[i] === 'T' ? -1 : SYMBOLS.indexOf(digits[i]);
    if (digit >= (balanced ? 2 : Math.abs(instance.to))) return false;
    sum += BigInt(digit) * place;
    place *= BigInt(instance.to);
  }
  const plain = instance.ask === 'balanced-ternary' || instance.ask === 'negative-base';
  const [a, b] = instance.numerals.map((text) => (plain ? BigInt(text) : fromBase(text, instance.base)));
  return sum === (instance.ask === 'add' ? a + b : instance.ask === 'subtract' ? a - b : a);
}

/** Column addition or subtraction with carry. */
function bySchool({ ask, numerals, base }: Digits): string {
  const [a, b] = numerals.map((digits) => [...digits].reverse().map((char) => SYMBOLS.indexOf(char)));
  let carry = 0;
  let text = '';
  for (let i = 0; i < Math.max(a.length, b.length) || carry > 0; i++) {
    let column = (a[i] ?? 0) + (ask === 'add' ? (b[i] ?? 0) + carry : -(b[i] ?? 0) - carry);
    carry = 0;
    if (column >= base || column < 0) {
      carry = 1;
      column += column < 0 ? base : -base;
    }
    text = SYMBOLS[column] + text;
  }
  while (text.length > 1 && text.startsWith('0')) text = text.slice(1);
  return text;
}

function task(variant: Variant): TaskDef<Digits> {
  return {
    id: `ar.base/${variant}`,
    version: 1,
    group: 'arithmetic',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.03,
    capacity: [10, 16, 26, 39, 52],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) =>
      retry(rng, 100, (attempt) => {
        const instance = draw(variant, attempt, level);
        return instance === null || instance.numerals.some((text) => text.includes(answerOf(instance)))
          ? null
          : instance;
      }),
    prompt: (instance, template, language) => {
      const { numerals, base, to } = instance;
      const slots: Record<string, string> = {
        a: numerals[0],
        b: numerals[1] ?? '',
        base: `${base}`,
        to: `${to}`,
      };
      const ask = ASK[variant].replace(/\{(a|b|base|to)\}/g, (_, name: string) => slots[name]);
      return compose(TEMPLATES, template, language, { ask });
    },
    oracle: answerOf,
    check: (instance, answer) => compareForms(normal(answer), answerOf(instance), 'a string of digits'),
    difficulty: (instance) =>
      Number(instance.numerals.map((digits) => fromBaseSafe(digits, instance)).join('').length),
    attacks: (instance) => [...instance.numerals, `-${answerOf(instance)}`, `${answerOf(instance)}.0`],
    ...(variant === 'add' || variant === 'subtract' ? { secondSolver: bySchool } : {}),
    secondCheck: denotes,
  };
}

/** Decimal digits of an operand, so that sizes compare across bases. */
function fromBaseSafe(digits: string, instance: Digits): bigint {
  return digits.startsWith('-') ? -BigInt(digits) : fromBase(digits, instance.base);
}

/** Positional number systems. */
export const tasks: readonly TaskDef[] = (
  ['convert', 'add', 'subtract', 'negative-base', 'balanced-ternary'] as const
).map(task);
