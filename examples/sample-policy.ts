// Sampling: a policy answers items. Samples are named by (seed, item, index), so they do not depend on what else is
// sampled beside them. Run with: node examples/sample-policy.ts
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createWordTokenizer,
  embeddedPolicy,
  type ModelConfig,
  outcomeReward,
  startEngine,
  tailItem,
  tailTask,
  verifyTailItem,
} from 'touchstone';

const directory = mkdtempSync(join(tmpdir(), 'touchstone-example-'));
// In a worker thread: long computations do not block this one.
const engine = await startEngine({ executor: 'onnx', threads: 1 });
try {
  const task = tailTask('tail.compare');
  const tokenizer = createWordTokenizer(task.vocabulary({ addressSpace: 24 }), { dir: directory });
  const config: ModelConfig = {
    architecture: 'touchstone',
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 32,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    feedForwardSize: 64,
    normEpsilon: 1e-6,
    ropeTheta: 10_000,
    ropeScaling: null,
    position: 'hard-alibi',
    qkNorm: true,
    attentionBias: false,
    attentionOutputBias: false,
    mlpBias: false,
    tiedEmbeddings: true,
    maxPositions: 128,
    head: 'lm',
    eosTokenIds: [...tokenizer.eosTokenIds],
    initializerRange: 0.02,
  };
  await engine.createModel('policy', config, 1);
  const policy = embeddedPolicy(engine, 'policy', tokenizer, () => 0);
  const items = [0, 1].map((index) =>
    tailItem(task, { seed: 1, split: 'test', length: 3, index, addressSpace: 24 }),
  );
  const options = { seed: 1, maxNewTokens: 24, temperature: 1, topK: 0, topP: 0.95, minP: 0 };
  const together = await policy.sample(items, 4, options);
  for (const [i, rollouts] of together.entries()) {
    for (const rollout of rollouts) {
      const verdict = verifyTailItem(items[i], rollout.text);
      const reward = outcomeReward(verdict, rollout.finishReason);
      const logProb = rollout.behaviourLogProbs.reduce((a, b) => a + b, 0);
      console.log(
        `${rollout.itemId} #${rollout.index}: ${verdict.outcome}, reward ${reward.value}, log p ${logProb.toFixed(1)}`,
      );
    }
  }
  const [[alone]] = await policy.sample([items[1]], 1, options);
  console.log(`the same sample alone: ${alone.text === together[1][0].text ? 'identical' : 'different'}`);
} finally {
  await engine.close();
  rmSync(directory, { recursive: true });
}
