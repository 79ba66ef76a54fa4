// OREAL against the golden pair (../objective/golden/README.md) and its own properties.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../core/index.ts';
import golden from '../objective/golden/oreal_trl_golden.json' with { type: 'json' };
import { takeSequences } from '../objective/index.ts';
import { toRows } from '../objective/rows.ts';
import type { MethodBatch } from './method.ts';
import { type OrealConfig, oreal, orealLoss, scoreOffset } from './oreal.ts';
import { orealTokenWeights, tokenRewardModelLoss } from './oreal-credit.ts';
import { difficultyBalance, selectTrajectories } from './oreal-selection.ts';

function expectRow(got: ArrayLike<number>, want: readonly number[], digits = 13): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, digits);
  });
}

const pair: MethodBatch = {
  logProbs: toRows([
    [-0.2, -1, -0.5],
    [-0.4, -1.5],
  ]),
  referenceLogProbs: toRows([
    [-0.3, -0.8, -0.5],
    [-0.4, -1],
  ]),
  scores: toRows([
    [0.4, -0.2, 1],
    [0.2, -1.4],
  ]),
  advantages: Float64Array.of(golden.Apos, golden.Aneg),
  rewards: [1, -1],
};

function run(batch: MethodBatch, config: OrealConfig) {
  const prepared = oreal.normalise(batch, config, createRng(1));
  return orealLoss(prepared.batch, prepared.normalisers, config);
}

describe('golden pair', () => {
  it('token weights', () => {
    const [right, wrong] = pair.scores ?? [];
    const positive = orealTokenWeights(right, true, oreal.defaults);
    const negative = orealTokenWeights(wrong, false, oreal.defaults);
    expectRow(positive.credit, golden.prefix_mean_pos);
    expectRow(positive.weights, golden.pos_weight);
    expectRow(negative.credit, golden.prefix_mean_neg);
    expectRow(negative.weights, golden.neg_weight);
    expectRow(
      orealTokenWeights(right, true, { ...oreal.defaults, rescale: 'top-k' }).weights,
      golden['topk0.5_pos'],
    );
  });

  it('loss parts and derivatives', () => {
    const got = run(pair, oreal.defaults);
    expect(got.componentLosses.positive).toBeCloseTo(golden.L_pos, 14);
    expect(got.componentLosses.negative).toBeCloseTo(golden.L_neg, 14);
    expect(got.componentLosses.kl).toBeCloseTo(golden.L_kl, 14);
    expect(got.loss).toBeCloseTo(golden.L_total, 14);
    expectRow(got.coefficients[0], golden.grad_pos);
    expectRow(got.coefficients[1], golden.grad_neg);
    expect(got.scoreLoss).toBeCloseTo(golden.L_rm, 14);
    expectRow(got.scoreCoefficients?.[0] ?? [], golden.grad_w_pos);
    expectRow(got.scoreCoefficients?.[1] ?? [], golden.grad_w_neg);
  });

  it('advantages of one right in four and three right in four', () => {
    const advantages = (right: number, config = oreal.defaults) =>
      oreal
        .prepare(
          [0, 1, 2, 3].map((i) => ({ group: 'g', reward: i < right ? 1 : 0, length: 3 })),
          { ...config, perGroup: 'all' },
          createRng(1),
        )
        .sequences.map((s) => s.advantage as number);
    expectRow(advantages(1), golden.oreal_rloo_pm1_c1of4);
    expectRow(advantages(3), golden.oreal_rloo_pm1_c3of4);
    expectRow(advantages(1, { ...oreal.defaults, advantage: 'grpo' }), golden.oreal_grpo_pm1_c1of4);
    // (a): the code is gentle on hard prompts, the paper on easy ones.
    expectRow(advantages(1, oreal.presets.paper).slice(1), [-0.75, -0.75, -0.75]);
    expectRow(advantages(3, oreal.presets.paper).slice(3), [-0.25]);
    expectRow(advantages(3, { ...oreal.defaults, negativeFactor: 'one' }).slice(3), [-1]);
  });
});

