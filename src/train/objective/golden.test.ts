// Number by number against golden/*.json (see golden/README.md for where the numbers come from).
import { describe, expect, it } from 'vitest';
import { estimateAdvantages } from './advantages.ts';
import { prepareBatch } from './batch.ts';
import { type ObjectiveInput, resolveObjective } from './config.ts';
import { type Evaluation, evaluateObjective } from './evaluate.ts';
import { adaptKlCoefficient, generalisedAdvantages, valueLoss, whitenRows } from './gae.ts';
import oreal from './golden/oreal_trl_golden.json' with { type: 'json' };
import verl from './golden/verl_golden.json' with { type: 'json' };
import { klEstimate } from './kl.ts';
import {
  ktoLoss,
  logOddsRatio,
  type PreferenceConfig,
  preferenceLoss,
  preferenceSchema,
} from './preference.ts';
import { toRows } from './rows.ts';

function expectRow(got: ArrayLike<number>, want: readonly number[], digits: number): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, digits);
  });
}

describe('advantages', () => {
  const { rewards, lengths, groups } = verl.input;
  const run = (advantage: ObjectiveInput['advantage'], values: number[] = rewards) =>
    estimateAdvantages(
      values,
      groups.slice(0, values.length),
      resolveObjective({ advantage }).advantage,
      lengths.slice(0, values.length),
    ).advantages;
  const flat = (advantage: ObjectiveInput['advantage']) => run(advantage) as Float64Array;

  it.each([
    ['verl grpo', { estimator: 'grpo' }, verl.grpo],
    ['verl Dr. GRPO', { estimator: 'dr-grpo' }, verl.dr_grpo_mean_only],
    ['verl rloo', { estimator: 'rloo' }, verl.rloo],
    ['verl opo', { estimator: 'opo' }, verl.opo],
    ['verl gpg', { estimator: 'gpg' }, verl.gpg],
    ['verl grpo_passk', { estimator: 'best-of-group' }, verl.passk_max_minus_second],
    ['TRL group', { estimator: 'grpo', epsilon: 1e-4 }, oreal.trl_adv_group.flat()],
    ['TRL batch', { estimator: 'grpo', scale: 'batch', epsilon: 1e-4 }, oreal.trl_adv_batch.flat()],
    [
      'TRL rloo normalised',
      { estimator: 'rloo', normalise: true, epsilon: 1e-4 },
      oreal.trl_rloo_normadv_true.flat(),
    ],
  ] as const)('%s', (_, advantage, want) => {
    expectRow(flat(advantage), want, 9);
  });

  it('MaxRL is +1, -1 on the first group', () => {
    expectRow(flat({ estimator: 'maxrl' }).slice(0, 4), [1, -1, -1, 1], 12);
  });

  it('REINFORCE++ whitens returns over all 24 tokens', () => {
    const rows = run({ estimator: 'reinforce++' }) as Float64Array[];
    rows.forEach((row, i) => {
      expect(row.length).toBe(lengths[i]);
      for (const value of row) expect(value).toBeCloseTo(verl.rfpp_gamma1[i], 9);
    });
    const discounted = run({ estimator: 'reinforce++', gamma: 0.9 }) as Float64Array[];
    expectRow(discounted[0], verl['rfpp_gamma0.9_row1'].slice(0, 3), 9);
  });

  it('REINFORCE++ with group baseline', () => {
    const rows = run({ estimator: 'reinforce++-baseline' }) as Float64Array[];
    rows.forEach((row, i) => {
      for (const value of row) expect(value).toBeCloseTo(verl.rfpp_baseline[i], 9);
    });
  });

  it('OREAL on rewards of +1 and -1', () => {
    const four = (advantage: ObjectiveInput['advantage'], right: number) =>
      run(
        advantage,
        [0, 1, 2, 3].map((i) => (i < right ? 1 : -1)),
      ) as Float64Array;
    expectRow(four({ estimator: 'rloo' }, 1), oreal.oreal_rloo_pm1_c1of4, 14);
    expectRow(four({ estimator: 'rloo' }, 3), oreal.oreal_rloo_pm1_c3of4, 14);
    expectRow(four({ estimator: 'grpo', epsilon: 1e-8 }, 1), oreal.oreal_grpo_pm1_c1of4, 14);
  });
});

