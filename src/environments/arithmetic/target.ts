// ar.target: build an expression from given numbers that has a given value. Any right expression is accepted:
// the checker parses it, compares the multiset of numbers and evaluates exactly. The oracle searches with whole
// intermediate values, which every generated instance admits. `Closest value` and powers are left out.

import type { Rng } from '../../core/index.ts';
import { evaluate, parseExpression, partsOf } from '../kits/expression.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { showRational } from '../kits/rational.ts';
import { retry } from '../kits/retry.ts';
import { evaluateRpn } from '../kits/rpn.ts';
import { type CheckResult, knob, type Level, type TaskDef, unparsed, verifierFault } from '../task.ts';

type Target = { numbers: number[]; target: number; operators: string; all: boolean };

type Variant = 'arbitrary' | 'no-division' | 'subset';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { count: 3, low: 2, high: 20, target: 100 } },
  { name: 'easy', knobs: { count: 4, low: 1, high: 15, target: 200 } },
  { name: 'medium', knobs: { count: 4, low: 5, high: 50, target: 500 } },
  { name: 'hard', knobs: { count: 5, low: 1, high: 50, target: 999 } },
  { name: 'extreme', knobs: { count: 5, low: 20, high: 99, target: 9999 } },
];

const TEMPLATES: Templates = {
  en: [
    'Numbers: {numbers}\nTarget: {target}\n\nWrite an arithmetic expression equal to the target. {use} Allowed are {operators} and round brackets. Give only the expression, without an equals sign.',
    'Make {target} from the numbers {numbers}. {use} You may use {operators} and round brackets, nothing else. The answer is the expression alone, without an equals sign.',
    'You have the numbers {numbers}. Combine them with {operators} and round brackets so that the result is exactly {target}. {use} Answer with the expression only, no equals sign.',
  ],
  zh: [
    '数字：{numbers}\n目标：{target}\n\n请写出一个等于目标的算式。{use}只允许使用 {operators} 和圆括号。只写算式，不要写等号。',
    '用数字 {numbers} 得到 {target}。{use}只能使用 {operators} 和圆括号。答案只写算式本身，不写等号。',
    '给定数字 {numbers}，用 {operators} 和圆括号把它们组合起来，使结果恰好等于 {target}。{use}只回答算式，不要等号。',
  ],
};

const USE = {
  en: {
    all: 'Use every number exactly once.',
    some: 'Use each number at most once; numbers may be left over, but at least two must be used.',
  },
  zh: { all: '每个数字必须恰好使用一次。', some: '每个数字最多使用一次，可以有剩余，但至少使用两个。' },
} as const;

type Part = { value: number; text: string };

/** Results of joining two parts, whole values only. */
function joins(a: Part, b: Part, operators: string): Part[] {
  const [high, low] = a.value >= b.value ? [a, b] : [b, a];
  const out: Part[] = [];
  if (operators.includes('+')) out.push({ value: a.value + b.value, text: `(${a.text} + ${b.text})` });
  if (operators.includes('*')) out.push({ value: a.value * b.value, text: `(${a.text} * ${b.text})` });
  if (operators.includes('-'))
    out.push({ value: high.value - low.value, text: `(${high.text} - ${low.text})` });
  if (operators.includes('/') && low.value !== 0 && high.value % low.value === 0) {
    out.push({ value: high.value / low.value, text: `(${high.text} / ${low.text})` });
  }
  return out;
}

/** Up to `limit` different solving expressions, found depth-first in the order of the parts. */
function solve(instance: Target, order: readonly number[], limit: number): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const search = (parts: readonly Part[]): void => {
    const whole = !instance.all || parts.length === 1;
    const solved = whole ? parts.find((part) => part.value === instance.target) : undefined;
    if (solved?.text.startsWith('(')) found.add(solved.text.slice(1, -1));
    if (found.size >= limit || parts.length === 1) return;
    const key = parts
      .map((part) => part.value)
      .sort((a, b) => a - b)
      .join();
    if (limit === 1) {
      if (seen.has(key)) return;
      seen.add(key);
    }
    for (let i = 0; i < parts.length; i++) {
      for (let j = i + 1; j < parts.length; j++) {
        const rest = parts.filter((_, k) => k !== i && k !== j);
        for (const joined of joins(parts[i], parts[j], instance.operators)) {
          if (joined.value > 1_000_000) continue;
          search([joined, ...rest]);
          if (found.size >= limit) return;
        }
      }
    }
  };
  search(order.map((value) => ({ value, text: `${value}` })));
  return [...found];
}

