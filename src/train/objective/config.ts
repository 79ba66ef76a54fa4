// An objective as data. A loss is a sum of components; each component is a per-token quantity (cross-entropy,
// policy term, KL estimate, entropy, covariance penalty) on all, the positive or the negative sequences,
// times an optional stream of token weights, times a normaliser taken from the whole batch:
//   L = sum_c coefficient_c sum_{i in S_c} a_c(i) sum_t mask_it weight_c,it l_c(i,t)
// Without explicit components the loss is policy + kl.coefficient * KL - entropy.coefficient * H on all
// sequences. Unknown keys are refused. Defaults name the framework they come from where frameworks disagree.

import * as z from 'zod';

const positiveNumber = z.number().positive();

export const advantageSchema = z.strictObject({
  /** How rewards become advantages; advantages.ts has the formulas. */
  estimator: z
    .enum([
      'grpo',
      'dr-grpo',
      'rloo',
      'reinforce',
      'reinforce++',
      'reinforce++-baseline',
      'opo',
      'gpg',
      'maxrl',
      'best-of-group',
      'passk',
    ])
    .default('grpo'),
  /**
   * What `grpo` and `best-of-group` divide by: the standard deviation of the group, of the batch, or nothing.
   */
  scale: z.enum(['group', 'batch', 'none']).default('group'),
  /** Added to that deviation: verl 1e-6, TRL 1e-4, XTuner and OREAL 1e-8. */
  epsilon: z.number().nonnegative().default(1e-6),
  /** 1 = unbiased deviation, as every framework read uses. */
  ddof: z.union([z.literal(0), z.literal(1)]).default(1),
  /** A group with one scorable sample: advantage 0, or its raw reward (verl). */
  singleton: z.enum(['zero', 'raw']).default('zero'),
  /** Baseline of `reinforce`: none, or the mean reward of the batch. */
  baseline: z.enum(['none', 'batch']).default('none'),
  /** Discount of `reinforce++` returns-to-go. */
  gamma: z.number().min(0).max(1).default(1),
  /** k of `passk`. */
  k: z.int().positive().default(4),
  /** Finally subtract the batch mean and divide by the batch deviation + epsilon (TRL RLOO option). */
  normalise: z.boolean().default(false),
});

export const ratioSchema = z.strictObject({
  /** `none`: the ratio is 1 and only its gradient counts (one optimiser step per rollout batch). */
  level: z.enum(['none', 'token', 'sequence']).default('token'),
  /** Sequence log-ratio: mean over tokens (GSPO) or sum (TRL RLOO). */
  reduce: z.enum(['mean', 'sum']).default('mean'),
  /** Bound on the absolute log-ratio before exponentiation; beyond it the gradient is 0 (verl 20). */
  logClamp: positiveNumber.nullable().default(20),
});

export const covarianceSchema = z.strictObject({
  /** Fraction (not percent) of the batch's tokens; verl 0.0002, Intern-S1 0.002 if its 0.2 is percent. */
  fraction: z.number().min(0).max(1).default(0.002),
  /** Coefficient of |logp - old| on the chosen tokens; verl 0.1, Intern-S1 0.01. */
  coefficient: z.number().nonnegative().default(0.1),
  /** Open interval of covariances that clip-cov draws from. */
  low: z.number().default(1),
  high: z.number().default(5),
});

export const policySchema = z.strictObject({
  /** Per-token policy term; policy-terms.ts has the formulas. GSPO is `ppo-clip` with a sequence ratio. */
  term: z
    .enum([
      'ppo-clip',
      'ratio',
      'reinforce',
      'log-ratio',
      'cispo',
      'sapo',
      'gmpo',
      'topr',
      'kl-cov',
      'clip-cov',
      'bc',
    ])
    .default('ppo-clip'),
  /** The ratio is clipped to [1 - clipLow, 1 + clipHigh]; for `gmpo` these bound the log-ratio. */
  clipLow: z.number().nonnegative().default(0.2),
  clipHigh: z.number().nonnegative().default(0.2),
  /** For negative advantages the loss is at most -dualClip * A (verl 3); null switches it off. */
  dualClip: positiveNumber.nullable().default(null),
  /** Temperatures of `sapo` for positive and negative advantages. */
  tauPositive: positiveNumber.default(1),
  tauNegative: positiveNumber.default(1.05),
  covariance: covarianceSchema.prefault({}),
});

export const aggregationSchema = z.strictObject({
  /**
   * token-mean: 1/N (DAPO). sequence-mean-token-mean: 1/(B l_i) (GRPO). sequence-mean-token-sum: 1/B.
   * square-root: l_i^-0.5 / sum_j l_j^0.5 (XTuner "square"). constant: 1/(B length) (Dr. GRPO).
   */
  kind: z
    .enum(['token-mean', 'sequence-mean-token-mean', 'sequence-mean-token-sum', 'square-root', 'constant'])
    .default('token-mean'),
  /** The constant length; required positive for `constant`. */
  length: positiveNumber.default(1),
  /** Whether `constant` also divides by the number of sequences (TRL, SkyRL) or not (verl). */
  perSequence: z.boolean().default(true),
  /** Added to l_i in sequence-mean-token-mean (verl 1e-8). */
  lengthEpsilon: z.number().nonnegative().default(0),
});

