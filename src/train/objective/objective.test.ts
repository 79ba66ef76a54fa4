// Properties every objective has, whatever its numbers: derivative = finite difference, micro-batches add up,
// order does not matter, on-policy losses agree, unscorable sequences leave no trace.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../core/index.ts';
import { estimateAdvantages } from './advantages.ts';
import { type ObjectiveBatch, prepareBatch, takeSequences } from './batch.ts';
import {
  coefficientsConstant,
  type ObjectiveConfig,
  type ObjectiveInput,
  resolveObjective,
} from './config.ts';
import { evaluateObjective } from './evaluate.ts';
import { OBJECTIVE_PRESETS } from './presets.ts';
import type { TokenRows } from './rows.ts';

const reference = { kl: { coefficient: 0.3 } } as const;
const INPUTS: Record<string, ObjectiveInput> = {
  ...OBJECTIVE_PRESETS,
  'ppo dual clip': { policy: { dualClip: 1.1 } },
  'sequence sum ratio': {
    ratio: { level: 'sequence', reduce: 'sum' },
    aggregation: { kind: 'sequence-mean-token-mean' },
  },
  'ratio none': { ratio: { level: 'none' }, policy: { term: 'ratio' } },
  'log ratio': { policy: { term: 'log-ratio' }, aggregation: { kind: 'square-root' } },
  'behaviour cloning': { policy: { term: 'bc' } },
  k1: { kl: { ...reference.kl, estimator: 'k1' } },
  'k2 old': { kl: { ...reference.kl, estimator: 'k2', target: 'old' } },
  'k3 corrected': { kl: { ...reference.kl, ratioCorrected: true } },
  abs: { kl: { ...reference.kl, estimator: 'abs' } },
  clamped: { ratio: { logClamp: 0.4 }, kl: { ...reference.kl, inputClamp: 0.3, outputClamp: 0.04 } },
  tis: { importance: { level: 'token' }, entropy: { coefficient: 0.1 } },
  'sequence mask': { importance: { level: 'sequence', mode: 'mask', cap: 3, floor: 0.2 } },
  'off-policy filter': { importance: { offPolicyLimit: 0.05 } },
  components: {
    kl: { coefficient: 0.2 },
    components: [
      {
        name: 'positive',
        kind: 'ce',
        on: 'positives',
        weights: 'stream',
        byAdvantage: true,
        coefficient: 0.7,
      },
      { name: 'soft', kind: 'ce', on: 'positives', byProbability: true, normaliser: 'all' },
      { name: 'negative', kind: 'policy', on: 'negatives', weights: 'stream', coefficient: 0.5 },
      { name: 'kl', kind: 'kl' },
    ],
  },
};

function randomRows(rng: Rng, lengths: readonly number[], low = -2.5, high = -0.05): Float64Array[] {
  return lengths.map((length) => Float64Array.from({ length }, () => low + (high - low) * rng.uniform()));
}

function near(rng: Rng, rows: TokenRows, spread: number): Float64Array[] {
  return rows.map((row) => row.map((x) => Math.min(-1e-3, x + spread * rng.normal())));
}

function randomBatch(seed: number): ObjectiveBatch {
  const rng = createRng(seed, 'batch');
  const lengths = Array.from({ length: 8 }, () => rng.int(1, 6));
  const logProbs = randomRows(rng, lengths);
  const groups = lengths.map((_, i) => `g${i % 2}`);
  const rewards = lengths.map((_, i) => (i === 5 ? null : i === 2 ? 1 : i === 3 ? 0 : rng.int(0, 1)));
  return {
    logProbs,
    oldLogProbs: near(rng, logProbs, 0.3),
    referenceLogProbs: near(rng, logProbs, 0.4),
    behaviourLogProbs: near(rng, logProbs, 0.5),
    advantages: estimateAdvantages(rewards, groups, resolveObjective({}).advantage, lengths).advantages,
    rewards,
    mask: lengths.map((length, i) => Float64Array.from({ length }, (_, t) => (i === 4 && t === 1 ? 0 : 1))),
    tokenWeights: { stream: randomRows(rng, lengths, 0, 1) },
    entropies: randomRows(rng, lengths, 0.1, 2),
    detachedLogProbs: logProbs.map((row) => row.slice()),
  };
}

function prepare(config: ObjectiveConfig, seed: number) {
  return prepareBatch(config, randomBatch(seed), createRng(seed, 'clip'));
}

function withLogProb(batch: ObjectiveBatch, i: number, t: number, delta: number): ObjectiveBatch {
  const logProbs = batch.logProbs.map((row) => row.slice());
  logProbs[i][t] += delta;
  return { ...batch, logProbs };
}

