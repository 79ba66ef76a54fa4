// tr.sort: the list after k steps of a sorting algorithm whose step is stated in the prompt. The oracle runs the
// algorithm as stated; the second solver computes the same state without running it (a bounded buffer for bubble
// passes, a sorted prefix for insertion, cycles of swaps for selection, a queue for the partition).

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { parseIntegers } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef } from '../task.ts';

type Trace = { values: number[]; steps: number };

type Variant = 'bubble' | 'insertion' | 'selection' | 'quick-partition';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { length: 5, steps: 1, high: 50 } },
  { name: 'easy', knobs: { length: 7, steps: 2, high: 99 } },
  { name: 'medium', knobs: { length: 10, steps: 3, high: 99 } },
  { name: 'hard', knobs: { length: 14, steps: 4, high: 199 } },
  { name: 'extreme', knobs: { length: 20, steps: 6, high: 999 } },
];

const RULES: Readonly<Record<Variant, string>> = {
  bubble:
    'Bubble sort in passes: one pass goes from left to right over all neighbouring pairs and swaps a pair when the left number is larger. Do {steps} full pass(es).',
  insertion:
    'Insertion sort: step i (from i = 1) takes the number at position i (positions count from 0) and moves it left past every larger number. Do the steps i = 1 to i = {steps}.',
  selection:
    'Selection sort: step i (from i = 0) finds the smallest number from position i to the end and swaps it with the number at position i (positions count from 0). Do the first {steps} step(s).',
  'quick-partition':
    'One Lomuto partition: the pivot is the last number; i starts at 0; j goes from the first number to the last but one, and whenever the number at j is smaller than the pivot, the numbers at i and j are swapped and i grows by 1; at the end the numbers at i and at the last position are swapped.',
};

const TEMPLATES: Templates = {
  en: [
    'Start with this list:\n\n{values}\n\n{rule}\n\nWhat is the list afterwards? Give all numbers in order, separated by commas.',
    '{rule}\n\nList: {values}\n\nWrite the list in its state after that, all numbers separated by commas.',
    'Trace the algorithm.\n\n{rule}\n\nInput: {values}\n\nAnswer with the resulting list, numbers separated by commas.',
  ],
};

/** The algorithm, as the prompt states it. */
function run(variant: Variant, { values, steps }: Trace): number[] {
  const a = values.slice();
  const swap = (i: number, j: number) => {
    [a[i], a[j]] = [a[j], a[i]];
  };
  if (variant === 'bubble') {
    for (let pass = 0; pass < steps; pass++)
      for (let i = 0; i + 1 < a.length; i++) if (a[i] > a[i + 1]) swap(i, i + 1);
  } else if (variant === 'insertion') {
    for (let i = 1; i <= steps; i++) for (let j = i; j > 0 && a[j - 1] > a[j]; j--) swap(j - 1, j);
  } else if (variant === 'selection') {
    for (let i = 0; i < steps; i++) {
      let least = i;
      for (let j = i + 1; j < a.length; j++) if (a[j] < a[least]) least = j;
      swap(i, least);
    }
  } else {
    let i = 0;
    for (let j = 0; j + 1 < a.length; j++) if (a[j] < a[a.length - 1]) swap(i++, j);
    swap(i, a.length - 1);
  }
  return a;
}

/** The same state by another road. Values are distinct. */
function byStructure(variant: Variant, { values, steps }: Trace): number[] {
  const rising = (list: readonly number[]) => list.slice().sort((a, b) => a - b);
  if (variant === 'bubble') {
    // k passes let a number pass left unless it is among the k largest seen so far.
    let held: number[] = [];
    const out: number[] = [];
    for (const value of values) {
      held = rising([...held, value]);
      if (held.length > steps) out.push(held.shift() as number);
    }
    return [...out, ...held];
  }
  if (variant === 'insertion') return [...rising(values.slice(0, steps + 1)), ...values.slice(steps + 1)];
  if (variant === 'selection') {
    // Value at each place, and place of each value, updated by one transposition a step.
    const place = new Map(values.map((value, index) => [value, index]));
    const at = new Map(values.map((value, index) => [index, value]));
    rising(values)
      .slice(0, steps)
      .forEach((value, index) => {
        const from = place.get(value) as number;
        const other = at.get(index) as number;
        place.set(other, from).set(value, index);
        at.set(from, other).set(index, value);
      });
    return values.map((_, index) => at.get(index) as number);
  }
  const pivot = values[values.length - 1];
  const small: number[] = [];
  const large: number[] = [];
  for (const value of values.slice(0, -1)) {
    if (value > pivot) large.push(value);
    else {
      small.push(value);
      if (large.length > 0) large.push(large.shift() as number);
    }
  }
  return [...small, pivot, ...large.slice(1), ...large.slice(0, 1)];
}

const show = (values: readonly number[]) => values.join(', ');

function draw(variant: Variant, rng: Rng, level: number): Trace | null {
  const length = knob(LEVELS, level, 'length');
  const pool = Array.from({ length: knob(LEVELS, level, 'high') }, (_, i) => i + 1);
  const base = knob(LEVELS, level, 'steps');
  const steps =
    variant === 'quick-partition' ? 1 : variant === 'insertion' ? base + Math.floor(length / 4) : base;
  const instance = { values: rng.sample(pool, length), steps };
  const before = show(instance.values);
  const after = run(variant, instance);
  const sorted = show(instance.values.slice().sort((a, b) => a - b));
  return show(after) === before || show(after) === sorted ? null : instance;
}

function task(variant: Variant): TaskDef<Trace> {
  return {
    id: `tr.sort/${variant}`,
    version: 1,
    group: 'algorithms',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.01,
    capacity: [20, 35, 55, 90, 150],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) => retry(rng, 100, (attempt) => draw(variant, attempt, level)),
    prompt: ({ values, steps }, template, language) =>
      compose(TEMPLATES, template, language, {
        values: show(values),
        rule: RULES[variant].replace('{steps}', `${steps}`),
      }),
    oracle: (instance) => show(run(variant, instance)),
    check: (instance, answer) => {
      const numbers = parseIntegers(answer);
      return compareForms(numbers?.join(', ') ?? null, show(run(variant, instance)), 'a list of numbers');
    },
    difficulty: ({ values, steps }) => values.length * steps,
    attacks: ({ values }) => [
      show(values),
      show(values.slice().sort((a, b) => a - b)),
      show(values.slice().reverse()),
    ],
    secondSolver: (instance) => show(byStructure(variant, instance)),
  };
}

/** States of sorting algorithms. */
export const tasks: readonly TaskDef[] = (
  ['bubble', 'insertion', 'selection', 'quick-partition'] as const
).map(task);
