// What an environment task is: a generator of instances, a prompt, a canonical answer and a checker, all pure.
// family = one generator + one verifier + one oracle; task = family × variant, where a variant changes the rule,
// the question or the answer predicate and never only sizes, seeds or wording; level = a named size setting.
// Score, format and length are separate columns: a checker scores the answer alone. Extraction of the answer from
// a response is answers/extract.ts. Multi-turn environments are episode.ts.

import { type Json, type Message, type Rng, TouchstoneError } from '../core/index.ts';

/** `family/variant`, e.g. `ar.chain/times`. */
export type TaskId = `${string}/${string}`;

/** U unique answer, C any answer that passes, S optimum recomputed, P predicate on text, X executed, E episode. */
export type TaskKind = 'U' | 'C' | 'S' | 'P' | 'X' | 'E';

export type Language = 'en' | 'zh';

/** One difficulty setting. Level 0 is trivial. */
export interface Level {
  name: string;
  knobs: Readonly<Record<string, number>>;
}

/** What a checker says about an answer. */
export interface CheckResult {
  /** 1 right, 0 wrong, in between only for graded tasks. */
  score: number;
  /** The answer in normal form; null when it does not parse. */
  parsed: string | null;
  /** One short sentence. */
  reason: string;
  /** Named components of a graded score. */
  parts?: Record<string, number>;
}

/**
 * One environment task. Every member is pure and total: the same arguments give the same bytes in any process.
 * `check` throws only for a fault of ours, made by `verifierFault`.
 */
export interface TaskDef<I extends Json = Json> {
  id: TaskId;
  /** Raised whenever the same seed would give another instance, prompt or score. */
  version: number;
  /** Directory of the family, e.g. `arithmetic`. */
  group: string;
  kind: TaskKind;
  /** At least five, in rising difficulty. */
  levels: readonly Level[];
  /** Upper bound on the accuracy of the best answer given without looking at the instance; at most 0.1. */
  guessRate: number;
  /** Lower bound on log2 of the number of instances, per level. */
  capacity: readonly number[];
  /** Most a trivial answer may score in a graded task; 0 when absent. */
  floor?: number;
  /** How many prompt templates there are; at least three. */
  templates: number;
  languages: readonly Language[];
  /** An instance of a level. Contains no solution text for kinds C and S. */
  generate(rng: Rng, level: number): I;
  /** The conversation that states the problem and the answer format. */
  prompt(instance: I, template: number, language: Language): Message[];
  /** A canonical answer, computed from the instance alone. */
  oracle(instance: I): string;
  check(instance: I, answer: string): CheckResult;
  /** A number that rises with difficulty: solver nodes, steps, blanks. */
  difficulty(instance: I): number;
  /** Other right answers, for kinds C and S. */
  alternatives?(instance: I, rng: Rng): string[];
  /** Wrong answers that a careless checker of this family would accept. */
  attacks?(instance: I, rng: Rng): string[];
  /** The instance up to relabelling, so that twins fall in the same split. */
  canon?(instance: I): Json;
  /** A right answer by another algorithm than the oracle's. */
  secondSolver?(instance: I): string;
  /** Whether an answer is right, by another algorithm than the checker's. */
  secondCheck?(instance: I, answer: string): boolean;
  /** How many solutions there are, counted up to 2. For puzzles that promise exactly one. */
  countSolutions?(instance: I): number;
}

/** A fault of ours met while verifying: the response is not to blame and must not be scored 0. */
export function verifierFault(message: string, cause?: unknown): TouchstoneError {
  return new TouchstoneError('verifier-fault', message, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'the response is not scored; report the task id and the instance',
  });
}

/** The part of a task id before the slash. */
export function familyOf(id: string): string {
  const slash = id.indexOf('/');
  return slash < 0 ? id : id.slice(0, slash);
}

/** The level that figures are quoted at when none is named: the middle one. */
export function defaultLevel(task: Pick<TaskDef, 'levels'>): number {
  return Math.floor(task.levels.length / 2);
}

/** The result of an answer that could not be read. */
export function unparsed(reason: string): CheckResult {
  return { score: 0, parsed: null, reason };
}

/** Right or wrong by equality of normal forms. */
export function compareForms(parsed: string | null, truth: string, expected: string): CheckResult {
  if (parsed === null) return unparsed(`not ${expected}`);
  const right = parsed === truth;
  return { score: right ? 1 : 0, parsed, reason: right ? 'equal' : `differs from the answer` };
}

/** A knob of a level; an unknown level or knob is a programmer's fault. */
export function knob(levels: readonly Level[], level: number, name: string): number {
  const value = levels[level]?.knobs[name];
  if (value === undefined) {
    throw new TouchstoneError('bad-config', `no knob ${name} at level ${level}`, {
      hint: `use a level from 0 to ${levels.length - 1}`,
    });
  }
  return value;
}
