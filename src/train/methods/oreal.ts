// OREAL, outcome-reward RL (arXiv 2502.06781), whole. Rewards +1 / -1, K samples per prompt, p = share right:
//   positives cloned    L+ = f+ sum_i [A_i] sum_t w_t (-logp_t) / N+
//   negatives reshaped  L- = f- sum_i sum_t w_t (-A_i r_t) / N-,  r = 1 with its gradient
//   KL                  beta sum k3(logp - target) / N,  over both
//   token weights and their reward model: oreal-credit.ts (Eq 10, 12); which rollouts: oreal-selection.ts
// On-policy: exactly one optimiser step per rollout batch, so there is no ratio and no clipping. Paper and
// published code differ; each difference is a field marked (a)-(h). Defaults are the code's, but unscorable
// rollouts are excluded; presets are `code`, `paper`, `xtuner`, `intern-s1`. Leaves out the judge, and
// skill-based data enhancement (a data step before RL).

import * as z from 'zod';
import { type Rng, TouchstoneError } from '../../core/index.ts';
import {
  estimateAdvantages,
  evaluateObjective,
  explainObjective,
  type Normalisers,
  type ObjectiveInput,
  prepareBatch,
  resolveObjective,
} from '../objective/index.ts';
import {
  defineMethod,
  type MethodBatch,
  type MethodEvaluation,
  objectiveNeeds,
  rewardMetrics,
  type ScoredSequence,
} from './method.ts';
import { explainCredit, orealTokenWeights, tokenRewardModelLoss } from './oreal-credit.ts';
import { selectTrajectories } from './oreal-selection.ts';

export const orealSchema = z.strictObject({
  /** Advantage on rewards of +1 and -1: rloo (code), or grpo with eps 1e-8. */
  advantage: z.enum(['rloo', 'grpo']).default('rloo'),
  /** Unscorable rollouts: excluded (ours), or wrong (code). */
  unscorable: z.enum(['exclude', 'wrong']).default('exclude'),
  /**
   * (a), (f) What negatives are multiplied by: |A|, proportional to p (code); 1 - p, strong on hard prompts
   * (paper §2, F the identity); 1 (paper Eq 11, which omits the factor).
   */
  negativeFactor: z.enum(['advantage', 'one-minus-pass-rate', 'one']).default('advantage'),
  /** (b) What positives are multiplied by: A (code), or 1 (paper, XTuner). */
  positiveFactor: z.enum(['advantage', 'one']).default('advantage'),
  /** (c) KL to the frozen initial policy (code), or to the policy that made the batch (paper). */
  klTarget: z.enum(['reference', 'old']).default('reference'),
  /** (d) Token credit from the prefix mean of scores (code), or the score itself (paper Eq 10). */
  credit: z.enum(['prefix-mean', 'score']).default('prefix-mean'),
  /**
   * (e) Score of token t from the state before it is read (code), or including it (paper). See scoreOffset.
   */
  scorePosition: z.enum(['before', 'including']).default('before'),
  /**
   * (g) Groups kept: mixed outcomes (text, code); `literal` Algorithm 1 line 8, the reverse; `none` keeps
   * all.
   */
  groupFilter: z.enum(['mixed', 'literal', 'none']).default('mixed'),
  /** (h) Length of a run including frozen steps (code 90 with 10 frozen, paper 80), and frozen steps. */
  totalSteps: z.int().positive().default(90),
  freezeSteps: z.int().nonnegative().default(10),
  /**
   * One random right and one random wrong rollout per kept group (code with a token reward model), or all.
   */
  perGroup: z.enum(['one-each', 'all']).default('one-each'),
  /**
   * Token weights from a token reward model trained alongside. Without it all weights are 1 and nothing
   * freezes.
   */
  tokenRewardModel: z.boolean().default(true),
  /**
   * Weights from credit: clamp((q - th)/(1 - th), 0, 1) at th (0.5 is Eq 10), or the top-k of the sequence.
   */
  rescale: z.enum(['threshold', 'top-k']).default('threshold'),
  threshold: z.number().min(0).max(0.999).default(0.5),
  topKRatio: z.number().positive().max(1).default(0.5),
  /** f+ and f- (code 1 and 0.5; the paper's eta is f-, without a published value). */
  positiveCoefficient: z.number().nonnegative().default(1),
  negativeCoefficient: z.number().nonnegative().default(0.5),
  /** Policy term on positives beside cloning (XTuner 1; otherwise 0). */
  positivePolicyCoefficient: z.number().nonnegative().default(0),
  /** Negatives: ratio at 1 (code), log(pi/old) (paper; same gradient), or dual-clip PPO (XTuner). */
  negativeTerm: z.enum(['ratio', 'log-ratio', 'ppo-clip']).default('ratio'),
  clip: z.number().nonnegative().default(0.2),
  dualClip: z.number().positive().default(3),
  /** Positive means reward > 0 (OREAL), or advantage > 0 (XTuner). */
  positiveBy: z.enum(['reward', 'advantage']).default('reward'),
  /**
   * beta (code 0.01) and the estimator ("unbias" = k3, "mse" = k2; the code's "kl" has a sign fault and is
   * not offered).
   */
  klCoefficient: z.number().nonnegative().default(0.01),
  klEstimator: z.enum(['k3', 'k2']).default('k3'),
  /** Divide by tokens, N+ N- N (code), or by sequences (paper's expectations over sequences). */
  normaliser: z.enum(['tokens', 'sequences']).default('tokens'),
  /** Intern-S1's KL-Cov: fraction of tokens penalised (0 = off) and the coefficient of |logp - old|. */
  covarianceFraction: z.number().min(0).max(1).default(0),
  covarianceCoefficient: z.number().nonnegative().default(0.01),
});

