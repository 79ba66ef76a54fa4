// Objectives are data: the loss of a method and its derivative per token, from log-probabilities alone.
// Run with: node examples/oreal-objective.ts
import {
  createRng,
  evaluateObjective,
  METHODS,
  methodNamed,
  prepareBatch,
  resolveObjective,
  toRows,
} from 'touchstone';

// Four responses to one prompt, two right and two wrong.
const rewards = [1, 1, 0, 0];
const logProbs = toRows([
  [-0.2, -0.4, -0.1],
  [-1.1, -0.3],
  [-0.5, -0.9, -0.7],
  [-0.3, -0.2],
]);

const { oreal } = METHODS;
const config = oreal.schema.parse({ tokenRewardModel: false, perGroup: 'all' });
console.log(oreal.explain(config));

const rng = createRng('example');
const rollouts = rewards.map((reward, i) => ({ group: 'prompt', reward, length: logProbs[i].length }));
const { sequences } = oreal.prepare(rollouts, config, rng);
const batch = {
  logProbs: sequences.map(({ source }) => logProbs[source]),
  // On the first step the policy is still its own reference.
  referenceLogProbs: sequences.map(({ source }) => logProbs[source]),
  rewards: sequences.map(({ reward }) => reward),
  advantages: Float64Array.from(sequences, ({ advantage }) => Number(advantage)),
};
const prepared = oreal.normalise(batch, config, rng);
const evaluation = oreal.evaluate(prepared.batch, prepared.normalisers, config);
console.log(`loss ${evaluation.loss.toFixed(4)}`);
for (const [i, row] of evaluation.coefficients.entries()) {
  const direction = row[0] < 0 ? 'made likelier' : 'made less likely';
  console.log(`response ${sequences[i].source}: dL/dlogp ${row[0].toFixed(4)} per token, ${direction}`);
}

// An objective of one's own: token-level DAPO clipping with a KL penalty.
const own = resolveObjective({ policy: { clipHigh: 0.28 }, kl: { coefficient: 0.001, estimator: 'k3' } });
const { loss } = evaluateObjective(own, prepareBatch(own, batch).batch);
console.log(
  `loss of an objective of one's own ${loss.toFixed(4)}; methods: ${Object.keys(METHODS).join(', ')}`,
);
console.log(methodNamed('grpo').summary);
