// tail.compare: which of two numbers is larger (arXiv 2507.13332, Table C1 †, Simulation; lengths as in the
// paper). Tapes p and q are aligned by place and padded with blanks; one walk from the most significant place
// down to the mark `#`, with the relation found so far in the state: LEN at the top place, where a blank
// means a shorter number, then EQ until the first difference, then LT or GT to the end (sticky):
//   LEN p9 _ q9 3 | LT p8 1 q8 0 | … LT p5 # q5 # | HALT = second        6 tokens per place
// Left out: stopping at the first difference, which would make most traces one record long.

import { inputOf, offsetOf } from './addresses.ts';
import { defineTailTask } from './define-task.ts';
import type { Program } from './machine.ts';
import {
  aligned,
  BLANK,
  DIGITS,
  descending,
  drawNumber,
  drawPlaces,
  normaliseDecimal,
  POINT,
  scaled,
} from './number-tapes.ts';
import type { Execution, TailInstance, TailTask } from './types.ts';
import { answerSymbols } from './verify.ts';

const END = '#';
const ANSWERS = ['first', 'second', 'equal'];
/** Share of pairs that agree on a leading part, so that the first difference is at every place. */
const SHARED_PREFIX = 0.5;
/** Share of pairs of equal numbers. */
const EQUAL = 0.05;

function operands(instance: TailInstance): { x: string; y: string; low: number } {
  return { x: inputOf(instance, 'x'), y: inputOf(instance, 'y'), low: offsetOf(instance, 'p') };
}

function compareScaled(x: string, y: string): 'EQ' | 'LT' | 'GT' {
  const terms = scaled(x, y);
  if (terms.x === terms.y) return 'EQ';
  return terms.x < terms.y ? 'LT' : 'GT';
}

function answerOf(x: string, y: string): string {
  return { EQ: 'equal', LT: 'second', GT: 'first' }[compareScaled(x, y)];
}

function execute(instance: TailInstance): Execution {
  const { x, y, low } = operands(instance);
  const [p, q] = aligned(x, y).map((symbols) => [...symbols, END]) as [string[], string[]];
  const point = p.findIndex((symbol, i) => symbol === POINT || q[i] === POINT);
  const leading = (symbols: string[], count: number) =>
    symbols
      .slice(0, count)
      .filter((_, i) => i !== point)
      .join('')
      .replaceAll(BLANK, '0');
  const steps = p.map((symbol, i) => {
    const at = low + p.length - 1 - i;
    return {
      state: i === 0 ? 'LEN' : compareScaled(leading(p, i), leading(q, i)),
      fetch: [
        { at: `p${at}`, symbol },
        { at: `q${at}`, symbol: q[i] as string },
      ],
      write: [],
    };
  });
  return { steps, halt: 'HALT', answer: [{ at: 'answer', symbol: answerOf(x, y) }] };
}

const rank = (symbol: string): number => (symbol === BLANK || symbol === POINT ? 0 : Number(symbol));

const program: Program = {
  start: 'LEN',
  halt: 'HALT',
  heads(cells) {
    const first = (tape: string) => cells.find((cell) => cell.at.startsWith(tape))?.at ?? `${tape}0`;
    return { p: first('p'), q: first('q') };
  },
  reads: () => ['p', 'q'],
  transition(state, [x = END, y = END]) {
    if (x === END) {
      const answer = state === 'LT' ? 'second' : state === 'GT' ? 'first' : 'equal';
      return { next: 'HALT', jump: { verdict: answer } };
    }
    const move = { p: -1, q: -1 } as const;
    if (state === 'LT' || state === 'GT') return { next: state, move };
    if (rank(x) === rank(y)) return { next: 'EQ', move };
    return { next: rank(x) < rank(y) ? 'LT' : 'GT', move };
  },
  readOut: ({ heads }) => [{ at: 'answer', symbol: heads.verdict ?? 'equal' }],
};

/** Which of two numbers is larger, with an option for decimals. */
export const compare: TailTask = defineTailTask({
  id: 'tail.compare',
  class: 'simulation',
  lengthOf: 'decimal places that the numbers span',
  tiers: {
    S: { range: [5, 10], paper: [5, 10] },
    M: { range: [11, 20], paper: [11, 20] },
    L: { range: [21, 50], paper: [21, 50] },
  },
  addressSpace: 64,
  hasDecimals: true,
  draw(rng, length, decimals) {
    const places = drawPlaces(rng, length, decimals);
    const fractions = places.map(([, fraction]) => fraction);
    let [x, y] = places.map((each) => drawNumber(rng, ...each)) as [string, string];
    const equal = rng.chance(EQUAL);
    if (equal || rng.chance(SHARED_PREFIX)) {
      const whole = Math.max(...places.map(([digits]) => digits));
      x = drawNumber(rng, whole, Math.max(...fractions));
      const other = drawNumber(rng, whole, rng.pick(fractions));
      const shared = rng.int(0, Math.min(x.length, other.length) - 1);
      y = equal ? x : x.slice(0, shared) + other.slice(shared);
    }
    const [left, right] = rng.shuffle([x, y]) as [string, string];
    return { x: left, y: right };
  },
  cellsUsed: (input) => ({ p: aligned(input.x ?? '', input.y ?? '')[0].length + 1 }),
  layout(instance) {
    const { x, y, low } = operands(instance);
    const [p, q] = aligned(x, y);
    return ['compare', descending('p', [...p, END], low), 'with', descending('q', [...q, END], low), ':'];
  },
  execute,
  program,
  answer: (instance) => answerOf(normaliseDecimal(inputOf(instance, 'x')), inputOf(instance, 'y')),
  readAnswer(response) {
    const symbols = answerSymbols(response) ?? [];
    const [only = ''] = symbols;
    return symbols.length === 1 && ANSWERS.includes(only) ? only : null;
  },
  tapes: ['p', 'q'],
  symbols: [...DIGITS, BLANK, POINT, END, ...ANSWERS],
  states: ['LEN', 'EQ', 'LT', 'GT'],
  promptWords: ['compare', 'with', ':'],
});
