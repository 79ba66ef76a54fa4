// Advantages from outcome rewards, R_i of sequence i in a group of G samples of one prompt:
//   grpo       (R - mean_g) / (std + eps), std of the group, of the batch, or none   DeepSeekMath, TRL, verl
//   dr-grpo    R - mean_g                        rloo   R - mean of the others = G/(G-1) (R - mean_g)
//   reinforce  R, or R - batch mean              opo    R - sum(l R)/sum(l)
//   gpg        B/#nonzero * (R - mean_g)         maxrl  (R - mean_g)/mean_g, 0 if mean_g <= 0
//   best-of-group  only the best gets (max - second)/(std + eps)   (verl "grpo_passk")
//   passk      analytic pass@k advantage for right and wrong samples (XTuner)
//   reinforce++[-baseline]  returns-to-go of token rewards, whitened over all tokens of the batch (per token)
// A null reward enters no baseline and gets 0. Not here: critics (gae.ts), several rewards at once.

import { TouchstoneError } from '../../core/index.ts';
import { passAtK } from '../../stats/index.ts';
import type { AdvantageConfig } from './config.ts';
import { whitenRows } from './gae.ts';
import type { TokenRows } from './rows.ts';

export interface Advantages {
  /** One per sequence; per token for the reinforce++ estimators. Unscorable sequences have 0. */
  advantages: Float64Array | Float64Array[];
  /** Groups with at least one scorable sample, and those of them whose rewards are all equal. */
  groups: number;
  zeroVarianceGroups: number;
  /** Sequences without a reward. */
  unscorable: number;
}

/**
 * Advantages of a batch.
 *
 * @param rewards one per sequence, null when not scorable
 * @param groups name of the prompt each sequence answers
 * @param lengths response tokens per sequence (used by opo and reinforce++)
 * @param penalties per-token costs subtracted from token rewards by reinforce++
 *
 * @example
 * estimateAdvantages([1, 0], ['a', 'a'], resolveObjective({ advantage: { estimator: 'rloo' } }).advantage,
 * [3, 4]);
 */
export function estimateAdvantages(
  rewards: readonly (number | null)[],
  groups: readonly string[],
  config: AdvantageConfig,
  lengths: ArrayLike<number>,
  penalties?: TokenRows,
): Advantages {
  if (groups.length !== rewards.length || lengths.length !== rewards.length) {
    throw new TouchstoneError(
      'bad-shape',
      `${rewards.length} rewards, ${groups.length} groups, ${lengths.length} lengths`,
    );
  }
  const members = groupMembers(rewards, groups);
  const scored = [...members.values()].flat().map((i) => rewards[i] as number);
  const batchMean = mean(scored);
  const batchDeviation = deviation(scored, config.ddof);
  const out = new Float64Array(rewards.length);
  let zeroVarianceGroups = 0;
  for (const indices of members.values()) {
    const values = indices.map((i) => rewards[i] as number);
    if (Math.max(...values) === Math.min(...values)) zeroVarianceGroups++;
    const row = groupAdvantages(
      values,
      indices.map((i) => lengths[i]),
      config,
      { batchMean, batchDeviation, scored },
    );
    indices.forEach((i, j) => {
      out[i] = row[j];
    });
  }
  const summary = { groups: members.size, zeroVarianceGroups, unscorable: rewards.length - scored.length };
  if (config.estimator === 'reinforce++' || config.estimator === 'reinforce++-baseline') {
    return { advantages: whitenedReturns(rewards, out, lengths, config, penalties), ...summary };
  }
  if (config.normalise) {
    const scorable = [...out].filter((_, i) => rewards[i] !== null);
    const centre = mean(scorable);
    const spread = deviation(scorable, config.ddof) + config.epsilon;
    rewards.forEach((reward, i) => {
      if (reward !== null) out[i] = (out[i] - centre) / spread;
    });
  }
  return { advantages: out, ...summary };
}