export type OrealConfig = z.output<typeof orealSchema>;

/** 0 when the score of a token is read from the state before it, 1 when from the state including it. */
export function scoreOffset(config: OrealConfig): 0 | 1 {
  return config.scorePosition === 'before' ? 0 : 1;
}

function objective(config: OrealConfig) {
  const weights = config.tokenRewardModel ? STREAM : null;
  const components: ObjectiveInput['components'] = [
    {
      name: 'positive',
      kind: 'ce',
      on: 'positives',
      weights,
      byAdvantage: config.positiveFactor === 'advantage',
      coefficient: config.positiveCoefficient,
    },
    { name: 'negative', kind: 'policy', on: 'negatives', weights, coefficient: config.negativeCoefficient },
  ];
  if (config.positivePolicyCoefficient > 0) {
    const coefficient = config.positivePolicyCoefficient * config.positiveCoefficient;
    components.push({ name: 'positive-policy', kind: 'policy', on: 'positives', weights, coefficient });
  }
  if (config.klCoefficient > 0) components.push({ name: 'kl', kind: 'kl' });
  if (config.covarianceFraction > 0) components.push({ name: 'covariance', kind: 'covariance-penalty' });
  return resolveObjective({
    advantage: { estimator: config.advantage, epsilon: 1e-8 },
    ratio: { level: config.negativeTerm === 'ppo-clip' ? 'token' : 'none' },
    policy: {
      term: config.negativeTerm,
      clipLow: config.clip,
      clipHigh: config.clip,
      dualClip: config.dualClip,
      covariance: { fraction: config.covarianceFraction, coefficient: config.covarianceCoefficient },
    },
    aggregation: { kind: config.normaliser === 'tokens' ? 'token-mean' : 'sequence-mean-token-sum' },
    kl: { estimator: config.klEstimator, target: config.klTarget, coefficient: config.klCoefficient },
    positive: { by: config.positiveBy },
    components,
  });
}

/** Name of the stream of token weights. */
const STREAM = 'credit';

/** Rewards to +1 / -1, advantages over whole groups, then the selection of groups and members. */
function prepare(rollouts: readonly ScoredSequence[], config: OrealConfig, rng: Rng) {
  const rewards = rollouts.map((r) => {
    if (r.reward === null) return config.unscorable === 'wrong' ? -1 : null;
    return r.reward > 0 ? 1 : -1;
  });
  const groups = rollouts.map((r) => r.group);
  const lengths = rollouts.map((r) => r.length);
  const estimate = estimateAdvantages(rewards, groups, objective(config).advantage, lengths);
  const selection = selectTrajectories({ groups, rewards }, config, rng);
  const advantageOf = (i: number) => {
    if (rewards[i] === 1 || config.negativeFactor === 'advantage') return Number(estimate.advantages[i]);
    return config.negativeFactor === 'one' ? -1 : -(1 - (selection.passRates.get(groups[i]) ?? 0));
  };
  return {
    sequences: selection.kept.map((source) => ({
      source,
      reward: rewards[source],
      advantage: advantageOf(source),
    })),
    metrics: {
      ...rewardMetrics(rollouts, estimate),
      'group.all-right': selection.allRight,
      'group.all-wrong': selection.allWrong,
      'selected.sequences': selection.kept.length,
    },
  };
}

/** The batch with token weights derived from the scores, per sequence right or wrong as its reward says. */
function withCredit(batch: MethodBatch, config: OrealConfig): MethodBatch {
  if (batch.scores === undefined) return batch;
  const rows = batch.scores.map(
    (row, i) => orealTokenWeights(row, Number(batch.rewards[i]) > 0, config).weights,
  );
  return { ...batch, tokenWeights: { ...batch.tokenWeights, [STREAM]: rows } };
}

/** Counts of the whole batch. Scores are not needed yet: weights never enter a normaliser. */
function normalise(batch: MethodBatch, config: OrealConfig, rng: Rng) {
  const plain = objective({ ...config, tokenRewardModel: false });
  const prepared = prepareBatch(plain, batch, rng);
  return { batch: { ...batch, ...prepared.batch }, normalisers: prepared.normalisers };
}

