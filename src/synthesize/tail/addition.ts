// tail.addition: the sum of two large numbers (arXiv 2507.13332, Table C1 †, Simulation). Tapes p and q hold
// the operands, aligned by place; the sum goes to fresh cells of tape o. One record per place, least
// significant first, with the carry in the state (C0, C1):
//   C0 p7 3 q7 5 | o7 8        8 tokens per place, then HALT = o8 d o7 d …
// A blank counts as 0; two blanks end the run. Lengths are ours (S 1–12, M 13–20, L 21–40); the paper's 41–50
// fits the default address space too. The shorter operand has at least half as many digits. Left out:
// negative numbers.

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
import type { Cell, Execution, Step, TailInstance, TailTask } from './types.ts';
import { answerSymbols } from './verify.ts';

function operands(instance: TailInstance): { x: string; y: string; low: number } {
  return { x: inputOf(instance, 'x'), y: inputOf(instance, 'y'), low: offsetOf(instance, 'p') };
}

/** The sum as text with the decimals of the finer operand, by BigInt. */
function sum(x: string, y: string): string {
  const terms = scaled(x, y);
  const digits = String(terms.x + terms.y).padStart(terms.decimals + 1, '0');
  if (terms.decimals === 0) return digits;
  return `${digits.slice(0, -terms.decimals)}${POINT}${digits.slice(-terms.decimals)}`;
}

function execute(instance: TailInstance): Execution {
  const { x, y, low } = operands(instance);
  const [p, q] = aligned(x, y).map((symbols) => [...symbols].reverse().concat(BLANK)) as [string[], string[]];
  const total = [...sum(x, y)].reverse();
  const terms = scaled(x, y);
  let unit = 1n;
  const steps = p.map((symbol, i): Step => {
    const carry = (terms.x % unit) + (terms.y % unit) >= unit;
    if (symbol !== POINT && q[i] !== POINT) unit *= 10n;
    const at = low + i;
    return {
      state: carry ? 'C1' : 'C0',
      fetch: [
        { at: `p${at}`, symbol },
        { at: `q${at}`, symbol: q[i] as string },
      ],
      write: i < total.length ? [{ at: `o${at}`, symbol: total[i] as string }] : [],
    };
  });
  const answer = total.map((symbol, i): Cell => ({ at: `o${low + i}`, symbol })).reverse();
  return { steps, halt: 'HALT', answer };
}

const value = (symbol: string): number => (symbol === BLANK ? 0 : Number(symbol));

const program: Program = {
  start: 'C0',
  halt: 'HALT',
  heads(cells) {
    const last = (tape: string) => cells.findLast((cell) => cell.at.startsWith(tape))?.at ?? `${tape}0`;
    return { p: last('p'), q: last('q'), o: last('p').replace('p', 'o') };
  },
  reads: () => ['p', 'q'],
  transition(state, [x = BLANK, y = BLANK]) {
    const move = { p: 1, q: 1, o: 1 } as const;
    if (x === POINT || y === POINT) return { next: state, write: [['o', POINT]], move };
    const carry = state === 'C1' ? 1 : 0;
    if (x === BLANK && y === BLANK) return { next: 'HALT', write: carry === 1 ? [['o', '1']] : [] };
    const place = value(x) + value(y) + carry;
    return { next: place > 9 ? 'C1' : 'C0', write: [['o', String(place % 10)]], move };
  },
  readOut({ tape }) {
    const cells = [...tape].filter(([at]) => at.startsWith('o')).map(([at, symbol]) => ({ at, symbol }));
    return cells.sort((a, b) => Number(b.at.slice(1)) - Number(a.at.slice(1)));
  },
};

/** Large-number addition, with an option for decimals. */
export const addition: TailTask = defineTailTask({
  id: 'tail.addition',
  class: 'simulation',
  lengthOf: 'decimal places that the operands span',
  tiers: {
    S: { range: [1, 12], paper: [10, 30] },
    M: { range: [13, 20], paper: [31, 40] },
    L: { range: [21, 40], paper: [41, 50] },
  },
  addressSpace: 64,
  hasDecimals: true,
  draw(rng, length, decimals) {
    const [x, y] = drawPlaces(rng, length, decimals).map((places) => drawNumber(rng, ...places));
    return { x: x as string, y: y as string };
  },
  cellsUsed: (input) => ({ p: aligned(input.x ?? '', input.y ?? '')[0].length + 1 }),
  layout(instance) {
    const { x, y, low } = operands(instance);
    const [p, q] = aligned(x, y);
    return ['add', descending('p', [BLANK, ...p], low), '+', descending('q', [BLANK, ...q], low), ':'];
  },
  execute,
  program,
  answer: (instance) => sum(inputOf(instance, 'x'), inputOf(instance, 'y')),
  readAnswer(response) {
    const text = answerSymbols(response)?.join('') ?? '';
    return /^\d+(\.\d+)?$/.test(text) ? text : null;
  },
  normalise: normaliseDecimal,
  tapes: ['p', 'q', 'o'],
  symbols: [...DIGITS, BLANK, POINT],
  states: ['C0', 'C1'],
  promptWords: ['add', '+', ':'],
});