/** Indices of the scorable members of each group. */
export function groupMembers(
  rewards: readonly (number | null)[],
  groups: readonly string[],
): Map<string, number[]> {
  const members = new Map<string, number[]>();
  rewards.forEach((reward, i) => {
    if (reward === null) return;
    const list = members.get(groups[i]);
    if (list === undefined) members.set(groups[i], [i]);
    else list.push(i);
  });
  return members;
}

interface BatchStatistics {
  batchMean: number;
  batchDeviation: number;
  scored: readonly number[];
}

function groupAdvantages(
  values: readonly number[],
  lengths: readonly number[],
  config: AdvantageConfig,
  batch: BatchStatistics,
): number[] {
  const size = values.length;
  const centre = mean(values);
  const { estimator, epsilon } = config;
  if (estimator === 'reinforce') {
    return values.map((r) => r - (config.baseline === 'batch' ? batch.batchMean : 0));
  }
  if (estimator === 'reinforce++') return [...values];
  if (size === 1) return [config.singleton === 'raw' ? values[0] : 0];
  const spread =
    config.scale === 'none'
      ? 1
      : (config.scale === 'batch' ? batch.batchDeviation : deviation(values, config.ddof)) + epsilon;
  switch (estimator) {
    case 'grpo':
      return values.map((r) => (r - centre) / spread);
    case 'dr-grpo':
    case 'reinforce++-baseline':
      return values.map((r) => r - centre);
    case 'rloo':
      return values.map((r) => r - (centre * size - r) / (size - 1));
    case 'opo': {
      const total = lengths.reduce((a, b) => a + b, 0);
      const baseline = total === 0 ? 0 : values.reduce((sum, r, i) => sum + r * lengths[i], 0) / total;
      return values.map((r) => r - baseline);
    }
    case 'gpg': {
      const alpha = batch.scored.length / Math.max(1, batch.scored.filter((r) => r !== 0).length);
      return values.map((r) => alpha * (r - centre));
    }
    case 'maxrl':
      return values.map((r) => (centre > 0 ? (r - centre) / centre : 0));
    case 'best-of-group': {
      const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
      return values.map((_, i) => (i === order[0] ? (values[order[0]] - values[order[1]]) / spread : 0));
    }
    case 'passk':
      return passkAdvantages(values, config.k, epsilon);
  }
}

/**
 * XTuner's analytic pass@k advantages; right means a positive reward. Zero when the group is smaller than k.
 */
function passkAdvantages(values: readonly number[], k: number, epsilon: number): number[] {
  const n = values.length;
  const c = values.filter((r) => r > 0).length;
  if (n < k) return values.map(() => 0);
  const rho = passAtK(n, c, k);
  const sigma = Math.sqrt(Math.max(0, rho * (1 - rho))) + epsilon;
  const failing = c < n && k > 1 ? 1 - passAtK(n - 1, c, k - 1) : 1;
  return values.map((r) => (r > 0 ? (1 - rho) / sigma : (1 - rho - failing) / sigma));
}

/** Token rewards (outcome on the last token, minus penalties) to returns-to-go, whitened over the batch. */
function whitenedReturns(
  rewards: readonly (number | null)[],
  outcomes: Float64Array,
  lengths: ArrayLike<number>,
  config: AdvantageConfig,
  penalties: TokenRows | undefined,
): Float64Array[] {
  const rows = rewards.map((reward, i) => {
    const row = new Float64Array(lengths[i]);
    if (reward === null) return row;
    let running = 0;
    for (let t = row.length - 1; t >= 0; t--) {
      const here = (t === row.length - 1 ? outcomes[i] : 0) - (penalties === undefined ? 0 : penalties[i][t]);
      running = here + config.gamma * running;
      row[t] = running;
    }
    return row;
  });
  const mask = rows.map((row, i) => new Float64Array(row.length).fill(rewards[i] === null ? 0 : 1));
  return whitenRows(rows, mask);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Standard deviation, 0 where it is not defined. */
function deviation(values: readonly number[], ddof: number): number {
  if (values.length <= ddof) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - ddof));
}
