// tail.word-flip: a text backwards, character by character, spaces included (arXiv 2507.13332, Table C1,
// Simulation). The machine has one state and writes what it reads, so its records are the answer block
// itself:
//   = p9 c p8 a p7 b        2 tokens per character; the record is (addr sym), the write is implied
// The paper's record also repeats the whole prefix so far, which makes the trace quadratic; that is left out.
// Lengths are the paper's except that S starts at 2 instead of 10. Ablations act on the records: a skipped
// record gives its symbol without its address, a merged one two addresses and then two symbols, no fetcher
// gives symbols only (which is then the direct answer).

import { inputOf, offsetOf, shift } from './addresses.ts';
import { defineTailTask } from './define-task.ts';
import type { Program } from './machine.ts';
import type { Cell, TailTask } from './types.ts';
import { answerSymbols } from './verify.ts';

/** How a space is written, since spaces separate words. */
const SPACE = '~';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');
/** About one space in six characters, as in English. */
const SPACE_RATE = 1 / 6;

const program: Program = {
  start: 'FLIP',
  halt: 'FLIP',
  heads: () => ({}),
  reads: () => [],
  transition: () => ({ next: 'FLIP' }),
  readOut({ tape }) {
    const cells: Cell[] = [];
    let head = [...tape.keys()].at(-1) ?? 'p0';
    for (let symbol = tape.get(head); symbol !== undefined; symbol = tape.get(head)) {
      cells.push({ at: head, symbol });
      head = shift(head, -1);
    }
    return cells;
  },
};

/** The text of an instance as symbols. */
function symbolsOf(text: string): string[] {
  return [...text].map((character) => (character === ' ' ? SPACE : character));
}

/** Word flip: a text of n characters reversed. */
export const wordFlip: TailTask = defineTailTask({
  id: 'tail.word-flip',
  class: 'simulation',
  lengthOf: 'characters, spaces included',
  tiers: {
    S: { range: [2, 20], paper: [10, 20] },
    M: { range: [21, 50], paper: [21, 50] },
    L: { range: [51, 100], paper: [51, 100] },
  },
  addressSpace: 128,
  hasDecimals: false,
  draw(rng, length) {
    let text = '';
    for (let i = 0; i < length; i++) {
      const inner = i > 0 && i < length - 1 && !text.endsWith(' ');
      text += inner && rng.chance(SPACE_RATE) ? ' ' : rng.pick(LETTERS);
    }
    return { text };
  },
  cellsUsed: (input) => ({ p: (input.text ?? '').length }),
  layout(instance) {
    const low = offsetOf(instance, 'p');
    const cells = symbolsOf(inputOf(instance, 'text')).map((symbol, i) => ({ at: `p${low + i}`, symbol }));
    return ['flip', cells, ':'];
  },
  execute(instance) {
    const low = offsetOf(instance, 'p');
    const cells = symbolsOf(inputOf(instance, 'text')).map((symbol, i) => ({ at: `p${low + i}`, symbol }));
    return { steps: [], halt: 'FLIP', answer: cells.reverse() };
  },
  program,
  answer: (instance) => [...inputOf(instance, 'text')].reverse().join(''),
  readAnswer(response) {
    const symbols = answerSymbols(response);
    if (symbols === null || symbols.some((symbol) => symbol !== SPACE && !LETTERS.includes(symbol)))
      return null;
    return symbols.join('').replaceAll(SPACE, ' ');
  },
  tapes: ['p'],
  symbols: [...LETTERS, SPACE],
  states: [],
  promptWords: ['flip', ':'],
  answerIsTrace: true,
});
