// What OREAL trains on. Group filter: prompts whose K rollouts are neither all right nor all wrong; of each
// one random right and one random wrong rollout (published code with a token reward model). Difficulty
// balancing: prompts are repeated by the pass rate of the initial policy, [0,.2) x6, [.2,.4) x4, [.4,.6) x4,
// [.6,.8) x2, above dropped. Selection of one group draws from a stream named by the group, so it does not
// depend on the other groups.

import type { Rng } from '../../core/index.ts';
import { groupMembers } from '../objective/index.ts';

export interface SelectionConfig {
  groupFilter: 'mixed' | 'literal' | 'none';
  perGroup: 'one-each' | 'all';
}

export interface TrajectorySelection {
  /** Indices into the input, ascending. */
  kept: number[];
  /** Groups whose scorable rollouts were all right, and all wrong. */
  allRight: number;
  allWrong: number;
  /** Share of right among the scorable rollouts of each group. */
  passRates: Map<string, number>;
}

/**
 * Which rollouts are trained on. A reward above 0 is right; null is never kept.
 *
 * @example
 * selectTrajectories({ groups: ['a', 'a', 'b'], rewards: [1, -1, 1] }, oreal.defaults, rng).kept; // [0, 1]
 */
export function selectTrajectories(
  rollouts: { groups: readonly string[]; rewards: readonly (number | null)[] },
  config: SelectionConfig,
  rng: Rng,
): TrajectorySelection {
  const out: TrajectorySelection = { kept: [], allRight: 0, allWrong: 0, passRates: new Map() };
  for (const [group, indices] of groupMembers(rollouts.rewards, rollouts.groups)) {
    const right = indices.filter((i) => Number(rollouts.rewards[i]) > 0);
    const wrong = indices.filter((i) => Number(rollouts.rewards[i]) <= 0);
    out.passRates.set(group, right.length / indices.length);
    if (wrong.length === 0) out.allRight++;
    if (right.length === 0) out.allWrong++;
    const mixed = right.length > 0 && wrong.length > 0;
    if (config.groupFilter !== 'none' && mixed !== (config.groupFilter === 'mixed')) continue;
    if (config.perGroup === 'all') {
      out.kept.push(...indices);
      continue;
    }
    const stream = rng.split('trajectories', group);
    if (right.length > 0) out.kept.push(stream.pick(right));
    if (wrong.length > 0) out.kept.push(stream.pick(wrong));
  }
  out.kept.sort((a, b) => a - b);
  return out;
}

/** Copies of a prompt by its pass rate: the first row whose bound is above it, 0 beyond the last. */
export type DifficultyTable = readonly { below: number; copies: number }[];

/** The table of OREAL's published code. */
export const OREAL_DIFFICULTY: DifficultyTable = [
  { below: 0.2, copies: 6 },
  { below: 0.4, copies: 4 },
  { below: 0.6, copies: 4 },
  { below: 0.8, copies: 2 },
];

/**
 * Indices of prompts repeated by difficulty, in input order.
 *
 * @param passRates share right of each prompt under the initial policy, in [0, 1]
 *
 * @example
 * difficultyBalance([0.1, 0.7, 0.9]); // [0, 0, 0, 0, 0, 0, 1, 1]
 */
export function difficultyBalance(
  passRates: readonly number[],
  table: DifficultyTable = OREAL_DIFFICULTY,
): number[] {
  return passRates.flatMap((rate, i) => {
    const copies = table.find((row) => rate < row.below)?.copies ?? 0;
    return new Array<number>(copies).fill(i);
  });
}