describe.each(Object.entries(INPUTS))('%s', (_, input) => {
  const config = resolveObjective(input);

  it('has the finite difference as derivative', () => {
    for (const seed of [1, 2, 3]) {
      const { batch, normalisers } = prepare(config, seed);
      const { coefficients } = evaluateObjective(config, batch, normalisers);
      const loss = (i: number, t: number, d: number) =>
        evaluateObjective(config, withLogProb(batch, i, t, d), normalisers).loss;
      coefficients.forEach((row, i) => {
        row.forEach((coefficient, t) => {
          const numeric = (loss(i, t, 1e-6) - loss(i, t, -1e-6)) / 2e-6;
          expect(Math.abs(numeric - coefficient)).toBeLessThan(1e-7 * (1 + Math.abs(coefficient)) + 2e-9);
        });
      });
    }
  });

  it('adds up over micro-batches in any order', () => {
    const { batch, normalisers } = prepare(config, 7);
    const whole = evaluateObjective(config, batch, normalisers);
    const order = createRng(3).shuffle([0, 1, 2, 3, 4, 5, 6, 7]);
    let loss = 0;
    const metrics: Record<string, number> = {};
    for (const part of [order.slice(0, 1), order.slice(1, 5), order.slice(5)]) {
      const got = evaluateObjective(config, takeSequences(batch, part), normalisers);
      loss += got.loss;
      part.forEach((i, j) => {
        expect(got.coefficients[j]).toEqual(whole.coefficients[i]);
      });
      for (const [name, value] of Object.entries(got.metrics)) {
        const before = metrics[name] ?? (name.endsWith('.max') ? Number.NEGATIVE_INFINITY : 0);
        metrics[name] = name.endsWith('.max') ? Math.max(before, value) : before + value;
      }
    }
    expect(loss).toBeCloseTo(whole.loss, 12);
    for (const [name, value] of Object.entries(whole.metrics)) expect(metrics[name]).toBeCloseTo(value, 10);
  });

  it('is blind to unscorable sequences and masked tokens', () => {
    const { batch, normalisers } = prepare(config, 5);
    const { loss, coefficients } = evaluateObjective(config, batch, normalisers);
    expect([...coefficients[5]].every((x) => x === 0)).toBe(true);
    if (coefficients[4].length > 1) expect(coefficients[4][1]).toBe(0);
    const without = takeSequences(batch, [0, 1, 2, 3, 4, 6, 7]);
    expect(evaluateObjective(config, without).loss).toBeCloseTo(loss, 13);
  });

  it('says truly whether its coefficients are constant', () => {
    const { batch, normalisers } = prepare(config, 5);
    const moved = { ...batch, logProbs: batch.logProbs.map((row) => row.map((x) => x - 0.37)) };
    moved.detachedLogProbs = moved.logProbs;
    const before = evaluateObjective(config, batch, normalisers).coefficients;
    const after = evaluateObjective(config, moved, normalisers).coefficients;
    const same = before.every((row, i) => row.every((x, t) => x === after[i][t]));
    if (coefficientsConstant(config)) expect(same).toBe(true);
  });
});

describe('on-policy', () => {
  const terms = ['ppo-clip', 'ratio', 'reinforce', 'cispo', 'sapo', 'gmpo', 'log-ratio'] as const;

  it.each(terms)('%s has the gradient of REINFORCE', (term) => {
    const { oldLogProbs: _old, ...batch } = randomBatch(11);
    const aggregation = { kind: 'sequence-mean-token-mean' } as const;
    const want = evaluateObjective(resolveObjective({ policy: { term: 'reinforce' }, aggregation }), batch);
    for (const level of ['none', 'token', 'sequence'] as const) {
      const got = evaluateObjective(
        resolveObjective({ policy: { term }, aggregation, ratio: { level } }),
        batch,
      );
      got.coefficients.forEach((row, i) => {
        row.forEach((x, t) => {
          expect(x).toBeCloseTo(want.coefficients[i][t], 13);
        });
      });
      const meanAdvantage = -[...(batch.advantages as Float64Array)].reduce((a, b) => a + b, 0) / 7;
      if (term === 'ppo-clip' || term === 'ratio' || term === 'gmpo')
        expect(got.loss).toBeCloseTo(meanAdvantage, 13);
    }
  });

  it('GSPO is GRPO when all ratios of a sequence are equal', () => {
    const batch = randomBatch(12);
    const rng = createRng(1);
    batch.oldLogProbs = batch.logProbs.map((row) => {
      const shift = 0.3 * rng.normal();
      return row.map((x) => x - shift);
    });
    const aggregation = { kind: 'sequence-mean-token-mean' } as const;
    const token = evaluateObjective(resolveObjective({ aggregation }), batch);
    const sequence = evaluateObjective(
      resolveObjective({ aggregation, ratio: { level: 'sequence' } }),
      batch,
    );
    expect(sequence.loss).toBeCloseTo(token.loss, 12);
    sequence.coefficients.forEach((row, i) => {
      row.forEach((x, t) => {
        expect(x).toBeCloseTo(token.coefficients[i][t], 12);
      });
    });
  });

  it('TIS without a cap is full importance sampling', () => {
    const batch = randomBatch(13);
    const policy = { term: 'reinforce' } as const;
    const full = evaluateObjective(
      resolveObjective({ policy, importance: { level: 'token', cap: 1e300 } }),
      batch,
    );
    const plain = evaluateObjective(resolveObjective({ policy }), batch);
    full.coefficients.forEach((row, i) => {
      row.forEach((x, t) => {
        const w = Math.exp((batch.oldLogProbs?.[i][t] ?? 0) - (batch.behaviourLogProbs?.[i][t] ?? 0));
        expect(x).toBeCloseTo(plain.coefficients[i][t] * w, 12);
      });
    });
  });
});

