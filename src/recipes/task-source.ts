// The tasks of a recipe as one source of items, demonstrations and verdicts. Items of a purpose are numbered, and
// item i of a purpose is the same in every process: tasks take turns, lengths are drawn from the task's range.

import { createRng, type Item, TouchstoneError, type Verdict } from '../core/index.ts';
import { demonstrateTailItem, tailItem, tailTask, verifyTailItem } from '../synthesize/tail/index.ts';
import type { Recipe } from './schema.ts';

export type Purpose = 'warmUp' | 'train' | 'evaluate';

export interface TaskSource {
  tasks: string[];
  /** Every word of prompts and demonstrations. */
  vocabulary: string[];
  item(purpose: Purpose, index: number): Item;
  /** A response that solves the item. */
  demonstrate(item: Item): string;
  verify(item: Item, response: string): Verdict;
}

const SPLIT = { warmUp: 'train', train: 'train', evaluate: 'test' } as const;

/** @throws TouchstoneError 'not-found' for an unknown task, 'bad-config' for an impossible length range */
export function createTaskSource(recipe: Recipe): TaskSource {
  const tasks = recipe.tasks.map((entry) => ({ entry, task: tailTask(entry.task) }));
  const generation = recipe.addressSpace === null ? {} : { addressSpace: recipe.addressSpace };
  for (const [at, { entry }] of tasks.entries()) {
    if (tasks.findIndex((other) => other.entry.task === entry.task) !== at) {
      throw new TouchstoneError('bad-config', `tasks names ${entry.task} twice`, {
        hint: 'its items would be counted double; give one entry with the wider length range',
      });
    }
    for (const purpose of ['warmUp', 'train', 'evaluate'] as const) {
      const [low, high] = entry[purpose];
      if (low <= high) continue;
      throw new TouchstoneError('bad-config', `${entry.task}: ${purpose} is [${low}, ${high}]`, {
        hint: 'give the shortest length first',
      });
    }
  }
  const vocabulary = new Set(tasks.flatMap(({ task }) => task.vocabulary(generation)));
  return {
    tasks: tasks.map(({ entry }) => entry.task),
    vocabulary: [...vocabulary].sort(),
    item(purpose, index) {
      const { entry, task } = tasks[index % tasks.length] as (typeof tasks)[number];
      // Held-out items are the same for every seed, so that runs can be compared item by item.
      const seed = purpose === 'evaluate' ? 0 : recipe.seed;
      const number = Math.floor(index / tasks.length);
      const length = createRng(seed, 'length', purpose, entry.task, number).int(...entry[purpose]);
      return tailItem(task, { seed, split: SPLIT[purpose], length, index: number, ...generation });
    },
    demonstrate: demonstrateTailItem,
    verify: verifyTailItem,
  };
}
