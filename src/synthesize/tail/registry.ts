// The TAIL tasks of this package: five of the paper's eighteen (arXiv 2507.13332, Table C1). A new task is
// one file with a `defineTailTask` and one line here.

import { TouchstoneError } from '../../core/errors.ts';
import { addition } from './addition.ts';
import { binarySearch } from './binary-search.ts';
import { compare } from './compare.ts';
import { population } from './population.ts';
import type { TailTask } from './types.ts';
import { wordFlip } from './word-flip.ts';

/** All tasks, in the order of the paper's table. */
export const TAIL_TASKS: readonly TailTask[] = [addition, compare, wordFlip, population, binarySearch];

/** A task by its id. */
export function tailTask(id: string): TailTask {
  const task = TAIL_TASKS.find((candidate) => candidate.id === id);
  if (task) return task;
  throw new TouchstoneError('not-found', `no TAIL task '${id}'`, {
    hint: `use one of ${TAIL_TASKS.map((each) => each.id).join(', ')}`,
  });
}
