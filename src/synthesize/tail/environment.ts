// TAIL tasks as items for policies: the prompt is one user message, the instance travels as JSON so that a
// stored item can be verified later, and only the final answer decides the verdict (paper: pass@1 label
// accuracy, arXiv 2507.13332 §4.2). Whether the trace is right too is `verifyTailItemTrace`. Index i of a
// split is a pure function of (seed, task, split, tier, i); different indices may hold the same problem,
// different splits never.

import { TouchstoneError } from '../../core/errors.ts';
import type { Item, Json } from '../../core/item.ts';
import { createRng } from '../../core/rng.ts';
import type { Verdict } from '../../core/verdict.ts';
import { resolveTraceOptions } from './options.ts';
import { tailTask } from './registry.ts';
import { drawInSplit, type TailSplit } from './split.ts';
import type {
  GenerateOptions,
  TailInstance,
  TailTask,
  TierName,
  TraceOptions,
  TraceVerdict,
} from './types.ts';

/** Which item of a task. */
export interface TailItemConfig extends GenerateOptions {
  seed: number | string;
  split: TailSplit;
  /** A tier, or one exact length. */
  tier?: TierName;
  length?: number;
  index: number;
  options?: Partial<TraceOptions>;
}

/** The item at an index. Its id is `tail.addition/<split>/<tier>/<index>`, its level the length. */
export function tailItem(task: TailTask, config: TailItemConfig): Item {
  const { seed, split, tier, length, index } = config;
  if ((tier === undefined) === (length === undefined)) {
    throw new TouchstoneError('bad-config', `${task.id} item with tier ${tier} and length ${length}`, {
      hint: 'give either a tier or a length',
    });
  }
  const size = tier === undefined ? { length: length ?? 0 } : { tier };
  const level = tier ?? `n${length}`;
  const rng = createRng(seed, 'tail-item', task.id, split, level, index);
  const instance = drawInSplit(task, rng, size, split, config);
  if (instance === null) {
    throw new TouchstoneError('bad-config', `${task.id} has no ${split} problem at ${level}`, {
      hint: 'use a longer length or another split',
    });
  }
  const resolved = resolveTraceOptions(config.options);
  return {
    id: `${task.id}/${split}/${level}/${index}`,
    task: task.id,
    level: instance.length,
    messages: [{ role: 'user', content: task.prompt(instance, resolved) }],
    reference: task.answer(instance, resolved),
    instance: { ...instance, options: { ...resolved } },
  };
}

function isRecord(value: unknown, of: 'string' | 'number'): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.values(value).every((each) => typeof each === of);
}

/** Checks the shape of an instance that came from outside. */
function parseInstance(json: Json): { instance: TailInstance; options: TraceOptions } {
  if (json !== null && typeof json === 'object' && !Array.isArray(json)) {
    const { task, length, input, offsets, options } = json;
    const shaped =
      typeof task === 'string' &&
      typeof length === 'number' &&
      isRecord(input, 'string') &&
      isRecord(offsets, 'number') &&
      options !== null &&
      typeof options === 'object';
    if (shaped) {
      const instance = { task, length, input, offsets } as TailInstance;
      return { instance, options: resolveTraceOptions(options as Partial<TraceOptions>) };
    }
  }
  throw new TouchstoneError('bad-input', 'item does not hold a TAIL instance', {
    hint: 'verify only items made by tailItem',
  });
}

/** Verifies the final answer of a response to a TAIL item. */
export function verifyTailItem(item: Item, text: string): Verdict {
  const { instance, options } = parseInstance(item.instance);
  return tailTask(instance.task).verifyAnswer(instance, text, options);
}

/** Verifies every record of a response to a TAIL item. */
export function verifyTailItemTrace(item: Item, text: string): TraceVerdict {
  const { instance, options } = parseInstance(item.instance);
  return tailTask(instance.task).verifyTrace(instance, text, options);
}

/** The response a perfect policy gives to a TAIL item: the trace for supervised training. */
export function demonstrateTailItem(item: Item): string {
  const { instance, options } = parseInstance(item.instance);
  return tailTask(instance.task).trace(instance, options);
}
