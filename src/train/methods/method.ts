// What a training method is to the training loop. Per rollout batch the loop does:
//   selection = method.prepare(rollouts, config, rng)        which sequences, with what advantage
//   prepared  = method.normalise(batch, config, rng)         everything that comes from the whole selection
//   per micro-batch, with fresh logProbs in takeSequences(prepared.batch, indices):
//     evaluation = method.evaluate(part, prepared.normalisers, config); backward with its coefficients
//   one optimiser step, of the policy only if method.trainsPolicy(step, config)
// Losses, coefficients and metrics (except `.max`) of micro-batches add up to those of the batch.

import type * as z from 'zod';
import type { Rng } from '../../core/index.ts';
import {
  coefficientsConstant,
  type Evaluation,
  evaluateObjective,
  klPenalties,
  type Normalisers,
  type ObjectiveBatch,
  type ObjectiveConfig,
  prepareBatch,
  type TokenRows,
  usesCovariance,
} from '../objective/index.ts';

/** One rollout as a method sees it. */
export interface ScoredSequence {
  /** Samples of one prompt share it. */
  group: string;
  /** null = not scorable. */
  reward: number | null;
  /** Response tokens that are trained. */
  length: number;
  /** Whether generation was cut off by the length limit. */
  truncated?: boolean;
  /** Log-probabilities under the policy before this batch's updates and under the reference; see `needs`. */
  oldLogProbs?: Float64Array;
  referenceLogProbs?: Float64Array;
}

export interface SelectedSequence {
  /** Index into the rollouts that `prepare` was given. */
  source: number;
  /** As the method uses it; null rewards are kept only where metrics need them and are never trained on. */
  reward: number | null;
  /** Per sequence, or per token. */
  advantage: number | Float64Array;
}

export interface Selection {
  sequences: SelectedSequence[];
  metrics: Record<string, number>;
}

/** What the loop must supply. */
export interface MethodNeeds {
  /** Log-probabilities of the frozen reference policy in the batch. */
  reference: boolean;
  /** Log-probabilities of the sampling distribution in the batch. */
  behaviour: boolean;
  /** Scores of a token-level reward model in the batch, and a backward pass with `scoreCoefficients`. */
  tokenRewardModel: boolean;
  /** `prepare` needs oldLogProbs and referenceLogProbs on every rollout (KL in the reward). */
  logProbsToPrepare: boolean;
  /** `normalise` needs true logProbs of the whole batch; otherwise rows of the right lengths are enough. */
  logProbsToNormalise: boolean;
}

export interface MethodBatch extends ObjectiveBatch {
  /** Scores of the token reward model, one per response token. */
  scores?: TokenRows;
}

export interface MethodEvaluation extends Evaluation {
  /**
   * Loss of the token reward model and its derivative per score. Separate from `loss`: another model learns
   * it.
   */
  scoreLoss?: number;
  scoreCoefficients?: Float64Array[];
}

/** A training method with configuration C. */
export interface RlMethod<C> {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Validates and completes a configuration; unknown keys are refused. */
  readonly schema: z.ZodType<C>;
  readonly defaults: C;
  /** Named complete configurations; `default` is among them. */
  readonly presets: Readonly<Record<string, C>>;
  /** The loss as data. */
  objective(config: C): ObjectiveConfig;
  needs(config: C): MethodNeeds;
  /** Whether coefficients do not depend on the current log-probabilities. */
  coefficientsConstant(config: C): boolean;
  /** Whether the policy is updated at this optimiser step, from 0. */
  trainsPolicy(step: number, config: C): boolean;
  prepare(rollouts: readonly ScoredSequence[], config: C, rng: Rng): Selection;
  normalise(batch: MethodBatch, config: C, rng: Rng): { batch: MethodBatch; normalisers: Normalisers };
  evaluate(batch: MethodBatch, normalisers: Normalisers, config: C): MethodEvaluation;
  /** The resolved formula with every constant, several lines. */
  explain(config: C): string;
}

/** What a method file must say; `defineMethod` supplies the rest. */
export type MethodDefinition<C> = Pick<
  RlMethod<C>,
  'name' | 'summary' | 'schema' | 'objective' | 'prepare' | 'explain'
> & { presets?: Readonly<Record<string, z.input<z.ZodType<C>>>> } & Partial<
    Pick<RlMethod<C>, 'needs' | 'coefficientsConstant' | 'trainsPolicy' | 'normalise' | 'evaluate'>
  >;

/** Completes a method whose step is the plain evaluation of its objective. */
export function defineMethod<C>(definition: MethodDefinition<C>): RlMethod<C> {
  const { schema, presets } = definition;
  const defaults = schema.parse({});
  const named = Object.entries(presets ?? {}).map(([name, input]) => [name, schema.parse(input)] as const);
  return {
    needs: (config) => objectiveNeeds(definition.objective(config)),
    coefficientsConstant: (config) => coefficientsConstant(definition.objective(config)),
    trainsPolicy: () => true,
    normalise: (batch, config, rng) => prepareBatch(definition.objective(config), batch, rng),
    evaluate: (batch, normalisers, config) =>
      evaluateObjective(definition.objective(config), batch, normalisers),
    ...definition,
    defaults,
    presets: { default: defaults, ...Object.fromEntries(named) },
  };
}

/** What an objective needs, without a token reward model. */
export function objectiveNeeds(objective: ObjectiveConfig): MethodNeeds {
  const { kl, importance } = objective;
  const usesKl = kl.coefficient > 0;
  return {
    reference: usesKl && kl.target === 'reference',
    behaviour: importance.level !== 'none',
    tokenRewardModel: false,
    logProbsToPrepare: usesKl && kl.place === 'reward',
    logProbsToNormalise: usesCovariance(objective),
  };
}

/** KL cost per token of each rollout, for KL in the reward. Rows of 0 where log-probabilities are missing. */
export function rewardPenalties(rollouts: readonly ScoredSequence[], objective: ObjectiveConfig): TokenRows {
  const blank = (length: number) => new Float64Array(length);
  if (objective.kl.place !== 'reward') return rollouts.map((r) => blank(r.length));
  return klPenalties(
    objective.kl,
    rollouts.map((r) => r.oldLogProbs ?? blank(r.length)),
    rollouts.map((r) => r.referenceLogProbs ?? r.oldLogProbs ?? blank(r.length)),
  );
}

/**
 * Mean, share of groups without signal and unscorable share: the metrics every method reports of its rewards.
 */
export function rewardMetrics(
  rollouts: readonly ScoredSequence[],
  counts: { groups: number; zeroVarianceGroups: number; unscorable: number },
): Record<string, number> {
  const scored = rollouts.flatMap((r) => (r.reward === null ? [] : [r.reward]));
  const mean = scored.reduce((a, b) => a + b, 0) / Math.max(1, scored.length);
  const square = scored.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, scored.length - 1);
  return {
    'rollout.reward.mean': mean,
    'rollout.reward.deviation': Math.sqrt(square),
    'rollout.unscorable': counts.unscorable / Math.max(1, rollouts.length),
    'rollout.truncated': rollouts.filter((r) => r.truncated === true).length / Math.max(1, rollouts.length),
    'rollout.length.mean': rollouts.reduce((a, r) => a + r.length, 0) / Math.max(1, rollouts.length),
    'group.zero-variance': counts.zeroVarianceGroups / Math.max(1, counts.groups),
  };
}