describe('properties', () => {
  it('learns nothing from a zero reward model, and weights stay in [0, 1]', () => {
    const zero = { ...pair, scores: (pair.scores ?? []).map((row) => row.map(() => 0)) };
    const got = run(zero, { ...oreal.defaults, klCoefficient: 0 });
    expect(got.loss).toBeCloseTo(0, 15);
    for (const row of got.coefficients) for (const x of row) expect(Math.abs(x)).toBe(0);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        fc.constantFrom('threshold' as const, 'top-k' as const),
        fc.constantFrom('prefix-mean' as const, 'score' as const),
        (scores, right, rescale, credit) => {
          const config = { ...oreal.defaults, rescale, credit };
          const { weights } = orealTokenWeights(Float64Array.from(scores), right, config);
          const mirrored = orealTokenWeights(
            Float64Array.from(scores, (s) => -s),
            !right,
            config,
          ).weights;
          expect(weights.every((w) => w >= 0 && w <= 1)).toBe(true);
          expect([...mirrored]).toEqual([...weights]);
        },
      ),
    );
  });

  it('reward-model derivative is the finite difference', () => {
    const rows = toRows([[0.3, -0.6, 2], [1.2], [-0.4, 0.1]]);
    const labels = [true, false, null];
    const at = (i: number, t: number, d: number) =>
      tokenRewardModelLoss(
        rows.map((row, j) => row.map((x, u) => (i === j && t === u ? x + d : x))),
        labels,
        2,
      ).loss;
    const { scoreCoefficients } = tokenRewardModelLoss(rows, labels, 2);
    scoreCoefficients.forEach((row, i) => {
      row.forEach((x, t) => {
        expect((at(i, t, 1e-6) - at(i, t, -1e-6)) / 2e-6).toBeCloseTo(x, 8);
      });
    });
  });

  it.each(Object.entries(oreal.presets))('preset %s: derivative is the finite difference', (_, config) => {
    const batch: MethodBatch = {
      ...pair,
      oldLogProbs: toRows([
        [-0.25, -1.1, -0.4],
        [-0.5, -1.3],
      ]),
      detachedLogProbs: pair.logProbs,
    };
    const prepared = oreal.normalise(batch, config, createRng(1));
    const at = (i: number, t: number, d: number) => {
      const logProbs = batch.logProbs.map((row, j) => row.map((x, u) => (i === j && t === u ? x + d : x)));
      return orealLoss({ ...prepared.batch, logProbs }, prepared.normalisers, config).loss;
    };
    orealLoss(prepared.batch, prepared.normalisers, config).coefficients.forEach((row, i) => {
      row.forEach((x, t) => {
        expect((at(i, t, 1e-6) - at(i, t, -1e-6)) / 2e-6).toBeCloseTo(x, 8);
      });
    });
  });

  it('micro-batches add up, reward model included', () => {
    const prepared = oreal.normalise(pair, oreal.defaults, createRng(1));
    const whole = orealLoss(prepared.batch, prepared.normalisers, oreal.defaults);
    let loss = 0;
    let scoreLoss = 0;
    for (const i of [0, 1]) {
      const scores = (pair.scores ?? []).slice(i, i + 1);
      const part = { ...takeSequences(prepared.batch, [i]), scores };
      const got = orealLoss(part, prepared.normalisers, oreal.defaults);
      loss += got.loss;
      scoreLoss += got.scoreLoss ?? 0;
      expect(got.coefficients[0]).toEqual(whole.coefficients[i]);
      expect(got.scoreCoefficients?.[0]).toEqual(whole.scoreCoefficients?.[i]);
    }
    expect(loss).toBeCloseTo(whole.loss, 15);
    expect(scoreLoss).toBeCloseTo(whole.scoreLoss ?? 0, 15);
  });

  it('says what it needs', () => {
    expect(oreal.needs(oreal.defaults)).toMatchObject({ reference: true, tokenRewardModel: true });
    expect(oreal.needs(oreal.presets.paper)).toMatchObject({ reference: false, tokenRewardModel: true });
    expect(oreal.needs(oreal.presets['intern-s1'])).toMatchObject({ logProbsToNormalise: true });
    expect([oreal.trainsPolicy(9, oreal.defaults), oreal.trainsPolicy(10, oreal.defaults)]).toEqual([
      false,
      true,
    ]);
    expect(oreal.trainsPolicy(0, oreal.presets.xtuner)).toBe(true);
    expect([scoreOffset(oreal.defaults), scoreOffset(oreal.presets.paper)]).toEqual([0, 1]);
    const { scores: _scores, ...bare } = pair;
    expect(() => run(bare, oreal.defaults)).toThrow('needs token scores');
  });
});

