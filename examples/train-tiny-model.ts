// The engine: a small decoder learns to count on by supervised fine-tuning, then its samples show it.
// Losses live outside of the engine: it only takes a coefficient per token. Run with: node examples/train-tiny-model.ts
import { createLocalEngine, createRng, DEFAULT_OPTIMISER, type ModelConfig, type Sequence } from 'touchstone';

const config: ModelConfig = {
  architecture: 'touchstone',
  vocabSize: 12,
  hiddenSize: 32,
  layers: 1,
  heads: 2,
  kvHeads: 2,
  headDim: 16,
  feedForwardSize: 64,
  normEpsilon: 1e-6,
  ropeTheta: 10_000,
  ropeScaling: null,
  position: 'rope',
  qkNorm: false,
  attentionBias: false,
  attentionOutputBias: false,
  mlpBias: false,
  tiedEmbeddings: false,
  maxPositions: 64,
  head: 'lm',
  eosTokenIds: [1],
  initializerRange: 0.05,
};

// Token 1 ends a response; tokens 2 to 11 stand for 0 to 9. The response counts on from the prompt to 9.
function demonstration(index: number): Sequence {
  const first = createRng('count', index).int(2, 10);
  const digits = Array.from({ length: 12 - first }, (_, i) => first + i);
  return { tokens: Int32Array.of(...digits, 1), promptLength: 1 };
}

const engine = await createLocalEngine({ executor: 'onnx', threads: 1 });
const { parameters } = await engine.createModel('policy', config, 1);
console.log(`${parameters} parameters on the ${(await engine.status()).executor} executor`);

for (let step = 0; step < 60; step++) {
  const sequences = Array.from({ length: 16 }, (_, i) => demonstration(16 * step + i));
  const tokens = sequences.reduce((sum, s) => sum + s.tokens.length - s.promptLength, 0);
  // Supervised fine-tuning: the loss is -mean(log p), so its derivative by each log p is -1 / tokens.
  const coefficients = sequences.map((s) =>
    new Float32Array(s.tokens.length - s.promptLength).fill(-1 / tokens),
  );
  const { logProbs } = await engine.accumulate('policy', sequences, coefficients);
  await engine.step('policy', 0.01, DEFAULT_OPTIMISER);
  const loss = -logProbs.reduce((sum, row) => row.reduce((a, b) => a + b, sum), 0) / tokens;
  if (step % 15 === 0 || step === 59) console.log(`step ${step + 1}: loss ${loss.toFixed(4)}`);
}

const requests = [5, 9].map((first) => ({ prompt: Int32Array.of(first), streams: [['sample', first]] }));
const generations = await engine.generate('policy', requests, { maxNewTokens: 12, stopTokens: [1] });
for (const [i, [generation]] of generations.entries()) {
  console.log(`${requests[i].prompt[0]} → ${generation.tokens.join(' ')} (${generation.finishReason})`);
}
await engine.close();
