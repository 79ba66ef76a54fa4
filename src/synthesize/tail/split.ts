// Disjoint sets by construction: a problem belongs to one split for good, decided by a hash of the problem
// without its offset. No seed, mix or count can move it, so a model trained on `train` never saw a test
// problem, not even at another offset (the paper excludes evaluation queries from training, arXiv 2507.13332
// App D). Shares: 80/10/10.

import { TouchstoneError } from '../../core/errors.ts';
import { createRng, type Rng } from '../../core/rng.ts';
import type { GenerateOptions, TailInstance, TailTask, TierName } from './types.ts';

export type TailSplit = 'train' | 'validation' | 'test';

export const TIER_NAMES: readonly TierName[] = ['S', 'M', 'L'];

const TRAIN_SHARE = 0.8;
const VALIDATION_SHARE = 0.1;
/** Draws for one instance of a split; a tenth of all problems are in the rarest one. */
const DRAW_LIMIT = 10_000;

/** The split of a problem, from `task.canon(instance)`. */
export function splitOf(canon: string): TailSplit {
  const position = createRng('tail-split', canon).at(0);
  if (position < TRAIN_SHARE) return 'train';
  return position < TRAIN_SHARE + VALIDATION_SHARE ? 'validation' : 'test';
}

/** Draws until the problem lies in the split and is not refused; null when that never happens. */
export function drawInSplit(
  task: TailTask,
  rng: Rng,
  size: { tier: TierName } | { length: number },
  split: TailSplit,
  options: GenerateOptions = {},
  refuse: (canon: string) => boolean = () => false,
): TailInstance | null {
  if ('tier' in size && !TIER_NAMES.includes(size.tier)) {
    throw new TouchstoneError('bad-config', `tier is '${size.tier}'`, { hint: 'use S, M or L' });
  }
  for (let attempt = 0; attempt < DRAW_LIMIT; attempt++) {
    const draw = rng.split('draw', attempt);
    const length = 'tier' in size ? draw.int(...task.tiers[size.tier].range) : size.length;
    const instance = task.generate(draw, length, options);
    const canon = task.canon(instance);
    if (splitOf(canon) === split && !refuse(canon)) return instance;
  }
  return null;
}