describe('selection', () => {
  const groups = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'];
  const rewards = [1, -1, -1, 1, 1, -1, -1, null, 1];

  it('keeps one right and one wrong of mixed groups, and the reverse when taken literally', () => {
    const mixed = selectTrajectories({ groups, rewards }, oreal.defaults, createRng(1));
    expect(mixed.kept[0]).toBe(0);
    expect([1, 2]).toContain(mixed.kept[1]);
    expect(mixed).toMatchObject({ allRight: 2, allWrong: 1 });
    expect(mixed.kept).toHaveLength(2);
    const literal = selectTrajectories(
      { groups, rewards },
      { groupFilter: 'literal', perGroup: 'all' },
      createRng(1),
    );
    expect(literal.kept).toEqual([3, 4, 5, 6, 8]);
    const all = selectTrajectories(
      { groups, rewards },
      { groupFilter: 'none', perGroup: 'all' },
      createRng(1),
    );
    expect(all.kept).toEqual([0, 1, 2, 3, 4, 5, 6, 8]);
  });

  it('unscorable rollouts are wrong only where the published code is followed', () => {
    const rollouts = [null, 1].map((reward) => ({ group: 'g', reward, length: 2 }));
    expect(oreal.prepare(rollouts, oreal.defaults, createRng(1)).sequences).toEqual([]);
    expect(oreal.prepare(rollouts, oreal.presets.code, createRng(1)).sequences).toMatchObject([
      { source: 0, reward: -1 },
      { source: 1, reward: 1 },
    ]);
  });

  it('picks right answers as the policy has them: pi / p, at KL -log p', () => {
    const policy = [0.4, 0.1, 0.2, 0.3];
    const right = [false, true, true, true];
    const rng = createRng(17);
    const groupsOf: string[] = [];
    const rewardsOf: number[] = [];
    const answers: number[] = [];
    for (let g = 0; g < 8000; g++) {
      for (let i = 0; i < 6; i++) {
        let u = rng.uniform();
        const answer = policy.findIndex((p) => {
          u -= p;
          return u < 0;
        });
        groupsOf.push(`${g}`);
        answers.push(answer);
        rewardsOf.push(right[answer] ? 1 : -1);
      }
    }
    const config = { groupFilter: 'none', perGroup: 'one-each' } as const;
    const { kept } = selectTrajectories({ groups: groupsOf, rewards: rewardsOf }, config, createRng(2));
    const picked = kept.filter((i) => rewardsOf[i] > 0);
    let kl = 0;
    [1, 2, 3].forEach((answer) => {
      const share = picked.filter((i) => answers[i] === answer).length / picked.length;
      expect(share).toBeCloseTo(policy[answer] / 0.6, 1.5);
      kl += share * Math.log(share / policy[answer]);
    });
    expect(kl).toBeCloseTo(-Math.log(0.6), 2);
  });

  it('repeats prompts by difficulty', () => {
    const rates = [0, 0.19, 0.2, 0.59, 0.6, 0.79, 0.8, 1];
    const counts = rates.map((_, i) => difficultyBalance(rates).filter((j) => j === i).length);
    expect(counts).toEqual([6, 6, 4, 4, 2, 2, 0, 0]);
  });
});

describe('explain', () => {
  it('prints the resolved formula', () => {
    expect(oreal.explain(oreal.defaults)).toMatchInlineSnapshot(`
      "data       one random right and one random wrong rollout of groups with 0 < p < 1; rewards +1 / -1, unscorable excluded
      negatives  A as estimated
      steps      policy frozen for the first 10 of 90, one optimiser step per rollout batch
      scores     s_t of a token reward model, state before token t; its loss is BCE(mean_t s_t, right) / responses
      credit     clamp((q - 0.5)/0.5, 0, 1), q = sigma(c_t) if right, 1 - sigma(c_t) if wrong, c_t = mean_{u<=t} s_u
      advantage  A = R - mean of the other samples of the group; rewards of null excluded
      ratio      r = 1 with the gradient of exp(logp): one optimiser step per rollout batch
      policy     l = -r A
      kl         l = 0.01 (exp(-d) - 1 + d), d = logp - reference
      positive   reward > 0
      loss =     1/N sum_{i in positives} sum_t credit_t (-logp A);  N = tokens of positives
        +        0.5 * 1/N sum_{i in negatives} sum_t credit_t policy;  N = tokens of negatives
        +        1/N sum_{i in all} sum_t kl;  N = all tokens"
    `);
    expect(oreal.explain(oreal.presets.paper)).toMatchInlineSnapshot(`
      "data       one random right and one random wrong rollout of groups with 0 < p < 1; rewards +1 / -1, unscorable excluded
      negatives  A = -(1 - p)
      steps      policy frozen for the first 10 of 80, one optimiser step per rollout batch
      scores     s_t of a token reward model, state including token t; its loss is BCE(mean_t s_t, right) / responses
      credit     clamp((q - 0.5)/0.5, 0, 1), q = sigma(c_t) if right, 1 - sigma(c_t) if wrong, c_t = s_t
      advantage  A = R - mean of the other samples of the group; rewards of null excluded
      ratio      r = 1 with the gradient of exp(logp): one optimiser step per rollout batch
      policy     l = -A (logp - old)
      kl         l = 0.01 (exp(-d) - 1 + d), d = logp - old; no gradient at the first step of a batch, where d = 0
      positive   reward > 0
      loss =     1/B sum_{i in positives} sum_t credit_t (-logp);  B = number of positives
        +        0.5 * 1/B sum_{i in negatives} sum_t credit_t policy;  B = number of negatives
        +        1/B sum_{i in all} sum_t kl;  B = all sequences"
    `);
  });
});
