// ar.chain: evaluate a whole-number expression. Variants change which operators and brackets occur, and with them
// the rules of precedence that are needed. The oracle evaluates a parsed tree; the second solver is a
// shunting-yard machine on the text. Division is left to other families, so that values stay whole.

import type { Rng } from '../../core/index.ts';
import { evaluate, parseExpression, partsOf } from '../kits/expression.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { evaluateRpn } from '../kits/rpn.ts';
import { parseInteger } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef } from '../task.ts';

type Chain = { expression: string };

type Variant = 'plus-minus' | 'times' | 'brackets' | 'unary-minus' | 'powers';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { terms: 3, low: 2, high: 30 } },
  { name: 'easy', knobs: { terms: 4, low: 2, high: 60 } },
  { name: 'medium', knobs: { terms: 6, low: 2, high: 99 } },
  { name: 'hard', knobs: { terms: 9, low: 2, high: 199 } },
  { name: 'extreme', knobs: { terms: 13, low: 11, high: 499 } },
];

const RULES =
  'Multiplication comes before addition and subtraction; a power comes before a minus sign in front of it.';

const TEMPLATES: Templates = {
  en: [
    `Evaluate this expression:\n\n{expression}\n\n${RULES} Give one whole number.`,
    `What is the value of the following?\n\n{expression}\n\n${RULES} The answer is a whole number, possibly negative.`,
    `Compute, step by step if you like:\n\n{expression}\n\n${RULES} Answer with a single whole number.`,
  ],
  zh: [
    '计算下面的算式：\n\n{expression}\n\n先乘方，再乘法，最后加减；乘方先于它前面的负号。请给出一个整数。',
    '下式的值是多少？\n\n{expression}\n\n先乘方，再乘法，最后加减；乘方先于它前面的负号。答案是一个整数，可能为负。',
    '请算出：\n\n{expression}\n\n先乘方，再乘法，最后加减；乘方先于它前面的负号。只需回答一个整数。',
  ],
};

function flat(
  rng: Rng,
  terms: number,
  operand: (first: boolean) => string,
  operators: readonly string[],
): string {
  let text = operand(true);
  for (let i = 1; i < terms; i++) text += ` ${rng.pick(operators)} ${operand(false)}`;
  return text;
}

function nested(rng: Rng, terms: number, operand: () => string, depth: number): string {
  if (terms === 1) return operand();
  const left = rng.int(1, terms - 1);
  // A long product of sums would outgrow every other variant, so products have one short side.
  const op = Math.min(left, terms - left) === 1 ? rng.pick(['+', '-', '*']) : rng.pick(['+', '-']);
  const text = `${nested(rng, left, operand, depth + 1)} ${op} ${nested(rng, terms - left, operand, depth + 1)}`;
  return depth === 0 ? text : `(${text})`;
}

function draw(variant: Variant, rng: Rng, level: number): string {
  const terms = knob(LEVELS, level, 'terms');
  const low = knob(LEVELS, level, 'low');
  const number = () => `${rng.int(low, knob(LEVELS, level, 'high'))}`;
  if (variant === 'plus-minus') return flat(rng, terms, number, ['+', '-']);
  if (variant === 'times') return flat(rng, terms, number, ['+', '-', '*']);
  if (variant === 'brackets') return nested(rng, terms, number, 0);
  if (variant === 'unary-minus') {
    const operand = (first: boolean) => {
      const inner = rng.chance(0.4) ? `-(${number()} ${rng.pick(['+', '-'])} -${number()})` : `-${number()}`;
      return first ? inner : `(${inner})`;
    };
    return flat(rng, terms, (first) => (rng.chance(0.6) ? operand(first) : number()), ['+', '-', '-', '*']);
  }
  const power = (first: boolean) => {
    const text = `${rng.int(2, 6 + 2 * level)}^${rng.int(2, 3)}`;
    return first && rng.chance(0.5) ? `-${text}` : text;
  };
  return flat(rng, terms, (first) => (rng.chance(0.5) ? power(first) : number()), ['+', '-', '*']);
}

/** What makes the variant the variant; a draw without it is drawn again. */
const REQUIRED: Readonly<Record<Variant, (text: string) => boolean>> = {
  'plus-minus': () => true,
  times: (text) => text.includes('*') && /[+-]/.test(text),
  brackets: (text) => value(text.replace(/[()]/g, '')) !== value(text),
  'unary-minus': (text) => text.startsWith('-') || text.includes('(-'),
  powers: (text) => text.includes('^'),
};

function value(expression: string): string {
  const tree = parseExpression(expression);
  const result = tree === null ? null : evaluate(tree);
  if (result === null || result.den !== 1n)
    throw new RangeError(`not a whole-number expression: ${expression}`);
  return result.num.toString();
}

function task(variant: Variant): TaskDef<Chain> {
  return {
    id: `ar.chain/${variant}`,
    version: 1,
    group: 'arithmetic',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.03,
    capacity: [14, 20, 30, 40, 60],
    templates: 3,
    languages: ['en', 'zh'],
    generate: (rng, level) =>
      retry(rng, 100, (attempt) => {
        const expression = draw(variant, attempt, level);
        if (!REQUIRED[variant](expression)) return null;
        const answer = value(expression);
        return answer.length >= 4 && expression.includes(answer) ? null : { expression };
      }),
    prompt: ({ expression }, template, language) => compose(TEMPLATES, template, language, { expression }),
    oracle: ({ expression }) => value(expression),
    check: ({ expression }, answer) =>
      compareForms(parseInteger(answer), value(expression), 'a whole number'),
    difficulty: ({ expression }) => {
      const tree = parseExpression(expression);
      return tree === null ? 0 : partsOf(tree).numbers.join('').length + partsOf(tree).operators.length;
    },
    attacks: ({ expression }) => {
      // The expression itself, its ends, and a value that is not whole.
      const numbers: string[] = expression.match(/\d+/g) ?? [];
      return [expression, numbers[0], numbers[numbers.length - 1], `${value(expression)}.5`].filter(
        (text) => parseInteger(text) !== value(expression),
      );
    },
    secondSolver: ({ expression }) => {
      const result = evaluateRpn(expression);
      return result === null ? '' : (result[0] / result[1]).toString();
    },
  };
}

/** Whole-number expressions under five sets of rules. */
export const tasks: readonly TaskDef[] = (
  ['plus-minus', 'times', 'brackets', 'unary-minus', 'powers'] as const
).map(task);
