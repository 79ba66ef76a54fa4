// Phase 2: reinforcement learning on verifiable tasks. Each step samples groups of responses, verifies them, turns
// verdicts into rewards and hands the batch to the method. Everything about a step is named by (seed, step), so a
// step done again after an interruption is the same step.

import {
  type Item,
  type Json,
  type Rng,
  type Rollout,
  TouchstoneError,
  type Verdict,
} from '../core/index.ts';
import { learningRateAt } from '../engine/optimiser.ts';
import { embeddedPolicy } from '../policies/index.ts';
import { outcomeReward } from '../rewards/index.ts';
import { difficultyBalance, methodNamed, scoreOffset } from '../train/methods/index.ts';
import type { RlMethod } from '../train/methods/method.ts';
import type { OrealConfig } from '../train/methods/oreal.ts';
import { type TrainedSequence, type TrainingRollout, updatePolicy } from '../train/policy-update.ts';
import { checkInterrupted, MODELS, PHASES, type RunContext, savePolicy, scheduleOf } from './context.ts';
import type { Recipe } from './schema.ts';

/** The method of a recipe with its complete configuration: preset, then the recipe's own fields. */
export function resolveMethod(recipe: Recipe): { method: RlMethod<unknown>; config: unknown } {
  const method = methodNamed(recipe.reinforce.method);
  const preset = method.presets[recipe.reinforce.preset];
  if (preset === undefined) {
    const known = Object.keys(method.presets).join(', ');
    throw new TouchstoneError(
      'bad-config',
      `method ${method.name} has no preset ${recipe.reinforce.preset}`,
      {
        hint: `there are ${known}`,
      },
    );
  }
  const config = method.schema.parse({ ...(preset as object), ...recipe.reinforce.config });
  return { method, config };
}

interface Graded {
  item: Item;
  rollout: Rollout;
  verdict: Verdict;
  reward: number | null;
}

/** Trains from step `done` to the end of the phase. `pool` lists the screened training items, if any. */
export async function reinforce(
  context: RunContext,
  done: number,
  pool: readonly number[] | null,
): Promise<void> {
  const { recipe, engine, run, checkpoints, observer, clock, rng } = context;
  const { steps, minibatches, sampling, rewardModelLearningRate } = recipe.reinforce;
  const { method, config } = resolveMethod(recipe);
  const needsScores = method.needs(config).tokenRewardModel;
  const schedule = scheduleOf(recipe.reinforce);
  const save = (step: number, score: number) =>
    checkpoints.save({
      phase: PHASES.reinforce,
      step,
      score,
      write: async (dir) => {
        await savePolicy(context, `${dir}/policy`);
        if (needsScores) {
          await engine.saveModel(MODELS.tokenRewardModel, `${dir}/token-reward-model`, { training: true });
        }
      },
    });
  observer.phase(PHASES.reinforce, steps, done);
  for (let step = done; step < steps; step++) {
    checkInterrupted(context);
    const started = clock();
    const graded = await rollOut(context, step, pool);
    const sampled = clock();
    const learningRate = learningRateAt(schedule, step);
    const update = await updatePolicy(engine, MODELS, method, config, graded.map(trainingRollout), {
      temperature: sampling.temperature,
      step,
      learningRate,
      rewardModelLearningRate,
      optimiser: recipe.optimiser,
      minibatches,
      scoreAlignment: needsScores && scoreOffset(config as OrealConfig) === 1 ? 'including' : 'before',
      rng: rng.split('update', step),
    });
    const ended = clock();
    const metrics: Record<string, number> = {
      ...rolloutMetrics(graded),
      ...update.metrics,
      'learning-rate': learningRate,
    };
    const tokens = graded.reduce((sum, { rollout }) => sum + rollout.tokens.length, 0);
    const timings = {
      seconds: (ended - started) / 1000,
      'sample-seconds': (sampled - started) / 1000,
      'update-seconds': (ended - sampled) / 1000,
      'tokens-per-second': (1000 * tokens) / (ended - started),
    };
    const rollouts = describeRollouts(context, graded, update.trained);
    run.commitStep({ phase: PHASES.reinforce, step: step + 1, metrics, timings, rollouts });
    observer.step(step + 1, { ...metrics, ...timings });
    const due = (step + 1) % recipe.checkpointEvery === 0 || step + 1 === steps || context.signal.aborted;
    if (due) await save(step + 1, metrics.accuracy ?? 0);
  }
  warnOfSkipped(context);
}

/** A policy that is hopeless, perfect or has collapsed gives no signal; the run ends as if nothing were wrong. */
function warnOfSkipped({ run, recipe, observer }: RunContext): void {
  const { steps } = recipe.reinforce;
  const skipped = run.metricsSeries(PHASES.reinforce, 'update.skipped').length;
  if (skipped * 2 <= steps) return;
  const text = `${skipped} of ${steps} reinforcement steps had nothing to learn from: no prompt had right and wrong responses`;
  if (run.warnings().some((warning) => warning.text === text)) return;
  run.warn(text);
  observer.note(`warning: ${text}`);
}

