// GRPO (DeepSeekMath, arXiv 2402.03300) and its descendants, which differ in four choices made explicit here:
//   scale of the advantage, level of the ratio, policy term, aggregation; plus KL and group selection.
//   A = (R - mean_g)/(std_g + eps);  L = agg_t[-min(r A, clip(r, 1-el, 1+eh) A)] + beta KL
// Presets: deepseekmath, dr-grpo, dapo, gspo, cispo, sapo, gmpo, lite-ppo, passk. Leaves out refilling the
// batch after group selection (the loop's) and DAPO's generation cap.

import * as z from 'zod';
import type { Rng } from '../../core/index.ts';
import {
  type ExplainLine,
  estimateAdvantages,
  explainObjective,
  groupMembers,
  resolveObjective,
} from '../objective/index.ts';
import { defineMethod, rewardMetrics, type ScoredSequence } from './method.ts';

export const grpoSchema = z.strictObject({
  /** `grpo` (divided by `scale`), or a pass@k advantage: verl's best-of-group, XTuner's analytic passk. */
  advantage: z.enum(['grpo', 'best-of-group', 'passk']).default('grpo'),
  /** Deviation that divides the centred reward: group (GRPO), batch (Lite PPO), none (Dr. GRPO). */
  scale: z.enum(['group', 'batch', 'none']).default('group'),
  /** Added to the deviation: verl 1e-6, TRL 1e-4. */
  epsilon: z.number().nonnegative().default(1e-6),
  /** k of `passk` (XTuner 4). */
  k: z.int().positive().default(4),
  /** token (GRPO), sequence (GSPO), or none for one step per batch. */
  ratio: z.enum(['none', 'token', 'sequence']).default('token'),
  /** Policy term (objective/policy-terms.ts). */
  term: z.enum(['ppo-clip', 'cispo', 'sapo', 'gmpo', 'kl-cov', 'clip-cov']).default('ppo-clip'),
  /** Clip range [1 - low, 1 + high] (0.2 and 0.2; DAPO 0.28 above; GSPO 3e-4 and 4e-4). */
  clipLow: z.number().nonnegative().default(0.2),
  clipHigh: z.number().nonnegative().default(0.2),
  /** Bound c of the dual clip for negative advantages (verl 3), null for none. */
  dualClip: z.number().positive().nullable().default(null),
  /** Aggregation: per-sequence token mean (GRPO), token mean (DAPO), constant length (Dr. GRPO). */
  aggregation: z
    .enum(['sequence-mean-token-mean', 'token-mean', 'sequence-mean-token-sum', 'constant'])
    .default('sequence-mean-token-mean'),
  /** Length of `constant`: the maximal response length. */
  constantLength: z.number().positive().default(1024),
  /** KL to the reference in the loss: DeepSeekMath 0.04, R1 0.001, DAPO and TRL 0. */
  klCoefficient: z.number().nonnegative().default(0),
  /** k3 as in the paper; k2 has the correct gradient. */
  klEstimator: z.enum(['k1', 'k2', 'k3', 'k3-k2']).default('k3'),
  /** Leave out groups whose rewards are all equal: they have no gradient and dilute the mean (DAPO). */
  dropZeroVariance: z.boolean().default(true),
  /** Leave out truncated responses after advantages are formed (DAPO's overlong filtering). */
  dropTruncated: z.boolean().default(false),
  /** DAPO's soft overlong penalty: longest length and width of the ramp, null for none. */
  overlong: z
    .strictObject({ longest: z.int().positive(), ramp: z.int().positive() })
    .nullable()
    .default(null),
  /** Fraction of tokens and coefficient of kl-cov; the fraction of clip-cov. */
  covarianceFraction: z.number().min(0).max(1).default(0.0002),
  covarianceCoefficient: z.number().nonnegative().default(0.1),
  /** Cap of per-token importance weights to the sampling distribution; null for none (verl 2). */
  importanceCap: z.number().positive().nullable().default(null),
});