export const klSchema = z.strictObject({
  /** kl.ts has the formulas; `k3-k2` has the value of k3 and the gradient of k2 (verl "k3+"). */
  estimator: z.enum(['k1', 'k2', 'k3', 'abs', 'k3-k2']).default('k3'),
  /** The policy the KL is taken to: a frozen reference, or the policy that made the batch. */
  target: z.enum(['reference', 'old']).default('reference'),
  /** In the loss, or subtracted from the reward before advantages are formed. */
  place: z.enum(['loss', 'reward']).default('loss'),
  coefficient: z.number().nonnegative().default(0),
  /**
   * Multiply the estimate by the token ratio to the old policy (DeepSeek-V3.2, TRL use_bias_correction_kl).
   */
  ratioCorrected: z.boolean().default(false),
  /** Bounds on |logp - target| and on the estimate, null for none (verl 20 and 10). */
  inputClamp: positiveNumber.nullable().default(null),
  outputClamp: positiveNumber.nullable().default(null),
});

export const importanceSchema = z.strictObject({
  /** Weight exp(old - behaviour) per token, or its product over the sequence. */
  level: z.enum(['none', 'token', 'sequence']).default('none'),
  /** truncate: min(w, cap). mask: 0 outside [floor, cap]. */
  mode: z.enum(['truncate', 'mask']).default('truncate'),
  /** verl, slime and SkyRL 2 per token; TRL 3 with a sequence mask. */
  cap: positiveNumber.default(2),
  floor: z.number().nonnegative().default(0),
  /** Drop sequences with a negative advantage and mean(old - logp) above this (OPSM); null for never. */
  offPolicyLimit: z.number().nullable().default(null),
});

export const componentSchema = z.strictObject({
  /** Unique; names the loss part and its normaliser. */
  name: z.string().min(1),
  kind: z.enum(['ce', 'policy', 'kl', 'entropy', 'covariance-penalty']),
  on: z.enum(['all', 'positives', 'negatives']).default('all'),
  /** Name of a stream of token weights in the batch; null for 1. Streams do not enter normalisers. */
  weights: z.string().nullable().default(null),
  /** `ce` only: multiply by the advantage. */
  byAdvantage: z.boolean().default(false),
  /** `ce` only: multiply by the token's probability without gradient (DFT). */
  byProbability: z.boolean().default(false),
  /** Count tokens and sequences among those selected by `on`, or among all. */
  normaliser: z.enum(['selected', 'all']).default('selected'),
  coefficient: z.number().default(1),
});

export const objectiveSchema = z.strictObject({
  advantage: advantageSchema.prefault({}),
  ratio: ratioSchema.prefault({}),
  policy: policySchema.prefault({}),
  aggregation: aggregationSchema.prefault({}),
  kl: klSchema.prefault({}),
  importance: importanceSchema.prefault({}),
  entropy: z.strictObject({ coefficient: z.number().default(0) }).prefault({}),
  /** What makes a sequence positive: reward or advantage above the threshold. */
  positive: z
    .strictObject({ by: z.enum(['reward', 'advantage']).default('reward'), threshold: z.number().default(0) })
    .prefault({}),
  components: z
    .array(componentSchema)
    .refine((list) => new Set(list.map((c) => c.name)).size === list.length, 'component names must differ')
    .default([]),
});

export type AdvantageConfig = z.output<typeof advantageSchema>;
export type RatioConfig = z.output<typeof ratioSchema>;
export type PolicyConfig = z.output<typeof policySchema>;
export type AggregationConfig = z.output<typeof aggregationSchema>;
export type KlConfig = z.output<typeof klSchema>;
export type ImportanceConfig = z.output<typeof importanceSchema>;
export type ComponentConfig = z.output<typeof componentSchema>;
export type ObjectiveConfig = z.output<typeof objectiveSchema>;
export type ObjectiveInput = z.input<typeof objectiveSchema>;

/**
 * A complete objective from a partial one.
 *
 * @throws ZodError naming the first unknown or impossible field
 *
 * @example
 * resolveObjective({ policy: { term: 'reinforce' }, advantage: { estimator: 'rloo' } });
 */
export function resolveObjective(input: ObjectiveInput): ObjectiveConfig {
  return objectiveSchema.parse(input);
}

/** The components of an objective: its own list, or the ones implied by policy, kl and entropy. */
export function componentsOf(config: ObjectiveConfig): ComponentConfig[] {
  if (config.components.length > 0) return config.components;
  const implied: z.input<typeof componentSchema>[] = [{ name: 'policy', kind: 'policy' }];
  if (config.policy.term === 'kl-cov') implied.push({ name: 'covariance', kind: 'covariance-penalty' });
  if (config.kl.place === 'loss' && config.kl.coefficient !== 0) implied.push({ name: 'kl', kind: 'kl' });
  if (config.entropy.coefficient !== 0) implied.push({ name: 'entropy', kind: 'entropy' });
  return implied.map((component) => componentSchema.parse(component));
}

/**
 * Whether dL/dlogp does not depend on the current log-probabilities, so that one backward pass can be set up
 * before the forward pass has run.
 */
export function coefficientsConstant(config: ObjectiveConfig): boolean {
  if (config.importance.offPolicyLimit !== null) return false;
  return componentsOf(config).every((component) => {
    if (component.kind === 'ce') return !component.byProbability;
    if (component.kind === 'entropy') return true;
    if (component.kind === 'kl') return config.kl.estimator === 'k1' && !config.kl.ratioCorrected;
    if (component.kind === 'covariance-penalty') return false;
    const term = config.policy.term;
    if (config.importance.level !== 'none') return false;
    if (term === 'reinforce' || term === 'log-ratio' || term === 'bc') return true;
    return config.ratio.level === 'none' && (term === 'ratio' || term === 'ppo-clip');
  });
}
