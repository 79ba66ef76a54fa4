// The nouns of TAIL (Turing-machine imitation, arXiv 2507.13332): an instance is an input on addressed tapes,
// an execution is the linear list of atomic steps of the machine that solves it, and a trace is its text.
// Record grammar, in words separated by single spaces:
//   trace  := q record* '=' (addr sym)+        the last q is HALT
//   record := (addr sym)+ '|' (addr sym)* q    fetch block, bar, write block, next state
// so the state between two records is written once. Paper: §2.2 and §3 (linear transition, atomic state,
// memory fetcher). Left out: the paper's natural-language query templates.

import type { Rng } from '../../core/rng.ts';
import type { Verdict } from '../../core/verdict.ts';

/** The paper's task classes (Table C1). */
export type TailClass =
  | 'simulation'
  | 'recursion'
  | 'iteration'
  | 'greedy'
  | 'enumeration'
  | 'dynamic-programming'
  | 'divide-and-conquer'
  | 'backtracking';

/** Length tiers: S is for training, M and L test length generalisation. */
export type TierName = 'S' | 'M' | 'L';

/** One length tier: ours, and the paper's where it differs. Both ends are included. */
export interface Tier {
  range: readonly [number, number];
  /** The range of the paper, Table F1. */
  paper: readonly [number, number];
}

/** Generator switches. The three modules are the paper's; `false` gives its ablated trace (Table 2). */
export interface TraceOptions {
  /** `direct`: the answer alone, without addresses. */
  format: 'trace' | 'direct';
  /** Every state is written; `false` leaves out every other record. */
  linearTransition: boolean;
  /** One step per record; `false` merges two steps into one record. */
  atomicState: boolean;
  /** Operands are re-emitted before they are used; `false` leaves out the fetch blocks. */
  memoryFetcher: boolean;
  /** `fixed`: all tapes start at 0. `none`: no positional address is written, in prompt or trace. */
  addresses: 'random-offset' | 'fixed' | 'none';
  /** `styled`: the same execution in prose. */
  style: 'symbols' | 'styled';
  /** Whether `|` is written between fetch and write block; `false` saves one token per record. */
  bar: boolean;
}

/** What shapes instances rather than their text. */
export interface GenerateOptions {
  /** Size P of the address space of each tape; the task's own default when absent. */
  addressSpace?: number;
  /** Operands with a decimal point, for the tasks the paper marks †. Default false. */
  decimals?: boolean;
}

/** One problem with its place in the address space. Prompt, trace and answer are pure functions of it. */
export interface TailInstance {
  task: string;
  length: number;
  /** The problem itself; two instances with equal input are the same problem. */
  input: Record<string, string>;
  /** First address of each group of tapes. */
  offsets: Record<string, number>;
}

/** A symbol and its one-word address: a tape letter with an index (`p7`), or the name of a register (`z`). */
export interface Cell {
  at: string;
  symbol: string;
}

/** One atomic step: the operands, what is written, and the state in which this happens. */
export interface Step {
  state: string;
  fetch: Cell[];
  write: Cell[];
}

/** A complete run: the steps, and the cells read off the tape as the answer. */
export interface Execution {
  steps: Step[];
  halt: string;
  answer: Cell[];
}

/** The first place where a trace leaves the machine's run. */
export interface TraceError {
  /** Index of the record, from 0; the answer block counts as the last record. */
  step: number;
  /** Which rule is broken: state, fetch-address, fetch, bar, write-address, write, answer, … */
  kind: string;
  expected: string;
  found: string;
}

/** What the machine says about a trace. */
export interface TraceVerdict {
  valid: boolean;
  firstError?: TraceError;
  /** Records before the first error. */
  stepsRight: number;
  steps: number;
}

/** A TAIL task: instances, their text, their answer, and two verifiers. */
export interface TailTask {
  id: string;
  class: TailClass;
  /** What the length counts. */
  lengthOf: string;
  tiers: Record<TierName, Tier>;
  /** Default size of the address space of a tape. */
  addressSpace: number;
  /** Whether `decimals` applies. */
  hasDecimals: boolean;
  generate(rng: Rng, length: number, options?: GenerateOptions): TailInstance;
  prompt(instance: TailInstance, options?: Partial<TraceOptions>): string;
  /** The whole response: the trace with the answer at its end, and nothing else. */
  trace(instance: TailInstance, options?: Partial<TraceOptions>): string;
  answer(instance: TailInstance, options?: Partial<TraceOptions>): string;
  /** The text after the last `=`, without addresses; null where there is no well-formed answer. */
  extractAnswer(response: string): string | null;
  verifyAnswer(instance: TailInstance, response: string, options?: Partial<TraceOptions>): Verdict;
  /** Runs the task's Turing machine on the prompt and checks every record of the response against it. */
  verifyTrace(instance: TailInstance, response: string, options?: Partial<TraceOptions>): TraceVerdict;
  /** Every word that can occur in a prompt or trace under these options. */
  vocabulary(options?: Partial<TraceOptions> & GenerateOptions): string[];
  /** The problem without its offset; equal for equal problems. */
  canon(instance: TailInstance): string;
}