function draw(variant: Variant, rng: Rng, level: number): Target | null {
  const at = (name: string) => knob(LEVELS, level, name);
  const numbers = Array.from({ length: at('count') }, () => rng.int(at('low'), at('high')));
  const operators = variant === 'no-division' ? '+-*' : '+-*/';
  let parts: Part[] = numbers.map((value) => ({ value, text: `${value}` }));
  if (variant === 'subset') parts = rng.sample(parts, parts.length - 1);
  while (parts.length > 1) {
    const [a, b, ...rest] = rng.shuffle(parts);
    const options = joins(a, b, operators);
    parts = [rng.pick(options), ...rest];
  }
  const target = parts[0].value;
  if (target < 10 || target > at('target') || numbers.includes(target)) return null;
  return { numbers, target, operators, all: variant !== 'subset' };
}

function check(instance: Target, answer: string): CheckResult {
  const tree = parseExpression(answer);
  if (tree === null) return unparsed('not an expression');
  const { numbers, operators } = partsOf(tree);
  const parsed = answer.replace(/\s/g, '');
  const wrong = (reason: string): CheckResult => ({ score: 0, parsed, reason });
  if (!operators.every((op) => instance.operators.includes(op))) return wrong('uses an operator not allowed');
  const left = instance.numbers.map(BigInt);
  for (const number of numbers) {
    const at = left.indexOf(number);
    if (at < 0) return wrong(`uses ${number} more often than given`);
    left.splice(at, 1);
  }
  if (instance.all ? left.length > 0 : numbers.length < 2) return wrong('uses too few of the numbers');
  const value = evaluate(tree);
  if (value === null) return wrong('has no value');
  const right = value.den === 1n && value.num === BigInt(instance.target);
  return {
    score: right ? 1 : 0,
    parsed,
    reason: right ? 'equals the target' : `equals ${showRational(value)}`,
  };
}

function secondCheck(instance: Target, answer: string): boolean {
  if (
    !/^[\d +*/()-]+$/.test(answer) ||
    [...answer].some((c) => '+-*/'.includes(c) && !instance.operators.includes(c))
  ) {
    return false;
  }
  if (/(^|[-+*/(])\s*-/.test(answer)) return false; // a minus sign in front
  const used = (answer.match(/\d+/g) ?? []).map(Number).sort((a, b) => a - b);
  const given = instance.numbers.slice().sort((a, b) => a - b);
  let at = 0;
  for (const number of given) if (at < used.length && used[at] === number) at++;
  if (at !== used.length || used.length < (instance.all ? given.length : 2)) return false;
  const value = evaluateRpn(answer);
  return value !== null && value[1] !== 0n && value[0] === BigInt(instance.target) * value[1];
}

function task(variant: Variant): TaskDef<Target> {
  return {
    id: `ar.target/${variant}`,
    version: 1,
    group: 'arithmetic',
    kind: 'C',
    levels: LEVELS,
    guessRate: 0.01,
    capacity: [13, 17, 24, 28, 30],
    templates: 3,
    languages: ['en', 'zh'],
    generate: (rng, level) => retry(rng, 400, (attempt) => draw(variant, attempt, level)),
    prompt: (instance, template, language) =>
      compose(TEMPLATES, template, language, {
        numbers: instance.numbers.join(', '),
        target: `${instance.target}`,
        operators: [...instance.operators].join(' '),
        use: USE[language][instance.all ? 'all' : 'some'],
      }),
    oracle: (instance) => {
      const [solution] = solve(instance, instance.numbers, 1);
      if (solution === undefined) throw verifierFault(`no solution for ${JSON.stringify(instance)}`);
      return solution;
    },
    check,
    difficulty: ({ numbers, target }) => 40 * numbers.length + Math.max(...numbers) + Math.log10(target),
    alternatives: (instance, rng) => solve(instance, rng.shuffle(instance.numbers), 4),
    attacks: ({ numbers, target }) =>
      [
        `${target}`,
        numbers.join(' + '),
        `${numbers.join(' * ')} * 0 + ${target}`,
        `${target} + ${numbers[0]} - ${numbers[0]}`,
        `${numbers.join(' + ')} = ${target}`,
      ].filter(
        (text) =>
          !secondCheck(
            {
              numbers,
              target,
              operators: variant === 'no-division' ? '+-*' : '+-*/',
              all: variant !== 'subset',
            },
            text,
          ),
      ),
    canon: (instance) => ({ ...instance, numbers: instance.numbers.slice().sort((a, b) => a - b) }),
    secondCheck,
  };
}

/** Countdown-like number puzzles. */
export const tasks: readonly TaskDef[] = (['arbitrary', 'no-division', 'subset'] as const).map(task);