describe('advantages', () => {
  const groupsOf = fc.array(
    fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 6 }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );

  it('sum to zero in every group for grpo, dr-grpo, rloo; rloo = G/(G-1) dr-grpo', () => {
    fc.assert(
      fc.property(groupsOf, (groups) => {
        const rewards = groups.flat();
        const names = groups.flatMap((group, g) => group.map(() => `${g}`));
        const run = (estimator: 'grpo' | 'dr-grpo' | 'rloo') =>
          estimateAdvantages(
            rewards,
            names,
            resolveObjective({ advantage: { estimator } }).advantage,
            rewards.map(() => 1),
          ).advantages as Float64Array;
        const plain = run('dr-grpo');
        const leave = run('rloo');
        for (const a of [run('grpo'), plain, leave]) {
          groups.forEach((_, g) => {
            expect(a.reduce((sum, x, i) => sum + (names[i] === `${g}` ? x : 0), 0)).toBeCloseTo(0, 9);
          });
        }
        rewards.forEach((_, i) => {
          const size = groups[Number(names[i])].length;
          expect(leave[i]).toBeCloseTo((size / (size - 1)) * plain[i], 9);
        });
      }),
    );
  });

  it('ignore null rewards in every baseline and follow permutations', () => {
    const estimators = [
      'grpo',
      'rloo',
      'opo',
      'gpg',
      'maxrl',
      'best-of-group',
      'passk',
      'reinforce',
    ] as const;
    for (const estimator of estimators) {
      const config = resolveObjective({ advantage: { estimator, baseline: 'batch', k: 2 } }).advantage;
      const whole = estimateAdvantages(
        [1, null, 0, 1, 0, null],
        ['a', 'a', 'a', 'b', 'b', 'b'],
        config,
        [3, 1, 2, 5, 4, 9],
      );
      const scored = estimateAdvantages([1, 0, 1, 0], ['a', 'a', 'b', 'b'], config, [3, 2, 5, 4]);
      const got = whole.advantages as Float64Array;
      const want = scored.advantages as Float64Array;
      expect([got[0], got[2], got[3], got[4]]).toEqual([...want]);
      expect([got[1], got[5], whole.unscorable]).toEqual([0, 0, 2]);
      const turned = estimateAdvantages([0, 1, 0, 1], ['b', 'b', 'a', 'a'], config, [4, 5, 2, 3]).advantages;
      expect([...(turned as Float64Array)].reverse()).toEqual([...want]);
    }
  });

  it('pass@k advantages sum to zero over a group', () => {
    const config = resolveObjective({ advantage: { estimator: 'passk', k: 4, epsilon: 0 } }).advantage;
    const rewards = [1, 1, 0, 0, 0, 0, 0, 0];
    const { advantages } = estimateAdvantages(
      rewards,
      rewards.map(() => 'g'),
      config,
      rewards,
    );
    expect((advantages as Float64Array).reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
  });
});

describe('configuration', () => {
  it('refuses unknown keys, repeated components, missing rows', () => {
    expect(() => resolveObjective({ polciy: {} } as ObjectiveInput)).toThrow('polciy');
    const twice = [
      { name: 'a', kind: 'ce' as const },
      { name: 'a', kind: 'kl' as const },
    ];
    expect(() => resolveObjective({ components: twice })).toThrow('component names must differ');
    const { referenceLogProbs: _reference, ...batch } = randomBatch(1);
    expect(() => prepareBatch(resolveObjective(reference), batch)).toThrow(
      'needs reference log-probabilities',
    );
    expect(() => evaluateObjective(resolveObjective(reference), batch)).toThrow('needs reference');
    const weighted = { components: [{ name: 'a', kind: 'ce' as const, weights: 'absent' }] };
    expect(() => evaluateObjective(resolveObjective(weighted), batch)).toThrow(
      'no token weights named absent',
    );
    expect(() => evaluateObjective(resolveObjective({ policy: { term: 'kl-cov' } }), batch)).toThrow(
      'not chosen yet',
    );
    const short = { ...randomBatch(1), oldLogProbs: [new Float64Array(1)] };
    expect(() => prepareBatch(resolveObjective({}), short)).toThrow('oldLogProbs: 1 rows for 8');
  });
});