/** Measures pass rates of `reinforce.pool` training items and returns the pool the method trains on. */
export async function screen(context: RunContext): Promise<number[]> {
  const { recipe, observer, tasks, engine, tokenizer } = context;
  const { pool, samples, sampling } = recipe.reinforce;
  const policy = embeddedPolicy(engine, MODELS.policy, tokenizer, () => 0);
  observer.phase(PHASES.screening, pool, 0);
  const passRates: number[] = [];
  const CHUNK = 64;
  for (let from = 0; from < pool; from += CHUNK) {
    checkInterrupted(context);
    const items = Array.from({ length: Math.min(CHUNK, pool - from) }, (_, i) =>
      tasks.item('train', from + i),
    );
    const rollouts = await policy.sample(items, samples, { ...sampling, seed: `${recipe.seed} screening` });
    rollouts.forEach((row, i) => {
      const item = items[i] as Item;
      const right = row.filter((rollout) => grade(context, item, rollout).reward === 1).length;
      passRates.push(right / row.length);
    });
    observer.step(passRates.length, { accuracy: passRates.reduce((a, b) => a + b, 0) / passRates.length });
  }
  return difficultyBalance(passRates);
}

async function rollOut(context: RunContext, step: number, pool: readonly number[] | null): Promise<Graded[]> {
  const { recipe, engine, tokenizer, tasks, rng } = context;
  const { prompts, samples, sampling } = recipe.reinforce;
  const indices =
    pool === null
      ? Array.from({ length: prompts }, (_, i) => step * prompts + i)
      : drawPrompts(rng.split('prompts', step), pool, prompts);
  const items = indices.map((index) => tasks.item('train', index));
  const policy = embeddedPolicy(engine, MODELS.policy, tokenizer, () => step);
  const rows = await policy.sample(items, samples, { ...sampling, seed: `${recipe.seed} step ${step}` });
  return rows.flatMap((row, i) => row.map((rollout) => grade(context, items[i] as Item, rollout)));
}

/** Up to `count` different items; one that is repeated in the pool is so much likelier to be among them. */
export function drawPrompts(rng: Rng, pool: readonly number[], count: number): number[] {
  return [...new Set(rng.shuffle(pool))].slice(0, count);
}

function grade({ tasks }: RunContext, item: Item, rollout: Rollout): Graded {
  const verdict = tasks.verify(item, rollout.text);
  return { item, rollout, verdict, reward: outcomeReward(verdict, rollout.finishReason).value };
}

function trainingRollout({ item, rollout, reward }: Graded): TrainingRollout {
  const { promptTokens, tokens, behaviourLogProbs, finishReason } = rollout;
  return {
    group: item.id,
    reward,
    promptTokens,
    tokens,
    behaviourLogProbs,
    truncated: finishReason === 'length',
  };
}

function rolloutMetrics(graded: readonly Graded[]): Record<string, number> {
  const share = (test: (g: Graded) => boolean) => graded.filter(test).length / graded.length;
  const scored = graded.filter(({ reward }) => reward !== null);
  const tokens = graded.reduce((sum, { rollout }) => sum + rollout.tokens.length, 0);
  return {
    reward: scored.reduce((sum, { reward }) => sum + (reward ?? 0), 0) / Math.max(1, scored.length),
    accuracy: share(({ reward }) => reward === 1),
    truncated: share(({ rollout }) => rollout.finishReason === 'length'),
    invalid: share(({ verdict }) => verdict.outcome === 'invalid'),
    length: tokens / graded.length,
  };
}

/** Four decimals: enough to look at, small on disk. */
const brief = (value: number): number => Math.round(value * 1e4) / 1e4;

function describeRollouts(
  { tokenizer }: RunContext,
  graded: readonly Graded[],
  trained: readonly TrainedSequence[],
): Json[] {
  const bySource = new Map(trained.map((sequence) => [sequence.source, sequence]));
  return graded.map(({ item, rollout, verdict, reward }, source) => {
    const training = bySource.get(source);
    return {
      item: item.id,
      sample: rollout.index,
      prompt: item.messages.map((message) => message.content).join('\n'),
      text: rollout.text,
      outcome: verdict.outcome,
      reward,
      finishReason: rollout.finishReason,
      policyVersion: rollout.policyVersion,
      ...(training === undefined
        ? {}
        : {
            trained: {
              advantage: brief(training.advantage),
              weights: training.weights === null ? null : Array.from(training.weights, brief),
              logProbs: Array.from(rollout.behaviourLogProbs, brief),
              tokens: Array.from(rollout.tokens, (token) => tokenizer.tokenOf(token) ?? `#${token}`),
            },
          }),
    };
  });
}
