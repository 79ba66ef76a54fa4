// From an execution to text. A step becomes a record of slots; a slot is one or two words with a kind, so
// that a verifier can name what is wrong. Symbols: `C0 p7 3 q7 5 | o7 8 C0 …`; styled: the same slots in
// prose (arXiv 2507.13332, Fig 5: style does not matter). Switches act on the list of records (see
// options.ts). A run without steps is an answer that is itself the trace (word flip): there the switches act
// on the answer cells, and a skipped or merged cell loses the address before its symbol.

import { isPositional } from './addresses.ts';
import type { Cell, Execution, Step, TraceOptions } from './types.ts';

/** A word of a trace and the rule that it has to satisfy. */
export interface Slot {
  kind: string;
  word: string;
}

/** Words that only the styled rendering uses. */
export const STYLED_WORDS = 'in state at we read so write , the answer is'.split(' ');

/** How many steps one record holds when states are not atomic. */
const MERGED_STEPS = 2;

const glue = (words: string): Slot[] => words.split(' ').map((word) => ({ kind: 'wording', word }));

/** Pointers are symbols that name a cell; without addresses they are shown as the symbol they point to. */
export type Dereference = (address: string) => string;

function cellSlots(cell: Cell, kind: string, options: TraceOptions, deref: Dereference): Slot[] {
  const bare = options.addresses === 'none';
  const word = bare && isPositional(cell.symbol) ? deref(cell.symbol) : cell.symbol;
  const symbol = { kind, word };
  if (bare && isPositional(cell.at)) {
    return options.style === 'symbols'
      ? [symbol]
      : [...glue(`we ${kind === 'fetch' ? 'read' : 'write'}`), symbol];
  }
  const address = { kind: `${kind}-address`, word: cell.at };
  if (options.style === 'symbols') return [address, symbol];
  return [...glue('at'), address, ...glue(`we ${kind === 'fetch' ? 'read' : 'write'}`), symbol];
}

function recordSlots(steps: readonly Step[], options: TraceOptions, deref: Dereference): Slot[] {
  const styled = options.style === 'styled';
  const slots: Slot[] = stateSlots((steps[0] as Step).state, options);
  if (options.memoryFetcher) {
    for (const cell of steps.flatMap((step) => step.fetch)) {
      slots.push(...cellSlots(cell, 'fetch', options, deref), ...(styled ? glue(',') : []));
    }
  }
  if (options.bar) slots.push({ kind: 'bar', word: styled ? 'so' : '|' });
  for (const cell of steps.flatMap((step) => step.write)) {
    slots.push(...cellSlots(cell, 'write', options, deref), ...(styled ? glue(',') : []));
  }
  return slots;
}

function stateSlots(state: string, options: TraceOptions): Slot[] {
  const slot = { kind: 'state', word: state };
  return options.style === 'styled' ? [...glue('in state'), slot, ...glue(',')] : [slot];
}

/** The groups of indices that become records, out of `count` steps. */
export function recordGroups(count: number, options: TraceOptions): number[][] {
  const kept: number[] = [];
  for (let i = 0; i < count; i++) if (options.linearTransition || i % 2 === 0) kept.push(i);
  const size = options.atomicState ? 1 : MERGED_STEPS;
  const groups: number[][] = [];
  for (let i = 0; i < kept.length; i += size) groups.push(kept.slice(i, i + size));
  return groups;
}

function answerOpening(options: TraceOptions): Slot[] {
  const equals = { kind: 'answer-mark', word: '=' };
  return options.style === 'styled' ? [...glue('so the answer is'), equals] : [equals];
}

function answerCellSlots(cell: Cell, options: TraceOptions, addressed: boolean): Slot[] {
  const symbol = { kind: 'answer', word: cell.symbol };
  if (!addressed || options.addresses === 'none' || !isPositional(cell.at)) return [symbol];
  return [{ kind: 'answer-address', word: cell.at }, symbol];
}

/** Records of an answer that is itself the trace: one per cell, under the same switches as other steps. */
function answerRecords(cells: readonly Cell[], options: TraceOptions): Slot[][] {
  const size = options.atomicState ? 1 : MERGED_STEPS;
  const styled = options.style === 'styled';
  const records: Slot[][] = [answerOpening(options)];
  for (let i = 0; i < cells.length; i += size) {
    const group = cells.slice(i, i + size);
    const kept = group.filter((_, j) => options.linearTransition || (i + j) % 2 === 0);
    const addresses = options.memoryFetcher && options.addresses !== 'none' ? kept : [];
    const read = addresses.flatMap((cell) => [
      ...(styled ? glue('at') : []),
      { kind: 'answer-address', word: cell.at },
    ]);
    const symbols = group.map((cell) => ({ kind: 'answer', word: cell.symbol }));
    const verb = styled ? glue(addresses.length > 0 ? 'we read' : 'we write') : [];
    records.push([...read, ...verb, ...symbols, ...(styled ? glue(',') : [])]);
  }
  return records;
}

/** The records of a run as slots; the last record is the answer. */
export function executionSlots(execution: Execution, options: TraceOptions, deref: Dereference): Slot[][] {
  const { steps, answer } = execution;
  if (options.format === 'direct') {
    return [[...answerOpening(options), ...answer.flatMap((cell) => answerCellSlots(cell, options, false))]];
  }
  if (steps.length === 0) return answerRecords(answer, options);
  const records = recordGroups(steps.length, options).map((group) =>
    recordSlots(
      group.map((i) => steps[i] as Step),
      options,
      deref,
    ),
  );
  const reading = answer.flatMap((cell) => answerCellSlots(cell, options, true));
  records.push([...stateSlots(execution.halt, options), ...answerOpening(options), ...reading]);
  return records;
}

/** Tape cells as prompt words. */
export function cellWords(cells: readonly Cell[], options: TraceOptions, deref: Dereference): string[] {
  return cells.flatMap((cell) => {
    if (options.addresses !== 'none') return [cell.at, cell.symbol];
    const word = isPositional(cell.symbol) ? deref(cell.symbol) : cell.symbol;
    return isPositional(cell.at) ? [word] : [cell.at, word];
  });
}
