import { describe, expect, it } from 'vitest';
import { createRng } from '../../core/index.ts';
import {
  grpo,
  METHODS,
  methodNamed,
  overlongPenalty,
  reinforce,
  rloo,
  type ScoredSequence,
  sft,
} from './index.ts';
import type { MethodBatch } from './method.ts';

const rng = createRng(1);
const ROLLOUTS: ScoredSequence[] = [
  [1, 'a', 3],
  [0, 'a', 5],
  [0, 'a', 2],
  [1, 'a', 4],
  [1, 'b', 1],
  [1, 'b', 2],
  [null, 'b', 3],
].map(([reward, group, length]) => ({
  reward: reward as number | null,
  group: String(group),
  length: Number(length),
  oldLogProbs: new Float64Array(Number(length)).fill(-1),
  referenceLogProbs: new Float64Array(Number(length)).fill(-1.5),
}));

describe.each(Object.entries(METHODS))('%s', (name) => {
  const method = methodNamed(name);

  it('has presets that its schema accepts, explains each, and refuses unknown keys', () => {
    for (const [preset, config] of Object.entries(method.presets)) {
      expect(method.schema.parse(config)).toEqual(config);
      const text = method.explain(config);
      expect(text, preset).toContain('loss =');
      expect(text).not.toMatch(/undefined|NaN/);
    }
    expect(() => method.schema.parse({ nonsense: 1 })).toThrow('nonsense');
  });

  it('runs from rollouts to finite coefficients that add up over micro-batches', () => {
    for (const config of Object.values(method.presets)) {
      const { sequences, metrics } = method.prepare(ROLLOUTS, config, rng);
      for (const value of Object.values(metrics)) expect(Number.isFinite(value)).toBe(true);
      const perToken = sequences.map(({ advantage, source }) =>
        advantage instanceof Float64Array
          ? advantage
          : new Float64Array(ROLLOUTS[source].length).fill(advantage),
      );
      const rows = (f: (u: number) => number) =>
        sequences.map(({ source }, i) =>
          Float64Array.from({ length: ROLLOUTS[source].length }, (_, t) => f(createRng(3, i, t).uniform())),
        );
      const batch: MethodBatch = {
        logProbs: rows((u) => -0.1 - u),
        oldLogProbs: rows((u) => -0.2 - u),
        referenceLogProbs: rows((u) => -0.3 - u * u),
        behaviourLogProbs: rows((u) => -0.2 - u),
        scores: rows((u) => u - 0.5),
        advantages: perToken,
        rewards: sequences.map((s) => s.reward),
      };
      const prepared = method.normalise(batch, config, rng);
      const whole = method.evaluate(prepared.batch, prepared.normalisers, config);
      expect(Number.isFinite(whole.loss)).toBe(true);
      expect(whole.coefficients.map((row) => row.length)).toEqual(batch.logProbs.map((row) => row.length));
      expect(whole.coefficients.flatMap((row) => [...row]).every(Number.isFinite)).toBe(true);
      expect(sequences.some(({ source }) => ROLLOUTS[source].reward === null && name !== 'oreal')).toBe(
        false,
      );
    }
  });
});

