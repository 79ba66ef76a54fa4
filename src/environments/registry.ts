// Tasks by id or pattern. A registry knows the ids of every family but loads a family's module only when one of
// its tasks is asked for, so that a thousand tasks cost a table of names. Patterns use `*` for any run of
// characters; one without a slash is matched against the family (`ar.*`), one with a slash part by part
// (`*/plain`). An unknown name is an error that proposes the nearest ones.

import { TouchstoneError } from '../core/index.ts';
import { FAMILIES } from './families.ts';
import { familyOf, type TaskDef, type TaskId } from './task.ts';

/** What is known of a family before its module is loaded. */
export interface FamilyEntry {
  family: string;
  group: string;
  variants: readonly string[];
  load(): Promise<readonly TaskDef[]>;
}

export interface Registry {
  /** Adds a family; its name must be new. */
  register(entry: FamilyEntry): void;
  families(): readonly FamilyEntry[];
  /** Ids that match a pattern, in registration order; all without one. */
  list(pattern?: string): TaskId[];
  /** The task of an id; loads its family. */
  load(id: string): Promise<TaskDef>;
  /** All tasks that match a pattern; at least one, or `not-found`. */
  find(pattern: string): Promise<TaskDef[]>;
  /** The task of an id whose family has been loaded already. */
  loaded(id: string): TaskDef;
}

/** A registry of the given families. */
export function createRegistry(entries: readonly FamilyEntry[] = []): Registry {
  const byFamily = new Map<string, FamilyEntry>();
  const tasks = new Map<string, TaskDef>();
  const register = (entry: FamilyEntry) => {
    if (byFamily.has(entry.family)) {
      throw new TouchstoneError('bad-config', `family ${entry.family} is registered twice`);
    }
    byFamily.set(entry.family, entry);
  };
  for (const entry of entries) register(entry);

  const list = (pattern = '*') =>
    [...byFamily.values()].flatMap((entry) =>
      entry.variants
        .map((variant): TaskId => `${entry.family}/${variant}`)
        .filter((id) => matchesId(pattern, id)),
    );

  const unknown = (id: string) => {
    const near = nearestNames(id, list());
    return new TouchstoneError('not-found', `no task ${id}`, {
      hint:
        near.length === 0 ? 'touchstone tasks list shows all of them' : `did you mean ${near.join(', ')}?`,
    });
  };

  const load = async (id: string): Promise<TaskDef> => {
    const held = tasks.get(id);
    if (held) return held;
    const entry = byFamily.get(familyOf(id));
    if (!entry) throw unknown(id);
    for (const task of await entry.load()) tasks.set(task.id, task);
    const task = tasks.get(id);
    if (!task) throw unknown(id);
    return task;
  };

  return {
    register,
    families: () => [...byFamily.values()],
    list,
    load,
    async find(pattern) {
      const ids = list(pattern);
      if (ids.length === 0) throw unknown(pattern);
      const found: TaskDef[] = [];
      for (const id of ids) found.push(await load(id));
      return found;
    },
    loaded(id) {
      const task = tasks.get(id);
      if (task) return task;
      if (!list().includes(id as TaskId)) throw unknown(id);
      throw new TouchstoneError('bad-input', `task ${id} is not loaded`, {
        hint: 'await loadTask(id) first',
      });
    },
  };
}

/** The registry of the tasks that ship with touchstone. */
export const registry: Registry = createRegistry(FAMILIES);

/** Ids of the shipped tasks that match a pattern. */
export const listTasks = (pattern?: string): TaskId[] => registry.list(pattern);

/**
 * A shipped task by id.
 *
 * @example
 * const task = await loadTask('lo.knaves/classic');
 */
export const loadTask = (id: string): Promise<TaskDef> => registry.load(id);

/** The shipped tasks that match a pattern, e.g. `ar.*` or `*` + `/classic`. */
export const findTasks = (pattern: string): Promise<TaskDef[]> => registry.find(pattern);

/** A shipped task whose family is loaded, without waiting. */
export const loadedTask = (id: string): TaskDef => registry.loaded(id);

/** Whether an id matches a pattern of `*` and literal text. */
export function matchesId(pattern: string, id: string): boolean {
  const slash = pattern.indexOf('/');
  if (slash < 0) return matchesGlob(pattern, familyOf(id));
  return (
    matchesGlob(pattern.slice(0, slash), familyOf(id)) &&
    matchesGlob(pattern.slice(slash + 1), id.slice(familyOf(id).length + 1))
  );
}

/** Greedy matching with one restart point: time at most |pattern| × |text|. */
function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let restart = 0;
  for (let t = 0; t < text.length; ) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      restart = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++restart;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Up to three names by edit distance, nearest first, none that differs in most of its letters. */
export function nearestNames(name: string, names: readonly string[]): string[] {
  return names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(3, candidate.length * 0.6))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