describe('critic', () => {
  it('GAE, whitening, value loss, adaptive KL', () => {
    const { rewards, values, mask, gamma, lam } = verl.gae_input;
    const rows = { rewards: toRows(rewards), values: toRows(values), mask: toRows(mask), gamma, lambda: lam };
    const { advantages, returns } = generalisedAdvantages(rows);
    expectRow(returns[0], verl.gae_returns[0], 12);
    expectRow(returns[1].slice(0, 3), verl.gae_returns[1].slice(0, 3), 12);
    const white = whitenRows(advantages, rows.mask);
    expectRow(white[0], verl.gae_whitened[0], 12);
    expectRow(white[1].slice(0, 3), verl.gae_whitened[1].slice(0, 3), 12);
    const { loss } = valueLoss(
      toRows([
        [0.5, 0.9],
        [0.1, -0.4],
      ]),
      toRows([
        [0.1, 0.8],
        [0, 0],
      ]),
      toRows([
        [1, 0.5],
        [0, -1],
      ]),
      0.2,
    );
    expect(loss).toBeCloseTo(verl['value_loss_clip0.2'], 14);
    expect(adaptKlCoefficient(0.2, 9, { target: 6, samples: 256, horizon: 10000 })).toBeCloseTo(
      verl.adaptive_kl_after,
      14,
    );
  });
});

describe('policy losses', () => {
  const { old, new: current, adv, mask } = verl.pl_input;
  const lengths = mask.map((row) => row.reduce((a, b) => a + b, 0));
  const cut = (rows: number[][]) => toRows(rows.map((row, i) => row.slice(0, lengths[i])));
  const evaluate = (input: ObjectiveInput): Evaluation => {
    const config = resolveObjective(input);
    const { batch, normalisers } = prepareBatch(config, {
      logProbs: cut(current),
      oldLogProbs: cut(old),
      advantages: Float64Array.from(adv, (row) => row[0]),
      rewards: [1, 0],
    });
    return evaluateObjective(config, batch, normalisers);
  };
  const clip = { clipLow: 0.2, clipHigh: 0.28, dualClip: 3 };
  const tokenMean = { kind: 'token-mean' } as const;
  const perSequence = { kind: 'sequence-mean-token-mean' } as const;
  const verlSequence = { ...perSequence, lengthEpsilon: 1e-8 };
  const gspo = { level: 'sequence' } as const;

  it.each([
    ['verl ppo token-mean', { policy: clip, aggregation: tokenMean }, verl['ppo_token-mean']],
    [
      'verl ppo seq-mean-token-sum',
      { policy: clip, aggregation: { kind: 'sequence-mean-token-sum' } },
      verl['ppo_seq-mean-token-sum'],
    ],
    [
      'verl ppo seq-mean-token-mean',
      { policy: clip, aggregation: verlSequence },
      verl['ppo_seq-mean-token-mean'],
    ],
    [
      'verl ppo sum-norm',
      { policy: clip, aggregation: { kind: 'constant', length: 4, perSequence: false } },
      verl['ppo_seq-mean-token-sum-norm'],
    ],
    [
      'verl gspo',
      { policy: { clipLow: 3e-4, clipHigh: 4e-4 }, ratio: gspo, aggregation: verlSequence },
      verl.gspo,
    ],
    [
      'verl gspo wide',
      { policy: { clipLow: 0.2, clipHigh: 0.28 }, ratio: gspo, aggregation: verlSequence },
      verl.gspo_wide,
    ],
    ['verl cispo [0, 5]', { policy: { term: 'cispo', clipLow: 1, clipHigh: 5 } }, verl.cispo_eps_low1_high5],
    [
      'verl cispo .2/.28',
      { policy: { term: 'cispo', clipLow: 0.2, clipHigh: 0.28 } },
      verl['cispo_0.2_0.28'],
    ],
    [
      'verl kl-cov',
      { policy: { term: 'kl-cov', covariance: { fraction: 0.3, coefficient: 0.1 } } },
      verl['kl_cov_r0.3_c0.1'],
    ],
    ['verl sapo', { policy: { term: 'sapo' }, aggregation: verlSequence }, verl.sapo],
    [
      'verl gmpo',
      { policy: { term: 'gmpo', clipLow: 0.4, clipHigh: 0.4 }, aggregation: perSequence },
      verl.gmpo,
    ],
    ['verl reinforce', { policy: { term: 'reinforce' } }, verl.reinforce],
    ['TRL grpo', { policy: clip, aggregation: perSequence }, oreal.trl_grpo],
    ['TRL dapo', { policy: clip }, oreal.trl_dapo],
    [
      'TRL dr_grpo',
      { policy: clip, aggregation: { kind: 'constant', length: 8 } },
      oreal.trl_dr_grpo_maxlen8,
    ],
    ['TRL cispo', { policy: { term: 'cispo', clipLow: 1, clipHigh: 4 } }, oreal.trl_cispo_eps5],
    [
      'TRL gspo',
      { policy: { clipLow: 0.2, clipHigh: 0.28 }, ratio: gspo, aggregation: perSequence },
      oreal['trl_gspo_0.2_0.28'],
    ],
    [
      'TRL luspo',
      {
        policy: { clipLow: 0.2, clipHigh: 0.28 },
        ratio: gspo,
        aggregation: { kind: 'sequence-mean-token-sum' },
      },
      oreal.trl_luspo,
    ],
  ] as const)('%s', (name, input, want) => {
    const got = evaluate(input as ObjectiveInput);
    // verl's GMPO divides by length + 1e-8 in three places, which we leave out.
    const digits = name === 'verl gmpo' ? 8 : 9;
    expect(got.loss).toBeCloseTo(want.loss, name === 'verl gmpo' ? 8 : 13);
    want.grad.forEach((row, i) => {
      expectRow(got.coefficients[i], row.slice(0, lengths[i]), digits);
    });
  });
});