/**
 * OREAL's losses on a batch or micro-batch: parts by name in `componentLosses`, dL/dlogp, and with a token
 * reward model its loss and derivative per score. KL to the old policy (paper) has no gradient at the single
 * step per batch.
 *
 * @throws bad-input when the configuration has a token reward model and the batch no scores
 */
export function orealLoss(
  batch: MethodBatch,
  normalisers: Normalisers,
  config: OrealConfig,
): MethodEvaluation {
  if (!config.tokenRewardModel) return evaluateObjective(objective(config), batch, normalisers);
  const weighted = withCredit(batch, config);
  if (weighted.scores === undefined) {
    throw new TouchstoneError('bad-input', 'oreal with a token reward model needs token scores', {
      hint: 'fill `scores`, or set tokenRewardModel to false',
    });
  }
  const evaluation: MethodEvaluation = evaluateObjective(objective(config), weighted, normalisers);
  const labels = weighted.rewards.map((reward) => (reward === null ? null : reward > 0));
  const model = tokenRewardModelLoss(weighted.scores, labels, normalisers.all.sequences);
  evaluation.scoreLoss = model.loss;
  evaluation.scoreCoefficients = model.scoreCoefficients;
  evaluation.metrics['token-reward.loss'] = model.loss;
  evaluation.metrics['token-reward.accuracy'] = model.correct / Math.max(1, normalisers.all.sequences);
  return evaluation;
}

/** Which parts a run prints before the formula: filters, factors, freezing, score position. */
function explain(config: OrealConfig): string {
  const filter = {
    mixed: 'groups with 0 < p < 1',
    literal: 'groups with p = 0 or p = 1 (Algorithm 1 line 8 as printed)',
    none: 'all groups',
  }[config.groupFilter];
  const members = config.perGroup === 'one-each' ? 'one random right and one random wrong rollout of ' : '';
  const negative = {
    advantage: 'A as estimated',
    'one-minus-pass-rate': 'A = -(1 - p)',
    one: 'A = -1',
  }[config.negativeFactor];
  const frozen = config.tokenRewardModel ? `policy frozen for the first ${config.freezeSteps} of ` : '';
  const unscorable = config.unscorable === 'wrong' ? 'counts as wrong' : 'excluded';
  return explainObjective(objective(config), [
    ['data', `${members}${filter}; rewards +1 / -1, unscorable ${unscorable}`],
    ['negatives', negative],
    ['steps', `${frozen}${config.totalSteps}, one optimiser step per rollout batch`],
    ...explainCredit(config),
  ]);
}

const WITHOUT_TOKEN_REWARD_MODEL = {
  tokenRewardModel: false,
  groupFilter: 'none',
  perGroup: 'all',
  freezeSteps: 0,
} as const;

export const oreal = defineMethod<OrealConfig>({
  name: 'oreal',
  summary:
    'Clone right rollouts, push wrong ones down with reshaped rewards, weight tokens by a reward model.',
  schema: orealSchema,
  presets: {
    /** The published repository; its unscorable = wrong included. */
    code: { unscorable: 'wrong' },
    'code-without-token-rm': { ...WITHOUT_TOKEN_REWARD_MODEL, unscorable: 'wrong' },
    /** The paper's §2 and Eq 11; eta is not published, 0.5 is the code's. */
    paper: {
      negativeFactor: 'one-minus-pass-rate',
      positiveFactor: 'one',
      klTarget: 'old',
      credit: 'score',
      scorePosition: 'including',
      negativeTerm: 'log-ratio',
      normaliser: 'sequences',
      totalSteps: 80,
      freezeSteps: 10,
    },
    /** XTuner V1's loss: cloning without advantage, dual-clip PPO on all, weights 1. */
    xtuner: {
      ...WITHOUT_TOKEN_REWARD_MODEL,
      advantage: 'grpo',
      positiveFactor: 'one',
      positiveBy: 'advantage',
      positivePolicyCoefficient: 1,
      negativeTerm: 'ppo-clip',
      negativeCoefficient: 1,
      klCoefficient: 0,
    },
    /**
     * Intern-S1 (arXiv 2508.15763): OREAL without token reward model plus KL-Cov, which acts from the second
     * mini-batch of a rollout batch on. Its lambdas are not published: 1 and 1 here.
     */
    'intern-s1': {
      ...WITHOUT_TOKEN_REWARD_MODEL,
      groupFilter: 'mixed',
      positiveFactor: 'one',
      negativeCoefficient: 1,
      klCoefficient: 0,
      covarianceFraction: 0.002,
    },
  },
  objective,
  prepare,
  normalise,
  evaluate: orealLoss,
  needs: (config) => ({ ...objectiveNeeds(objective(config)), tokenRewardModel: config.tokenRewardModel }),
  trainsPolicy: (step, config) => !config.tokenRewardModel || step >= config.freezeSteps,
  explain,
});