describe('prepare', () => {
  it('sft keeps right responses, at most so many per prompt, with advantage 1', () => {
    const all = sft.prepare(ROLLOUTS, sft.defaults, rng).sequences;
    expect(all.map((s) => s.source)).toEqual([0, 1, 2, 3, 4, 5]);
    const right = sft.prepare(
      ROLLOUTS,
      { ...sft.defaults, responses: 'correct', perPrompt: 1 },
      rng,
    ).sequences;
    expect(right.map((s) => ROLLOUTS[s.source].group)).toEqual(['a', 'b']);
    expect(right.every((s) => s.advantage === 1 && s.reward === 1)).toBe(true);
  });

  it('rloo takes KL from the reward: 0.05 * 0.5 per token', () => {
    const with0 = rloo.prepare(ROLLOUTS, rloo.presets['no-kl'], rng).sequences;
    expect(with0.map((s) => Number((s.advantage as number).toFixed(6)))).toEqual([
      0.666667, -0.666667, -0.666667, 0.666667, 0, 0,
    ]);
    const withKl = rloo.prepare(ROLLOUTS, rloo.defaults, rng).sequences;
    const rewards = [1 - 0.075, -0.125, -0.05, 1 - 0.1];
    expect(withKl[0].advantage).toBeCloseTo(rewards[0] - (rewards[1] + rewards[2] + rewards[3]) / 3, 12);
  });

  it('grpo drops groups without signal and truncated responses when asked', () => {
    expect(grpo.prepare(ROLLOUTS, grpo.defaults, rng).sequences.map((s) => s.source)).toEqual([0, 1, 2, 3]);
    expect(grpo.prepare(ROLLOUTS, grpo.presets.deepseekmath, rng).sequences).toHaveLength(6);
    const cut = ROLLOUTS.map((r, i) => ({ ...r, truncated: i === 1 }));
    const kept = grpo.prepare(cut, { ...grpo.defaults, dropTruncated: true }, rng).sequences;
    expect(kept.map((s) => s.source)).toEqual([0, 2, 3]);
    expect(grpo.prepare(ROLLOUTS, grpo.defaults, rng).metrics['group.zero-variance']).toBe(0.5);
  });

  it('the overlong penalty falls from 0 to -1', () => {
    const at = [16384, 16385, 18432, 20480, 20481].map((length) => overlongPenalty(length, 20480, 4096));
    expect(at[0]).toBe(0);
    expect(at[1]).toBeCloseTo(-1 / 4096, 15);
    expect(at.slice(2)).toEqual([-0.5, -1, -1]);
  });

  it('reinforce++ gives an advantage per token', () => {
    const { sequences } = reinforce.prepare(ROLLOUTS, reinforce.presets['reinforce++'], rng);
    expect(sequences.map((s) => (s.advantage as Float64Array).length)).toEqual([3, 5, 2, 4, 1, 2]);
  });
});

describe('registry', () => {
  it('knows constant coefficients and names what it has', () => {
    expect(sft.coefficientsConstant(sft.defaults)).toBe(true);
    expect(sft.coefficientsConstant(sft.presets.dft)).toBe(false);
    expect(reinforce.coefficientsConstant(reinforce.defaults)).toBe(true);
    expect(rloo.coefficientsConstant(rloo.defaults)).toBe(true);
    expect(grpo.coefficientsConstant(grpo.defaults)).toBe(false);
    expect(METHODS.oreal.coefficientsConstant(METHODS.oreal.defaults)).toBe(false);
    expect(() => methodNamed('ppo')).toThrow('no training method named ppo');
  });

  it('explains grpo with every constant', () => {
    expect(grpo.explain(grpo.presets.dapo)).toMatchInlineSnapshot(`
      "data       rollouts with a reward, groups of equal rewards left out
      advantage  A = (R - mean_group) / (std_group + 1e-6), std unbiased; rewards of null excluded
      ratio      r_t = exp(logp_t - old_t), |log r| <= 20
      policy     l = -min(r A, clip(r, 0.8, 1.28) A)
      loss =     1/N sum_{i in all} sum_t policy;  N = all tokens"
    `);
    expect(sft.explain(sft.defaults)).toMatchInlineSnapshot(`
      "data    all responses with a reward
      loss =  1/N sum_{i in all} sum_t (-logp);  N = all tokens"
    `);
    expect(rloo.explain(rloo.presets.trl)).toMatchInlineSnapshot(`
      "data       every rollout with a reward
      advantage  A = R - mean of the other samples of the group; rewards of null excluded
      ratio      r = exp(sum_t(logp_t - old_t)), |log r| <= 20, the same for all tokens of a sequence
      policy     l = -min(r A, clip(r, 0.8, 1.2) A)
      kl         R <- R - 0.05 sum_t (d), d = logp - reference
      loss =     1/B sum_{i in all} 1/l_i sum_t policy;  B = all sequences, l = length"
    `);
  });
});
