import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyConfig } from '../../test/support/tiny-model.ts';
import { createRng } from '../core/index.ts';
import { DEFAULT_OPTIMISER } from '../engine/optimiser.ts';
import type { Engine } from '../models/engine.ts';
import { createLocalEngine } from '../models/local-engine.ts';
import { METHODS } from './methods/index.ts';
import type { RlMethod } from './methods/method.ts';
import { type TrainingRollout, type UpdateOptions, updatePolicy } from './policy-update.ts';

const CONFIG = tinyConfig({
  vocabSize: 12,
  layers: 1,
  heads: 2,
  kvHeads: 2,
  headDim: 8,
  feedForwardSize: 16,
  normEpsilon: 1e-6,
  maxPositions: 32,
  eosTokenIds: [1],
  initializerRange: 0.1,
});

const NAMES = { policy: 'policy', reference: 'reference', tokenRewardModel: 'reward' };

const OPTIONS: UpdateOptions = {
  temperature: 1,
  step: 0,
  learningRate: 1e-2,
  rewardModelLearningRate: 1e-2,
  optimiser: { ...DEFAULT_OPTIMISER, weightDecay: 0 },
  minibatches: 1,
  scoreAlignment: 'before',
  rng: createRng(1),
};

/** Two groups of four; the responses of a group differ in their tokens, the rewards are as given. */
function rollouts(rewards: (number | null)[]): TrainingRollout[] {
  const rng = createRng(2, 'rollouts');
  return rewards.map((reward, i) => {
    const length = rng.int(3, 8);
    return {
      group: i < 4 ? 'a' : 'b',
      reward,
      promptTokens: Int32Array.of(2, i < 4 ? 3 : 4),
      tokens: Int32Array.from({ length }, () => rng.int(5, 11)),
      behaviourLogProbs: new Float32Array(length).fill(-2),
      truncated: false,
    };
  });
}

let engine: Engine;
beforeAll(async () => {
  engine = await createLocalEngine({ executor: 'onnx', threads: 1 });
});
afterAll(() => engine.close());

async function fresh(): Promise<void> {
  await engine.createModel('policy', CONFIG, 3);
  await engine.copyModel('policy', 'reference');
  await engine.copyModel('policy', 'reward', 'score');
}

async function totals(batch: TrainingRollout[]): Promise<number[]> {
  const sequences = batch.map(({ promptTokens, tokens }) => ({
    tokens: Int32Array.from([...promptTokens, ...tokens]),
    promptLength: promptTokens.length,
  }));
  const { logProbs } = await engine.logProbs('policy', sequences);
  return logProbs.map((row) => row.reduce((a, b) => a + b, 0));
}

const MIXED = [1, 0, 0, 1, 1, 0, 1, 0];

describe.each(['reinforce', 'rloo', 'grpo', 'oreal'] as const)('%s', (name) => {
  const method = METHODS[name] as unknown as RlMethod<unknown>;
  const config = method.schema.parse(name === 'oreal' ? { tokenRewardModel: false, perGroup: 'all' } : {});

  it('raises right responses over wrong ones', async () => {
    await fresh();
    const batch = rollouts(MIXED);
    const before = await totals(batch);
    for (let step = 0; step < 5; step++)
      await updatePolicy(engine, NAMES, method, config, batch, { ...OPTIONS, step });
    const change = (await totals(batch)).map((total, i) => total - (before[i] as number));
    const mean = (right: number) => {
      const of = change.filter((_, i) => MIXED[i] === right);
      return of.reduce((a, b) => a + b, 0) / of.length;
    };
    expect(mean(1) - mean(0)).toBeGreaterThan(0.5);
  });

  it('gives the same metrics and weights when repeated', async () => {
    const once = async () => {
      await fresh();
      const batch = rollouts(MIXED);
      const { metrics } = await updatePolicy(engine, NAMES, method, config, batch, OPTIONS);
      return { metrics, after: await totals(batch) };
    };
    expect(await once()).toEqual(await once());
  });

  it('does not learn from unscorable rollouts', async () => {
    const update = async (extra: TrainingRollout[]) => {
      await fresh();
      const batch = [...rollouts(MIXED), ...extra];
      await updatePolicy(engine, NAMES, method, config, batch, OPTIONS);
      return totals(rollouts(MIXED));
    };
    const unscorable = rollouts([null]).map((rollout) => ({
      ...rollout,
      tokens: Int32Array.of(5, 5, 5, 5, 5),
    }));
    const behaviour = unscorable.map((rollout) => ({ ...rollout, behaviourLogProbs: new Float32Array(5) }));
    expect(await update(behaviour)).toEqual(await update([]));
  });
});

describe('oreal with a token reward model', () => {
  const method = METHODS.oreal as unknown as RlMethod<unknown>;

  it('leaves the policy alone while frozen and trains the reward model', async () => {
    await fresh();
    const config = method.schema.parse({ freezeSteps: 2 });
    const batch = rollouts(MIXED);
    const before = await totals(batch);
    const losses: number[] = [];
    for (let step = 0; step < 2; step++) {
      const { metrics } = await updatePolicy(engine, NAMES, method, config, batch, { ...OPTIONS, step });
      losses.push(metrics['token-reward.loss'] ?? Number.NaN);
    }
    expect(await totals(batch)).toEqual(before);
    expect(losses[0]).toBeCloseTo(Math.LN2, 5); // a zero head says 0.5
    const { metrics } = await updatePolicy(engine, NAMES, method, config, batch, { ...OPTIONS, step: 2 });
    expect(metrics['policy.gradient-norm']).toBeGreaterThan(0);
    expect(await totals(batch)).not.toEqual(before);
  });

  it('reads the scores again after the first mini-batch', async () => {
    await fresh();
    const config = method.schema.parse({ perGroup: 'all', freezeSteps: 0 });
    const asked: number[] = [];
    const watched: Engine = {
      ...engine,
      scores: (name, sequences, alignment) => {
        asked.push(sequences.length);
        return engine.scores(name, sequences, alignment);
      },
    };
    await updatePolicy(watched, NAMES, method, config, rollouts(MIXED), { ...OPTIONS, minibatches: 2 });
    expect(asked).toEqual([8, 4]);
  });

  it('skips a batch without a mixed group', async () => {
    await fresh();
    const config = method.schema.parse({});
    const { metrics, trained } = await updatePolicy(
      engine,
      NAMES,
      method,
      config,
      rollouts([1, 1, 1, 1, 0, 0, 0, 0]),
      OPTIONS,
    );
    expect(metrics['update.skipped']).toBe(1);
    expect(trained).toEqual([]);
  });
});
