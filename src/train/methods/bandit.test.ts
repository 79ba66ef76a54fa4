// Every method through the interface that the training loop uses, on a policy small enough to hold in two
// tables: the first of two tokens decides between right and wrong, the second does not matter.
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../core/index.ts';
import { takeSequences } from '../objective/index.ts';
import { methodNamed } from './index.ts';
import type { MethodBatch, ScoredSequence } from './method.ts';

const FIRST = 5;
const SECOND = 3;

function softmax(logits: Float64Array): Float64Array {
  const top = Math.max(...logits);
  const weights = logits.map((x) => Math.exp(x - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / total);
}

function draw(policy: Float64Array, rng: Rng): number {
  let u = rng.uniform();
  for (let a = 0; a < policy.length - 1; a++) {
    u -= policy[a];
    if (u < 0) return a;
  }
  return policy.length - 1;
}

function descend(
  logits: Float64Array,
  policy: Float64Array,
  token: number,
  coefficient: number,
  rate: number,
): void {
  policy.forEach((p, a) => {
    logits[a] -= rate * coefficient * ((a === token ? 1 : 0) - p);
  });
}

/** Trains for some steps; returns the probability of a right answer at the end. */
function train(name: string, config: unknown, steps: number, rate: number): number {
  const method = methodNamed(name);
  const first = Float64Array.of(-1, 0, 0.5, 0, 0);
  const second = new Float64Array(SECOND);
  const [first0, second0] = [softmax(first), softmax(second)];
  const scores = { first: new Float64Array(FIRST), second: new Float64Array(SECOND) };
  for (let step = 0; step < steps; step++) {
    const rng = createRng(5, name, step);
    const policy = [softmax(first), softmax(second)];
    const tokens = Array.from({ length: 64 }, () => [draw(policy[0], rng), draw(policy[1], rng)]);
    const logRows = (tables: readonly Float64Array[]) => (sample: readonly number[]) =>
      Float64Array.from(sample, (token, t) => Math.log(tables[t][token]));
    const rollouts: ScoredSequence[] = tokens.map((sample, i) => ({
      group: `${Math.floor(i / 8)}`,
      reward: i === 7 ? null : sample[0] === 0 ? 1 : 0,
      length: 2,
      oldLogProbs: logRows(policy)(sample),
      referenceLogProbs: logRows([first0, second0])(sample),
    }));
    const { sequences } = method.prepare(rollouts, config, rng);
    const chosen = sequences.map((s) => tokens[s.source]);
    const whole: MethodBatch = {
      logProbs: chosen.map(logRows(policy)),
      oldLogProbs: chosen.map(logRows(policy)),
      referenceLogProbs: chosen.map(logRows([first0, second0])),
      scores: chosen.map(([a, b]) => Float64Array.of(scores.first[a], scores.second[b])),
      advantages: sequences.map((s) =>
        s.advantage instanceof Float64Array ? s.advantage : new Float64Array(2).fill(s.advantage),
      ),
      rewards: sequences.map((s) => s.reward),
    };
    const { batch, normalisers } = method.normalise(whole, config, rng);
    sequences.forEach((_, i) => {
      const part: MethodBatch = { ...takeSequences(batch, [i]), scores: [(whole.scores ?? [])[i]] };
      const got = method.evaluate(part, normalisers, config);
      const [a, b] = chosen[i];
      if (method.trainsPolicy(step, config)) {
        descend(first, policy[0], a, got.coefficients[0][0], rate);
        descend(second, policy[1], b, got.coefficients[0][1], rate);
      }
      if (got.scoreCoefficients !== undefined) {
        scores.first[a] -= 4 * got.scoreCoefficients[0][0];
        scores.second[b] -= 4 * got.scoreCoefficients[0][1];
      }
    });
  }
  return softmax(first)[0];
}

describe('a bandit with 8 % right at the start', () => {
  it.each([
    ['sft', { responses: 'correct' }],
    ['reinforce', {}],
    ['reinforce', { advantage: 'reinforce++' }],
    ['reinforce', { advantage: 'maxrl' }],
    ['rloo', { klCoefficient: 0.01 }],
    ['grpo', {}],
    ['grpo', { term: 'cispo', clipLow: 1, clipHigh: 4 }],
    ['grpo', { ratio: 'sequence', clipLow: 3e-4, clipHigh: 4e-4 }],
    ['oreal', { tokenRewardModel: false, groupFilter: 'none', perGroup: 'all' }],
    ['oreal', { scorePosition: 'including' }],
    [
      'oreal',
      {
        scorePosition: 'including',
        credit: 'score',
        positiveFactor: 'one',
        negativeFactor: 'one-minus-pass-rate',
      },
    ],
  ])('%s %j finds the right answer', (name, input) => {
    expect(train(name, methodNamed(name).schema.parse(input), 150, 1)).toBeGreaterThan(0.8);
  });

  it('pass@4 advantages stop pushing once four samples nearly always hold a right one', () => {
    const share = train('grpo', methodNamed('grpo').schema.parse({ advantage: 'passk' }), 150, 1);
    expect(1 - (1 - share) ** 4).toBeGreaterThan(0.98);
    expect(share).toBeLessThan(0.9);
  });

  it('oreal leaves the policy alone while it is frozen', () => {
    const config = methodNamed('oreal').schema.parse({ scorePosition: 'including', freezeSteps: 20 });
    expect(train('oreal', config, 20, 1)).toBeCloseTo(Math.exp(-1) / (Math.exp(-1) + 3 + Math.exp(0.5)), 12);
  });
});
