// One rollout batch of reinforcement learning, for any method: select what is trained on, look up reference
// log-probabilities and token scores, evaluate the objective, and step the policy (and the token reward model).
// The loop around it (rollouts, checkpoints, logging) belongs to the recipe.

import { type Rng, TouchstoneError } from '../core/index.ts';
import type { Sequence } from '../engine/batch.ts';
import type { OptimiserConfig } from '../engine/optimiser.ts';
import type { Engine } from '../models/engine.ts';
import type { MethodBatch, RlMethod, ScoredSequence } from './methods/method.ts';
import { orealTokenWeights } from './methods/oreal-credit.ts';
import { takeSequences } from './objective/index.ts';

/** One rollout with its reward. */
export interface TrainingRollout {
  /** Samples of one prompt share it. */
  group: string;
  reward: number | null;
  promptTokens: Int32Array;
  tokens: Int32Array;
  behaviourLogProbs: Float32Array;
  truncated: boolean;
}

/** Names of the models in the engine. */
export interface ModelNames {
  policy: string;
  reference: string;
  tokenRewardModel: string;
}

export interface UpdateOptions {
  /** Temperature the rollouts were sampled at: the policy that is optimised. */
  temperature: number;
  /** Optimiser steps taken before this batch. */
  step: number;
  learningRate: number;
  rewardModelLearningRate: number;
  optimiser: OptimiserConfig;
  /** Optimiser steps per rollout batch; more than one needs a method with ratios. */
  minibatches: number;
  /** Where OREAL's scores are read; see its `scorePosition`. */
  scoreAlignment: 'before' | 'including';
  rng: Rng;
}

/** What was trained on, for the record. */
export interface TrainedSequence {
  source: number;
  /** Loss weight of each token, where the method has them. */
  weights: Float64Array | null;
  advantage: number;
}

export interface UpdateResult {
  metrics: Record<string, number>;
  trained: TrainedSequence[];
}

/**
 * Runs one update.
 *
 * @throws TouchstoneError 'not-finite' when loss or gradient is NaN or infinite; no model takes that step, but those
 * of earlier mini-batches stay: go on from a checkpoint
 */
