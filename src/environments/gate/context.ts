// What every gate check is given: the task, how many instances to use, and cached draws, so that checks share
// instances instead of drawing them again. All randomness comes from the gate's seed; time from an injected clock.

import { createRng, type Json, type Rng } from '../../core/index.ts';
import { ATTEMPT } from '../kits/retry.ts';
import type { TaskDef } from '../task.ts';

/** The outcome of one check. `figure` is its headline number, explained by `detail`. */
export interface GateCheck {
  check: string;
  passed: boolean;
  figure: number;
  detail: string;
}

export interface GateOptions {
  /** Instances per level for most checks. Default 200. */
  instances?: number;
  /** Draws for the diversity check and for collecting frequent answers. Default 2000. */
  draws?: number;
  /** Fuzz strings. Default 1000. */
  fuzz?: number;
  seed?: number;
  /** Milliseconds of a clock; without one the time limits are not enforced. */
  now?: () => number;
  /** Tokens of a text; a cautious estimate by default. */
  countTokens?: (text: string) => number;
  /** Expected hash of 64 instances, prompts and oracles. */
  golden?: string;
}

export interface GateContext {
  task: TaskDef;
  instances: number;
  draws: number;
  fuzz: number;
  now: (() => number) | undefined;
  countTokens: (text: string) => number;
  golden: string | undefined;
  /** A stream named by the parts. */
  rng(...parts: readonly (string | number)[]): Rng;
  /** The first `count` instances of a level; the same on every call. */
  sample(level: number, count: number): Json[];
  /** The oracle of an instance, computed once. */
  oracle(instance: Json): string;
  /** Attempts and draws made so far by `sample`. */
  effort: { attempts: number; draws: number; milliseconds: number[] };
}

/** A context with the defaults of the full gate. */
export function createContext(task: TaskDef, options: GateOptions = {}): GateContext {
  const seed = options.seed ?? 0;
  const held = new Map<number, Json[]>();
  const oracles = new Map<Json, string>();
  const effort = { attempts: 0, draws: 0, milliseconds: [] as number[] };
  const rng = (...parts: readonly (string | number)[]) => createRng(seed, 'gate', task.id, ...parts);
  return {
    task,
    instances: options.instances ?? 200,
    draws: options.draws ?? 2000,
    fuzz: options.fuzz ?? 1000,
    now: options.now,
    countTokens: options.countTokens ?? estimateTokens,
    golden: options.golden,
    rng,
    effort,
    sample(level, count) {
      const list = held.get(level) ?? [];
      held.set(level, list);
      while (list.length < count) {
        const stream = countAttempts(rng('sample', level, list.length), effort);
        const start = options.now?.() ?? 0;
        list.push(task.generate(stream, level));
        if (options.now) effort.milliseconds.push(options.now() - start);
        effort.draws++;
      }
      return list.slice(0, count);
    },
    oracle(instance) {
      const known = oracles.get(instance);
      if (known !== undefined) return known;
      const answer = task.oracle(instance);
      oracles.set(instance, answer);
      return answer;
    },
  };
}

/** The same stream, counting how often an attempt is split from it. A draw without attempts counts as one. */
function countAttempts(stream: Rng, effort: { attempts: number }): Rng {
  let first = true;
  effort.attempts++;
  return new Proxy(stream, {
    get(target, key) {
      const member = Reflect.get(target, key, target) as unknown;
      if (typeof member !== 'function') return member;
      return (...parts: unknown[]) => {
        if (key === 'split' && parts[0] === ATTEMPT) {
          if (!first) effort.attempts++;
          first = false;
        }
        return member.apply(target, parts) as unknown;
      };
    },
  });
}

/** Every level of a task. */
export function levelsOf(task: TaskDef): number[] {
  return task.levels.map((_, level) => level);
}

/** One token per three characters of ASCII and one per other character: above what common tokenizers need. */
export function estimateTokens(text: string): number {
  let ascii = 0;
  let other = 0;
  for (const char of text) {
    if (char < '\u0080') ascii++;
    else other++;
  }
  return Math.ceil(ascii / 3) + other;
}

/** A check that failed in `failures` of `tested` places, with the first as its detail. */
export function tally(check: string, tested: number, failures: readonly string[], note = ''): GateCheck {
  return {
    check,
    passed: failures.length === 0 && tested > 0,
    figure: failures.length,
    detail:
      tested === 0
        ? 'nothing was tested'
        : failures.length === 0
          ? `${tested} tested${note === '' ? '' : `; ${note}`}`
          : `${failures.length} of ${tested}: ${failures[0]}`.slice(0, 300),
  };
}
