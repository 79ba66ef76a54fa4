// A multi-head Turing machine with write-once cells, the judge of traces. It knows a task only as a
// transition function from (state, symbols under the heads) to (writes, moves, next state) and reads its
// input from the text of the prompt; generators never use it. Formal core: delta(q, a) = (q', b, D), arXiv
// 2507.13332 §2.2, with D in {-1, 0, +1}; a head may also jump to a pointer that the step has in hand. Left
// out: overwriting. A second write to a cell is a fault of the program.

import { TouchstoneError } from '../../core/errors.ts';
import { isPositional, shift } from './addresses.ts';
import type { Cell, Execution, Step } from './types.ts';

/** What a step does besides reading. */
export interface Transition {
  next: string;
  /** Symbols to write, each with the head that writes it. */
  write?: [head: string, symbol: string][];
  move?: Record<string, -1 | 0 | 1>;
  jump?: Record<string, string>;
}

/** A machine in the middle of a run. */
export interface Configuration {
  state: string;
  heads: Record<string, string>;
  tape: Map<string, string>;
}

/** A task as a machine. */
export interface Program {
  start: string;
  halt: string;
  /** First positions of the heads, found on the input tape (`cells` in prompt order). */
  heads(cells: readonly Cell[]): Record<string, string>;
  /** Heads or registers that a state reads, in order. */
  reads(state: string): readonly string[];
  transition(state: string, symbols: readonly string[], heads: Readonly<Record<string, string>>): Transition;
  /** Addresses of the answer, in reading order, after the machine has stopped. */
  readOut(end: Configuration): Cell[];
}

/** More steps than any task needs; a program that gets here does not halt. */
const STEP_LIMIT = 100_000;

function fault(message: string): TouchstoneError {
  return new TouchstoneError('verifier-fault', message);
}

/** The cells of a prompt: every word that follows an address or a register name. */
export function parseCells(prompt: string, registers: readonly string[]): Cell[] {
  const words = prompt.split(' ');
  const cells: Cell[] = [];
  for (let i = 0; i + 1 < words.length; i++) {
    const at = words[i] as string;
    if (!isPositional(at) && !registers.includes(at)) continue;
    cells.push({ at, symbol: words[i + 1] as string });
    i++;
  }
  return cells;
}

function headOf(heads: Record<string, string>, name: string): string {
  return heads[name] ?? name;
}

/** Runs one step in place. */
export function stepMachine(program: Program, machine: Configuration): Step {
  const { state, heads, tape } = machine;
  const fetch = program.reads(state).map((name) => {
    const at = headOf(heads, name);
    const symbol = tape.get(at);
    if (symbol === undefined) throw fault(`state ${state} reads ${at}, which is not on the tape`);
    return { at, symbol };
  });
  const symbols = fetch.map((cell) => cell.symbol);
  const { next, write = [], move = {}, jump = {} } = program.transition(state, symbols, heads);
  const written = write.map(([head, symbol]) => {
    const at = headOf(heads, head);
    if (tape.has(at)) throw fault(`state ${state} writes ${at} a second time`);
    tape.set(at, symbol);
    return { at, symbol };
  });
  for (const [head, by] of Object.entries(move)) heads[head] = shift(headOf(heads, head), by);
  Object.assign(heads, jump);
  machine.state = next;
  return { state, fetch, write: written };
}

/** Runs a program on its input until it halts. */
export function runMachine(program: Program, cells: readonly Cell[]): Execution {
  const machine: Configuration = {
    state: program.start,
    heads: program.heads(cells),
    tape: new Map(cells.map((cell) => [cell.at, cell.symbol])),
  };
  const steps: Step[] = [];
  while (machine.state !== program.halt) {
    if (steps.length >= STEP_LIMIT) throw fault(`machine does not halt within ${STEP_LIMIT} steps`);
    steps.push(stepMachine(program, machine));
  }
  return { steps, halt: program.halt, answer: program.readOut(machine) };
}