export async function updatePolicy<C>(
  engine: Engine,
  names: ModelNames,
  method: RlMethod<C>,
  config: C,
  rollouts: readonly TrainingRollout[],
  options: UpdateOptions,
): Promise<UpdateResult> {
  const needs = method.needs(config);
  const { temperature, rng } = options;
  const scored: ScoredSequence[] = rollouts.map(({ group, reward, tokens, truncated }) => ({
    group,
    reward,
    length: tokens.length,
    truncated,
  }));
  if (needs.logProbsToPrepare) {
    const all = rollouts.map(sequenceOf);
    const old = await engine.logProbs(names.policy, all, { temperature });
    const reference = await engine.logProbs(names.reference, all, { temperature });
    scored.forEach((sequence, i) => {
      sequence.oldLogProbs = Float64Array.from(old.logProbs[i] as Float32Array);
      sequence.referenceLogProbs = Float64Array.from(reference.logProbs[i] as Float32Array);
    });
  }
  const selection = method.prepare(scored, config, rng.split('prepare'));
  const metrics: Record<string, number> = { ...selection.metrics };
  const kept = selection.sequences.filter(({ reward }) => reward !== null);
  if (kept.length === 0) return { metrics: { ...metrics, 'update.skipped': 1 }, trained: [] };

  const chosen = kept.map(({ source }) => rollouts[source] as TrainingRollout);
  const sequences = chosen.map(sequenceOf);
  const current = await engine.logProbs(names.policy, sequences, { temperature, entropy: true });
  const logProbs = current.logProbs.map((row) => Float64Array.from(row));
  const batch: MethodBatch = {
    logProbs,
    oldLogProbs: logProbs.map((row) => row.slice()),
    advantages: kept.map(({ advantage }, i) =>
      typeof advantage === 'number'
        ? new Float64Array((logProbs[i] as Float64Array).length).fill(advantage)
        : advantage,
    ),
    rewards: kept.map(({ reward }) => reward),
    entropies: (current.entropies ?? []).map((row) => Float64Array.from(row)),
  };
  if (needs.reference) {
    const reference = await engine.logProbs(names.reference, sequences, { temperature });
    batch.referenceLogProbs = reference.logProbs.map((row) => Float64Array.from(row));
  }
  if (needs.behaviour) {
    batch.behaviourLogProbs = chosen.map(({ behaviourLogProbs }) => Float64Array.from(behaviourLogProbs));
  }
  const scoresOf = async (of: readonly Sequence[]): Promise<Float64Array[] | undefined> => {
    if (!needs.tokenRewardModel) return undefined;
    const rows = await engine.scores(names.tokenRewardModel, of, options.scoreAlignment);
    return rows.map((row) => Float64Array.from(row));
  };
  const scores = await scoresOf(sequences);
  metrics['policy.entropy'] = meanOf(batch.entropies ?? []);
  const gaps = logProbs.map((row, i) =>
    row.map((value, t) => Math.abs(value - ((chosen[i] as TrainingRollout).behaviourLogProbs[t] as number))),
  );
  metrics['sampler.gap.max'] = gaps.reduce((most, row) => row.reduce((a, b) => Math.max(a, b), most), 0);

  const updates = Math.max(1, Math.min(options.minibatches, kept.length));
  const order = rng.split('minibatches').shuffle([...kept.keys()]);
  for (let u = 0; u < updates; u++) {
    const indices = order.filter((_, at) => at % updates === u).sort((a, b) => a - b);
    const part = updates === 1 ? batch : takeSequences(batch, indices);
    const partSequences = indices.map((i) => sequences[i] as Sequence);
    if (u > 0) {
      const fresh = await engine.logProbs(names.policy, partSequences, { temperature });
      part.logProbs = fresh.logProbs.map((row) => Float64Array.from(row));
    }
    const prepared = method.normalise(part, config, rng.split('normalise', u));
    // Like the policy, the token reward model has moved on after the first mini-batch.
    const current =
      u > 0 ? await scoresOf(partSequences) : scores && indices.map((i) => scores[i] as Float64Array);
    const withScores: MethodBatch = current ? { ...prepared.batch, scores: current } : prepared.batch;
    const evaluation = method.evaluate(withScores, prepared.normalisers, config);
    checkFinite(evaluation.loss, 'loss', options.step);
    addMetrics(metrics, { loss: evaluation.loss, ...evaluation.metrics }, updates);
    if (method.trainsPolicy(options.step, config)) {
      await engine.accumulate(names.policy, partSequences, evaluation.coefficients, {
        temperature,
        ...(evaluation.entropyCoefficients ? { entropyCoefficients: evaluation.entropyCoefficients } : {}),
      });
      const { gradientNorm } = await engine.step(names.policy, options.learningRate, options.optimiser);
      addMetrics(metrics, { 'policy.gradient-norm': gradientNorm }, updates);
    }
    if (evaluation.scoreCoefficients) {
      const coefficients = evaluation.scoreCoefficients;
      await engine.accumulateScores(
        names.tokenRewardModel,
        partSequences,
        coefficients,
        options.scoreAlignment,
      );
      const { gradientNorm } = await engine.step(
        names.tokenRewardModel,
        options.rewardModelLearningRate,
        options.optimiser,
      );
      addMetrics(metrics, { 'token-reward.gradient-norm': gradientNorm }, updates);
    }
  }
  return { metrics, trained: describeTrained(kept, scores, config) };
}

function sequenceOf({ promptTokens, tokens }: TrainingRollout): Sequence {
  const all = new Int32Array(promptTokens.length + tokens.length);
  all.set(promptTokens);
  all.set(tokens, promptTokens.length);
  return { tokens: all, promptLength: promptTokens.length };
}

/** Token weights as OREAL derives them from the scores; null for methods without a token reward model. */
function describeTrained<C>(
  kept: readonly { source: number; reward: number | null; advantage: number | Float64Array }[],
  scores: readonly Float64Array[] | undefined,
  config: C,
): TrainedSequence[] {
  return kept.map(({ source, reward, advantage }, i) => ({
    source,
    advantage: typeof advantage === 'number' ? advantage : (advantage.at(-1) ?? 0),
    weights: scores
      ? orealTokenWeights(
          scores[i] as Float64Array,
          Number(reward) > 0,
          config as Parameters<typeof orealTokenWeights>[2],
        ).weights
      : null,
  }));
}

function meanOf(rows: readonly ArrayLike<number>[]): number {
  let sum = 0;
  let count = 0;
  for (const row of rows) {
    for (let t = 0; t < row.length; t++) sum += row[t] as number;
    count += row.length;
  }
  return count === 0 ? 0 : sum / count;
}

function checkFinite(value: number, what: string, step: number): void {
  if (Number.isFinite(value)) return;
  throw new TouchstoneError('not-finite', `the ${what} is ${value} at update ${step}`, {
    hint: 'lower the learning rate or the KL coefficient under another --name; the last checkpoint is intact',
  });
}

/** Metrics ending in `.max` keep the largest; others are averaged over the updates of the batch. */
function addMetrics(into: Record<string, number>, from: Record<string, number>, updates: number): void {
  for (const [name, value] of Object.entries(from)) {
    if (name.endsWith('.max')) into[name] = Math.max(into[name] ?? -Infinity, value);
    else into[name] = (into[name] ?? 0) + value / updates;
  }
}
