// tail.binary-search: where a value lies in a sorted list (arXiv 2507.13332, Table C1, Divide & Conquer;
// lengths as in the paper). Tape s holds distinct numbers 0–99, register k the target, which is in the list.
// Tapes b and e hold pointers to the first and last cell of the interval, one fresh cell each per round. A
// round:
//   M s5 12 s9 40 |          two heads walk towards each other until they meet; the left one is the middle
//   T s7 31 k 40 |           compare the middle with the target
//   G b3 s5 e3 s9 | b4 s8 e4 s9     (L: the other half) next bounds, then M again; or HALT = s7
// 6 tokens per M and T, 10 per L and G. The walk replaces the paper's re-listing of the interval. The answer
// names the cell: `s7`, index 7 - offset. Without addresses pointers are shown as what they point to and the
// answer is `s` with the index from 0. Left out: targets that are absent.

import { TouchstoneError } from '../../core/errors.ts';
import { inputOf, isPositional, offsetOf, shift } from './addresses.ts';
import { defineTailTask } from './define-task.ts';
import type { Program } from './machine.ts';
import type { Cell, Execution, Step, TailInstance, TailTask } from './types.ts';
import { answerWords } from './verify.ts';

const NUMBERS = Array.from({ length: 100 }, (_, i) => String(i));

function valuesOf(instance: TailInstance): string[] {
  return inputOf(instance, 'values').split(' ');
}

function answerOf(instance: TailInstance): string {
  return `s${offsetOf(instance, 's') + valuesOf(instance).indexOf(inputOf(instance, 'target'))}`;
}

function execute(instance: TailInstance): Execution {
  const values = valuesOf(instance);
  const target = inputOf(instance, 'target');
  const name = (i: number) => `s${offsetOf(instance, 's') + i}`;
  const cell = (i: number): Cell => ({ at: name(i), symbol: values[i] as string });
  const steps: Step[] = [];
  let [low, high] = [0, values.length - 1];
  for (let bound = offsetOf(instance, 'b'); ; bound++) {
    const middle = Math.floor((low + high) / 2);
    for (let i = low; i <= middle; i++) {
      steps.push({ state: 'M', fetch: [cell(i), cell(low + high - i)], write: [] });
    }
    steps.push({ state: 'T', fetch: [cell(middle), { at: 'k', symbol: target }], write: [] });
    if (values[middle] === target) break;
    const pointers = (at: number): Cell[] => [
      { at: `b${at}`, symbol: name(low) },
      { at: `e${at}`, symbol: name(high) },
    ];
    const state = Number(values[middle]) > Number(target) ? 'L' : 'G';
    const fetch = pointers(bound);
    if (state === 'L') high = middle - 1;
    else low = middle + 1;
    steps.push({ state, fetch, write: pointers(bound + 1) });
  }
  return { steps, halt: 'HALT', answer: [{ at: 'answer', symbol: answerOf(instance) }] };
}

const program: Program = {
  start: 'M',
  halt: 'HALT',
  heads(cells) {
    const list = cells.filter((cell) => cell.at.startsWith('s'));
    const first = (tape: string) => cells.find((cell) => cell.at.startsWith(tape))?.at ?? `${tape}0`;
    const [b, e] = [first('b'), first('e')];
    return {
      l: list[0]?.at ?? 's0',
      r: list.at(-1)?.at ?? 's0',
      m: 's0',
      b,
      e,
      freshB: shift(b, 1),
      freshE: shift(e, 1),
    };
  },
  reads(state) {
    if (state === 'M') return ['l', 'r'];
    return state === 'T' ? ['m', 'k'] : ['b', 'e'];
  },
  transition(state, [first = '', second = ''], { l = '', r = '', m = '' }) {
    if (state === 'M') {
      if (l === r || shift(l, 1) === r) return { next: 'T', jump: { m: l } };
      return { next: 'M', move: { l: 1, r: -1 } };
    }
    if (state === 'T') {
      if (first === second) return { next: 'HALT' };
      return { next: Number(second) < Number(first) ? 'L' : 'G' };
    }
    const bounds = state === 'L' ? [first, shift(m, -1)] : [shift(m, 1), second];
    const [left = '', right = ''] = bounds;
    return {
      next: 'M',
      write: [
        ['freshB', left],
        ['freshE', right],
      ],
      move: { b: 1, e: 1, freshB: 1, freshE: 1 },
      jump: { l: left, r: right },
    };
  },
  readOut: ({ heads }) => [{ at: 'answer', symbol: heads.m ?? 's0' }],
};

/** Binary search in a sorted list of distinct numbers. */
export const binarySearch: TailTask = defineTailTask({
  id: 'tail.binary-search',
  class: 'divide-and-conquer',
  lengthOf: 'numbers in the list',
  tiers: {
    S: { range: [5, 20], paper: [5, 20] },
    M: { range: [21, 40], paper: [21, 40] },
    L: { range: [41, 70], paper: [41, 70] },
  },
  addressSpace: 128,
  hasDecimals: false,
  draw(rng, length) {
    if (length > NUMBERS.length) {
      throw new TouchstoneError('bad-config', `tail.binary-search of length ${length}`, {
        hint: `use at most ${NUMBERS.length}: the numbers of a list are distinct`,
      });
    }
    const values = rng.sample(NUMBERS, length).sort((a, b) => Number(a) - Number(b));
    return { values: values.join(' '), target: rng.pick(values) };
  },
  cellsUsed(input) {
    const count = (input.values ?? '').split(' ').length;
    return { s: count, b: Math.floor(Math.log2(count)) + 1 };
  },
  layout(instance) {
    const [low, bound] = [offsetOf(instance, 's'), offsetOf(instance, 'b')];
    const values = valuesOf(instance);
    return [
      'find',
      [{ at: 'k', symbol: inputOf(instance, 'target') }],
      'in',
      values.map((symbol, i) => ({ at: `s${low + i}`, symbol })),
      'from',
      [
        { at: `b${bound}`, symbol: `s${low}` },
        { at: `e${bound}`, symbol: `s${low + values.length - 1}` },
      ],
      ':',
    ];
  },
  execute,
  program,
  answer: answerOf,
  readAnswer(response) {
    const found = answerWords(response) ?? [];
    const [only = ''] = found;
    return found.length === 1 && only.startsWith('s') && isPositional(only) ? only : null;
  },
  tapes: ['s', 'b', 'e'],
  registers: ['k'],
  symbols: NUMBERS,
  states: ['M', 'T', 'L', 'G'],
  promptWords: ['find', 'in', 'from', ':'],
  answerWords: (space) => Array.from({ length: space }, (_, i) => `s${i}`),
});
