// Supervised data of TAIL traces: a mix of tasks and length tiers, without repeated problems, out of one
// split. The paper's mixes S:M:L are 1:0:0, 8:1:1, 7:2:1, 5:3:2 and 4:3:3 at a fixed total (arXiv 2507.13332
// §4); 8:1:1 is enough there. Row i depends on the seed and on the rows before it only through the ban
// on repeats. Left out: the paper's ≥20 query templates per task.

import { TouchstoneError } from '../../core/errors.ts';
import { createRng } from '../../core/rng.ts';
import { drawInSplit, type TailSplit, TIER_NAMES } from './split.ts';
import type { GenerateOptions, TailTask, TierName, TraceOptions } from './types.ts';

/** What a data set holds. */
export interface TailDatasetConfig extends GenerateOptions {
  tasks: readonly TailTask[];
  /** Shares of the tiers S:M:L. Default '1:0:0'. */
  mix?: string;
  /** Rows over all tasks; tasks take turns. */
  count: number;
  seed: number | string;
  /** Default 'train'. */
  split?: TailSplit;
  options?: Partial<TraceOptions>;
  /** Problems (`task.canon`) that must not occur. */
  exclude?: ReadonlySet<string>;
  /** Whether each problem occurs at most once. Default true; false allows it again at another offset. */
  distinct?: boolean;
}

/** One training pair. `canon` names the problem. */
export interface TailRow {
  prompt: string;
  response: string;
  task: string;
  tier: TierName;
  length: number;
  canon: string;
}

/** Parses `8:1:1` into shares of the tiers. */
export function parseMix(mix: string): Record<TierName, number> {
  const parts = mix.split(':').map(Number);
  const [S = 0, M = 0, L = 0] = parts;
  const total = S + M + L;
  if (parts.length !== 3 || !parts.every((part) => part >= 0) || !(total > 0) || total === Infinity) {
    throw new TouchstoneError('bad-config', `tier mix is '${mix}'`, { hint: "use S:M:L such as '8:1:1'" });
  }
  return { S: S / total, M: M / total, L: L / total };
}

/** The tier of turn `turn`: each prefix of the turns is within one row of the mix. */
function tierOfTurn(turn: number, mix: Record<TierName, number>, counts: Record<TierName, number>): TierName {
  const lag = (tier: TierName) => (turn + 1) * mix[tier] - counts[tier];
  return TIER_NAMES.reduce((best, tier) => (lag(tier) > lag(best) + 1e-9 ? tier : best));
}

/**
 * Generates training pairs.
 *
 * @example
 * makeTailDataset({ tasks: [addition], mix: '8:1:1', count: 1000, seed: 1 });
 */
export function makeTailDataset(config: TailDatasetConfig): TailRow[] {
  const { tasks, count, seed, split = 'train', options = {}, exclude, distinct = true } = config;
  if (tasks.length === 0) {
    throw new TouchstoneError('bad-config', 'no TAIL tasks given', { hint: 'name at least one task' });
  }
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new TouchstoneError('bad-config', `row count is ${count}`, { hint: 'use a whole number' });
  }
  const mix = parseMix(config.mix ?? '1:0:0');
  const seen = new Set<string>();
  const counts = tasks.map(() => ({ S: 0, M: 0, L: 0 }));
  const rows: TailRow[] = [];
  for (let i = 0; i < count; i++) {
    const task = tasks[i % tasks.length] as TailTask;
    const taken = counts[i % tasks.length] as Record<TierName, number>;
    const tier = tierOfTurn(Math.floor(i / tasks.length), mix, taken);
    taken[tier]++;
    const rng = createRng(seed, 'tail-dataset', task.id, split, i);
    const refuse = (canon: string) => (exclude?.has(canon) ?? false) || (distinct && seen.has(canon));
    const instance = drawInSplit(task, rng, { tier }, split, config, refuse);
    if (instance === null) {
      throw new TouchstoneError('bad-config', `${task.id} has no new ${split} problem of tier ${tier} left`, {
        hint: `ask for fewer than ${count} rows, exclude less, or set distinct: false`,
      });
    }
    const canon = task.canon(instance);
    seen.add(canon);
    rows.push({
      prompt: task.prompt(instance, options),
      response: task.trace(instance, options),
      task: task.id,
      tier,
      length: instance.length,
      canon,
    });
  }
  return rows;
}