export type GrpoConfig = z.output<typeof grpoSchema>;

function objective(config: GrpoConfig) {
  const { advantage, scale, epsilon, k } = config;
  return resolveObjective({
    advantage: { estimator: advantage, scale, epsilon, k },
    ratio: { level: config.ratio },
    policy: {
      term: config.term,
      clipLow: config.clipLow,
      clipHigh: config.clipHigh,
      dualClip: config.dualClip,
      covariance: { fraction: config.covarianceFraction, coefficient: config.covarianceCoefficient },
    },
    aggregation: { kind: config.aggregation, length: config.constantLength },
    kl: { estimator: config.klEstimator, coefficient: config.klCoefficient },
    ...(config.importanceCap === null ? {} : { importance: { level: 'token', cap: config.importanceCap } }),
  });
}

/**
 * DAPO's soft overlong penalty (arXiv 2503.14476 Eq 13): 0 up to longest - ramp, falling linearly to -1 at
 * longest, -1 beyond.
 */
export function overlongPenalty(length: number, longest: number, ramp: number): number {
  if (length <= longest - ramp) return 0;
  return length > longest ? -1 : (longest - ramp - length) / ramp;
}

function prepare(rollouts: readonly ScoredSequence[], config: GrpoConfig, _rng: Rng) {
  const { overlong } = config;
  const rewards = rollouts.map((r) => {
    if (r.reward === null || overlong === null) return r.reward;
    return r.reward + overlongPenalty(r.length, overlong.longest, overlong.ramp);
  });
  const groups = rollouts.map((r) => r.group);
  const estimate = estimateAdvantages(
    rewards,
    groups,
    objective(config).advantage,
    rollouts.map((r) => r.length),
  );
  const flat = new Set<string>();
  for (const [group, indices] of groupMembers(rewards, groups)) {
    if (indices.every((i) => rewards[i] === rewards[indices[0]])) flat.add(group);
  }
  const sequences = rollouts.flatMap((r, source) => {
    const reward = rewards[source];
    if (reward === null) return [];
    if (config.dropZeroVariance && flat.has(r.group)) return [];
    if (config.dropTruncated && r.truncated === true) return [];
    return [{ source, reward, advantage: estimate.advantages[source] }];
  });
  return {
    sequences,
    metrics: { ...rewardMetrics(rollouts, estimate), 'selected.sequences': sequences.length },
  };
}

export const grpo = defineMethod<GrpoConfig>({
  name: 'grpo',
  summary: 'Group-normalised policy gradient with clipped ratios, and its descendants.',
  schema: grpoSchema,
  presets: {
    deepseekmath: { klCoefficient: 0.04, dropZeroVariance: false },
    'dr-grpo': { scale: 'none', aggregation: 'constant', dropZeroVariance: false },
    dapo: { clipHigh: 0.28, aggregation: 'token-mean' },
    gspo: { ratio: 'sequence', clipLow: 3e-4, clipHigh: 4e-4 },
    cispo: { term: 'cispo', clipLow: 1, clipHigh: 4, aggregation: 'token-mean' },
    sapo: { term: 'sapo' },
    gmpo: { term: 'gmpo', clipLow: 0.4, clipHigh: 0.4 },
    'lite-ppo': { scale: 'batch', aggregation: 'token-mean' },
    'kl-cov': { term: 'kl-cov', aggregation: 'token-mean' },
    passk: { advantage: 'passk' },
  },
  objective,
  prepare,
  explain: (config) => {
    const flat = config.dropZeroVariance ? ', groups of equal rewards left out' : '';
    const cut = config.dropTruncated ? ', truncated responses left out' : '';
    const lines: ExplainLine[] = [['data', `rollouts with a reward${flat}${cut}`]];
    if (config.overlong !== null) {
      const { longest, ramp } = config.overlong;
      lines.push(['reward', `R <- R + 0 up to ${longest - ramp} tokens, falling to -1 at ${longest}`]);
    }
    return explainObjective(objective(config), lines);
  },
});
