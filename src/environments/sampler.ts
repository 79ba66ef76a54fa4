// Items from tasks, and verdicts on responses to them.
// The stream of an item is keyed by (seed, task, version, split, level, index, attempt): neighbouring seeds and
// indices share nothing. The split of an instance is a hash of its canonical form, so train, validation and test
// are disjoint by construction: a draw that belongs to another split is drawn again under the next attempt.
// Truncated responses are the caller's to recognise; wall time is not measured here.

import { extractAnswer } from '../answers/extract.ts';
import {
  canonicalJson,
  createRng,
  type Item,
  type Json,
  TouchstoneError,
  type Verdict,
} from '../core/index.ts';
import { loadedTask } from './registry.ts';
import type { Language, TaskDef } from './task.ts';

export const SPLITS = ['train', 'validation', 'test'] as const;

export type Split = (typeof SPLITS)[number];

/** Upper ends of the shares of the instance space: half for training, a quarter each for the others. */
const SHARES = [0.5, 0.75, 1] as const;

/** Far beyond what shares of a quarter need; reached only when a level has almost no instances. */
const MAX_ATTEMPTS = 400;

export interface ItemRequest {
  seed: number;
  split: Split;
  level: number;
  index: number;
  /** Drawn from the item's stream when absent. */
  template?: number;
  /** English when absent. */
  language?: Language;
}

/** The split an instance belongs to, whatever seed, level or index it was drawn with. */
export function splitOf(task: TaskDef, instance: Json): Split {
  const canonical = canonicalJson(task.canon ? task.canon(instance) : instance);
  const place = createRng('split', task.id, task.version, canonical).at(0);
  return SPLITS[SHARES.findIndex((end) => place < end)] as Split;
}

/**
 * One item of a task.
 *
 * @example
 * const task = await loadTask('ar.chain/times');
 * generateItem(task, { seed: 7, split: 'test', level: 2, index: 0 }).messages;
 */
export function generateItem(task: TaskDef, request: ItemRequest): Item {
  const { seed, split, level, index } = request;
  if (!Number.isInteger(level) || level < 0 || level >= task.levels.length) {
    throw new TouchstoneError('bad-config', `${task.id} has no level ${level}`, {
      hint: `use a level from 0 to ${task.levels.length - 1}`,
    });
  }
  const stream = createRng(seed, 'item', task.id, task.version, split, level, index);
  const instance = drawInstance(task, stream, split, level);
  const template = request.template ?? stream.split('template').int(0, task.templates - 1);
  return {
    id: `${task.id}/${split}/${level}/${index}`,
    task: task.id,
    level,
    messages: task.prompt(instance, template, request.language ?? 'en'),
    reference: task.oracle(instance),
    instance,
  };
}

function drawInstance(
  task: TaskDef,
  stream: ReturnType<typeof createRng>,
  split: Split,
  level: number,
): Json {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const instance = task.generate(stream.split('draw', attempt), level);
    if (splitOf(task, instance) === split) return instance;
  }
  throw new TouchstoneError('bad-config', `${task.id} level ${level} has no ${split} instances`, {
    hint: 'the level is too small to be split; raise its sizes',
  });
}

/**
 * The verdict on a response to an item. The task is looked up among those loaded unless it is given.
 * No answer found is `invalid`; an answer that does not parse is `incorrect`; a checker that throws is `error`.
 */
export function verifyItem(item: Item, responseText: string, task: TaskDef = loadedTask(item.task)): Verdict {
  const extracted = extractAnswer(responseText);
  if (extracted === null) {
    const reason = 'no <answer> tag and no \\boxed{} after the thinking';
    return { outcome: 'invalid', score: 0, evidence: { stage: 'extract', reason } };
  }
  const reference = item.reference === undefined ? {} : { reference: item.reference };
  try {
    const result = task.check(item.instance, extracted.text);
    return {
      outcome: result.score === 1 ? 'correct' : 'incorrect',
      score: result.score,
      evidence: {
        extracted,
        ...(result.parsed === null ? {} : { response: result.parsed }),
        ...reference,
        stage: 'task-check',
        reason: result.reason,
      },
    };
  } catch (fault) {
    // A `verifier-fault`, or a defect of the checker: either way ours, so no claim about the response is made.
    const reason = `checker failed: ${fault instanceof Error ? fault.message : String(fault)}`;
    return { outcome: 'error', score: 0, evidence: { extracted, ...reference, stage: 'task-check', reason } };
  }
}
