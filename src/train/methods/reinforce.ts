// REINFORCE with a baseline, the smallest policy-gradient method (Williams 1992) and its current forms:
//   L = 1/N sum_i sum_t -A_it logp_it,   A = R, R - batch mean, REINFORCE++ (whitened returns-to-go, arXiv
//   2501.03262), or any other estimator; optional KL in reward or loss, optional truncated importance
//     weights.
// On-policy: one optimiser step per rollout batch, no ratio, so the coefficients do not depend on logp.

import * as z from 'zod';
import type { Rng } from '../../core/index.ts';
import { estimateAdvantages, explainObjective, resolveObjective } from '../objective/index.ts';
import { defineMethod, rewardMetrics, rewardPenalties, type ScoredSequence } from './method.ts';

export const reinforceSchema = z.strictObject({
  /** How rewards become advantages (objective/advantages.ts). */
  advantage: z
    .enum(['reinforce', 'reinforce++', 'reinforce++-baseline', 'opo', 'gpg', 'maxrl', 'dr-grpo'])
    .default('reinforce'),
  /** Subtract the batch mean from the reward; `reinforce` only. */
  baseline: z.enum(['none', 'batch']).default('batch'),
  /** Discount of reinforce++ (OpenRLHF and verl 1). */
  gamma: z.number().min(0).max(1).default(1),
  /** KL coefficient; 0 needs no reference. */
  klCoefficient: z.number().nonnegative().default(0),
  /** `reward` with k1 (REINFORCE++), or `loss` with k2, whose gradient is that of the reverse KL. */
  klPlace: z.enum(['reward', 'loss']).default('reward'),
  /** Cap of per-token importance weights to the sampling distribution; null for none (verl 2). */
  importanceCap: z.number().positive().nullable().default(null),
});

export type ReinforceConfig = z.output<typeof reinforceSchema>;

function objective(config: ReinforceConfig) {
  return resolveObjective({
    advantage: { estimator: config.advantage, baseline: config.baseline, gamma: config.gamma },
    ratio: { level: 'none' },
    policy: { term: 'reinforce' },
    aggregation: { kind: 'token-mean' },
    kl: {
      coefficient: config.klCoefficient,
      place: config.klPlace,
      estimator: config.klPlace === 'reward' ? 'k1' : 'k2',
    },
    ...(config.importanceCap === null ? {} : { importance: { level: 'token', cap: config.importanceCap } }),
  });
}

/** Trains on every scorable rollout. */
function prepare(rollouts: readonly ScoredSequence[], config: ReinforceConfig, _rng: Rng) {
  const resolved = objective(config);
  const penalties = rewardPenalties(rollouts, resolved);
  const perToken = config.advantage.startsWith('reinforce++');
  const rewards = rollouts.map((r, i) =>
    r.reward === null ? null : r.reward - (perToken ? 0 : penalties[i].reduce((a, b) => a + b, 0)),
  );
  const estimate = estimateAdvantages(
    rewards,
    rollouts.map((r) => r.group),
    resolved.advantage,
    rollouts.map((r) => r.length),
    penalties,
  );
  return {
    sequences: rollouts.flatMap((r, source) =>
      r.reward === null ? [] : [{ source, reward: r.reward, advantage: estimate.advantages[source] }],
    ),
    metrics: rewardMetrics(rollouts, estimate),
  };
}

export const reinforce = defineMethod<ReinforceConfig>({
  name: 'reinforce',
  summary: 'Policy gradient on raw, centred or whitened rewards, one step per batch.',
  schema: reinforceSchema,
  presets: {
    'reinforce++': { advantage: 'reinforce++', klCoefficient: 0.001 },
    'reinforce++-baseline': { advantage: 'reinforce++-baseline', klCoefficient: 0.001, klPlace: 'loss' },
    opo: { advantage: 'opo' },
    gpg: { advantage: 'gpg' },
    maxrl: { advantage: 'maxrl' },
  },
  objective,
  prepare,
  explain: (config) => explainObjective(objective(config), [['data', 'every rollout with a reward']]),
});