describe('KL estimators', () => {
  it.each(['k1', 'k2', 'k3', 'abs'] as const)('%s', (estimator) => {
    const got = verl.kl_input.logp.map((logp, i) => klEstimate(estimator, logp - verl.kl_input.ref[i]).value);
    expectRow(got, verl.kl[estimator], 14);
  });
});

describe('preference losses', () => {
  const input = oreal.pref_input;
  const pairs = [0, 1].map((i) => ({
    chosen: { logProb: input.pc[i], reference: input.rc[i], tokens: input.len_c[i] },
    rejected: { logProb: input.pr[i], reference: input.rr[i], tokens: input.len_r[i] },
  }));
  const cases: [string, Partial<PreferenceConfig>, readonly number[]][] = [
    ['dpo', { loss: 'dpo' }, oreal.dpo],
    ['cdpo', { loss: 'cdpo' }, oreal['cdpo_ls0.1']],
    ['robust', { loss: 'robust' }, oreal['robust_dpo_ls0.1']],
    ['ipo sum', { loss: 'ipo-sum' }, oreal.ipo_sum],
    ['ipo mean', { loss: 'ipo-mean' }, oreal.ipo_avg_trl],
    ['hinge', { loss: 'hinge' }, oreal.hinge],
    ['simpo', { loss: 'simpo', beta: 2 }, oreal['simpo_beta2_gamma0.5']],
    ['orpo', { loss: 'orpo' }, oreal['orpo_loss_lambda0.1']],
  ];
  it.each(cases)('%s', (_, config, want) => {
    const got = pairs.map((pair) => preferenceLoss(preferenceSchema.parse(config), pair).loss);
    expectRow(got, want, 13);
  });

  it('dpo mean, orpo odds, kto', () => {
    const dpo = pairs.map((pair) => preferenceLoss(preferenceSchema.parse({}), pair).loss);
    expect((dpo[0] + dpo[1]) / 2).toBeCloseTo(oreal.dpo_mean, 13);
    const odds = pairs.map(({ chosen, rejected }) =>
      logOddsRatio(chosen.logProb / chosen.tokens, rejected.logProb / rejected.tokens),
    );
    expectRow(odds, oreal.orpo_logodds, 13);
    const kto = (side: 'chosen' | 'rejected') =>
      pairs.map((pair) => {
        const { logProb, reference } = pair[side];
        return ktoLoss({ logProb, reference, desirable: side === 'chosen' }, { beta: 0.1, z0: 0.3 }).loss;
      });
    expectRow(kto('chosen'), oreal['kto_chosen_kl0.3'], 13);
    expectRow(kto('rejected'), oreal['kto_rejected_kl0.3'], 13);
  });
});
