// Enumerable policies with known optima: a softmax over a handful of answers, every expectation an exact sum.
import { describe, expect, it } from 'vitest';
import { createRng } from '../../core/index.ts';
import { oreal, orealLoss } from '../methods/oreal.ts';
import { resolveObjective } from './config.ts';
import { evaluateObjective } from './evaluate.ts';
import { klEstimate } from './kl.ts';

function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const weights = logits.map((x) => Math.exp(x - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / total);
}

/** Gradient on the logits from dL/dlogp of the answers: sum_a g_a (e_a - pi). */
function toLogits(coefficients: readonly number[], policy: readonly number[]): number[] {
  const total = coefficients.reduce((a, b) => a + b, 0);
  return policy.map((p, a) => coefficients[a] - total * p);
}

const initial = softmax([0.3, -0.4, 1.1, 0, -1]);
const policy = softmax([-0.2, 0.5, 0.7, -0.9, 0.1]);

describe('KL estimators on an enumerable policy', () => {
  const kl = (q: readonly number[]) => q.reduce((sum, p, a) => sum + p * Math.log(p / initial[a]), 0);
  const expected = (f: (d: number, a: number) => number) =>
    policy.reduce((sum, p, a) => sum + p * f(Math.log(p / initial[a]), a), 0);
  const gradient = (estimator: 'k1' | 'k2' | 'k3') =>
    toLogits(
      policy.map((p, a) => p * klEstimate(estimator, Math.log(p / initial[a])).slope),
      policy,
    );

  it('k1 and k3 have the KL as mean, and k3 is never negative', () => {
    expect(expected((d) => klEstimate('k1', d).value)).toBeCloseTo(kl(policy), 14);
    expect(expected((d) => klEstimate('k3', d).value)).toBeCloseTo(kl(policy), 14);
    for (let d = -5; d <= 5; d += 0.01) expect(klEstimate('k3', d).value).toBeGreaterThanOrEqual(0);
  });

  it('as a loss k2 has the gradient of the KL, k1 none, k3 another', () => {
    const logits = policy.map(Math.log);
    const numeric = logits.map((_, a) => {
      const at = (h: number) => kl(softmax(logits.map((x, b) => (a === b ? x + h : x))));
      return (at(1e-6) - at(-1e-6)) / 2e-6;
    });
    gradient('k2').forEach((g, a) => {
      expect(g).toBeCloseTo(numeric[a], 8);
    });
    for (const g of gradient('k1')) expect(g).toBeCloseTo(0, 14);
    expect(Math.abs(gradient('k3')[0] - numeric[0])).toBeGreaterThan(0.01);
  });
});

describe('optima', () => {
  it('KL-regularised policy gradient converges to pi0 exp(R / alpha) / Z', () => {
    const rewards = [1, 0, 0.5, 0.2, 1];
    const alpha = 0.4;
    const config = resolveObjective({
      ratio: { level: 'none' },
      policy: { term: 'reinforce' },
      aggregation: { kind: 'constant', length: 1, perSequence: false },
      kl: { estimator: 'k2', coefficient: alpha },
      components: [
        { name: 'policy', kind: 'policy', weights: 'probability' },
        { name: 'kl', kind: 'kl', weights: 'probability' },
      ],
    });
    let logits = initial.map(Math.log);
    for (let step = 0; step < 4000; step++) {
      const current = softmax(logits);
      const { coefficients } = evaluateObjective(config, {
        logProbs: current.map((p) => Float64Array.of(Math.log(p))),
        referenceLogProbs: initial.map((p) => Float64Array.of(Math.log(p))),
        tokenWeights: { probability: current.map((p) => Float64Array.of(p)) },
        advantages: Float64Array.from(rewards),
        rewards,
      });
      const gradient = toLogits(
        coefficients.map((row) => row[0]),
        current,
      );
      logits = logits.map((x, a) => x - gradient[a]);
    }
    const optimum = softmax(initial.map((p, a) => Math.log(p) + rewards[a] / alpha));
    softmax(logits).forEach((p, a) => {
      expect(p).toBeCloseTo(optimum[a], 9);
    });
  });

  it('OREAL on positives alone converges to pi0 restricted to right answers', () => {
    const config = { ...oreal.presets.xtuner, positivePolicyCoefficient: 0, positiveBy: 'reward' } as const;
    // Rollouts of pi0 = (1, 2, 3, 4)/10, of which answers 1 and 3 are right.
    const answers = [1, 1, 3, 3, 3, 3];
    let logits = [0.1, 0.2, 0.3, 0.4].map(Math.log);
    for (let step = 0; step < 20000; step++) {
      const current = softmax(logits);
      const batch = {
        logProbs: answers.map((a) => Float64Array.of(Math.log(current[a]))),
        advantages: new Float64Array(answers.length).fill(1),
        rewards: answers.map(() => 1),
      };
      const prepared = oreal.normalise(batch, config, createRng(1));
      const { coefficients } = orealLoss(prepared.batch, prepared.normalisers, config);
      const summed = current.map((_, a) =>
        coefficients.reduce((sum, row, i) => sum + (answers[i] === a ? row[0] : 0), 0),
      );
      const gradient = toLogits(summed, current);
      logits = logits.map((x, a) => x - 2 * gradient[a]);
    }
    const reached = softmax(logits);
    expect(reached[1]).toBeCloseTo(1 / 3, 4);
    expect(reached[3]).toBeCloseTo(2 / 3, 4);
    expect(reached[0] + reached[2]).toBeLessThan(1e-4);
  });
});
