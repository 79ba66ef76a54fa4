// RLOO, REINFORCE leave-one-out (Ahmadian et al. 2024, arXiv 2402.14740):
//   A_i = R_i - mean_{j != i} R_j,   R <- R - beta sum_t (logp_t - ref_t)
//   L = -mean_i min(r_i A_i, clip(r_i) A_i),  r_i = exp(sum_t(logp_t - old_t))        (ratio: 'sequence',
//     TRL)
//   L = -mean_i A_i sum_t logp_t                                                      (ratio: 'none', the
//     paper)
// A group with a single scorable sample has advantage 0.

import * as z from 'zod';
import type { Rng } from '../../core/index.ts';
import { estimateAdvantages, explainObjective, resolveObjective } from '../objective/index.ts';
import { defineMethod, rewardMetrics, rewardPenalties, type ScoredSequence } from './method.ts';

export const rlooSchema = z.strictObject({
  /** KL coefficient beta, in the reward (TRL 0.05; 0 needs no reference). */
  klCoefficient: z.number().nonnegative().default(0.05),
  /** `none` for one step per batch (the paper); `sequence` for several (TRL). */
  ratio: z.enum(['none', 'sequence']).default('none'),
  /** Clip range of the sequence ratio (TRL 0.2). */
  clip: z.number().nonnegative().default(0.2),
  /** Normalise advantages over the batch (TRL option, default off), with epsilon 1e-4. */
  normalise: z.boolean().default(false),
});

export type RlooConfig = z.output<typeof rlooSchema>;

function objective(config: RlooConfig) {
  const several = config.ratio === 'sequence';
  return resolveObjective({
    advantage: { estimator: 'rloo', normalise: config.normalise, epsilon: 1e-4 },
    ratio: several ? { level: 'sequence', reduce: 'sum' } : { level: 'none' },
    policy: several
      ? { term: 'ppo-clip', clipLow: config.clip, clipHigh: config.clip }
      : { term: 'reinforce' },
    aggregation: { kind: several ? 'sequence-mean-token-mean' : 'sequence-mean-token-sum' },
    kl: { estimator: 'k1', place: 'reward', coefficient: config.klCoefficient },
  });
}

/** Trains on every scorable rollout. */
function prepare(rollouts: readonly ScoredSequence[], config: RlooConfig, _rng: Rng) {
  const resolved = objective(config);
  const penalties = rewardPenalties(rollouts, resolved);
  const estimate = estimateAdvantages(
    rollouts.map((r, i) => (r.reward === null ? null : r.reward - penalties[i].reduce((a, b) => a + b, 0))),
    rollouts.map((r) => r.group),
    resolved.advantage,
    rollouts.map((r) => r.length),
  );
  return {
    sequences: rollouts.flatMap((r, source) =>
      r.reward === null ? [] : [{ source, reward: r.reward, advantage: estimate.advantages[source] }],
    ),
    metrics: rewardMetrics(rollouts, estimate),
  };
}

export const rloo = defineMethod<RlooConfig>({
  name: 'rloo',
  summary: 'Policy gradient with the other samples of the prompt as baseline.',
  schema: rlooSchema,
  presets: { trl: { ratio: 'sequence' }, 'no-kl': { klCoefficient: 0 } },
  objective,
  prepare,
  explain: (config) => explainObjective(objective(config), [['data', 'every rollout with a reward']]),
});
