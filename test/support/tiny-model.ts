// Models small enough for tests, with weights far from zero so that their distributions are not uniform.

import { createRng } from '../../src/core/rng.ts';
import type { BatchOptions } from '../../src/engine/batch.ts';
import type { ModelConfig } from '../../src/engine/checkpoint/model-config.ts';
import { parameterShapes } from '../../src/engine/checkpoint/parameter-shapes.ts';
import { referenceExecutor } from '../../src/engine/executors/reference/reference-executor.ts';
import { GraphBuilder } from '../../src/engine/graph/program.ts';
import type { Value } from '../../src/engine/graph/value.ts';
import { decoderBody, headAttributes, languageModelHead } from '../../src/models/decoder.ts';
import { initialWeights } from '../../src/models/initialise.ts';
import { DecoderModel } from '../../src/models/model.ts';
import type { ProgramCache } from '../../src/models/program-cache.ts';

export function tinyConfig(changes: Partial<ModelConfig> = {}): ModelConfig {
  return {
    architecture: 'touchstone',
    vocabSize: 13,
    hiddenSize: 16,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 4,
    feedForwardSize: 24,
    normEpsilon: 1e-5,
    ropeTheta: 10000,
    ropeScaling: null,
    position: 'rope',
    qkNorm: false,
    attentionBias: false,
    attentionOutputBias: false,
    mlpBias: false,
    tiedEmbeddings: false,
    maxPositions: 256,
    head: 'lm',
    eosTokenIds: [],
    initializerRange: 0.5,
    ...changes,
  };
}

/** A model whose biases and score head are random too. */
export function tinyModel(
  config: ModelConfig,
  programs: ProgramCache,
  seed = 0,
  batching: Partial<BatchOptions> = { maxTokens: 2048, timeMultiple: 8 },
): DecoderModel {
  const weights = initialWeights(config, createRng(seed, 'tiny'));
  for (const [name, { data }] of weights) {
    if (!name.endsWith('.bias') && name !== 'score.weight') continue;
    const rng = createRng(seed, 'tiny', name);
    data.forEach((_zero, i) => {
      data[i] = rng.normal() * 0.3;
    });
  }
  return new DecoderModel(config, weights, programs, batching);
}

/** Logits after every token of a sequence, from the whole sequence at once, in float64. */
export async function fullForwardLogits(model: DecoderModel, tokens: Int32Array): Promise<number[][]> {
  const { config } = model;
  const time = tokens.length;
  const graph = new GraphBuilder();
  const parameters = new Map<string, Value>();
  for (const [name, shape] of parameterShapes(config)) parameters.set(name, graph.input(name, shape));
  const named = (name: string): Value => {
    const value = parameters.get(name);
    if (value === undefined) throw new Error(`no parameter ${name}`);
    return value;
  };
  const inputs = {
    tokens: graph.input('tokens', [time], 'int'),
    positions: graph.input('positions', [time], 'int'),
    maxPositions: time,
  };
  const attributes = { ...headAttributes(config), batch: 1, time };
  const hidden = decoderBody(
    graph,
    config,
    named,
    inputs,
    (_layer, q, k, v) => graph.apply('attention', [q, k, v], attributes)[0] as Value,
  );
  graph.output('logits', languageModelHead(graph, config, named, hidden));
  const compiled = await referenceExecutor.compile(graph.build());
  const positions = Int32Array.from({ length: time }, (_, i) => i);
  const { logits } = await compiled.run({ ...model.parameterFeeds(), tokens, positions });
  return Array.from({ length: time }, (_, t) => [
    ...(logits ?? []).slice(t * config.vocabSize, (t + 1) * config.vocabSize),
  ]);
}
