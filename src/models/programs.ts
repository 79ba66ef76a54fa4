// The programs of a decoder: what is fed, what comes out, for each kind of work and batch shape. Parameters are
// inputs under their Hugging Face names, so one compiled program serves the policy, the reference policy and every
// later version of their weights.

import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import { parameterShapes } from '../engine/checkpoint/parameter-shapes.ts';
import { differentiate } from '../engine/graph/differentiate.ts';
import { GraphBuilder, type Program } from '../engine/graph/program.ts';
import type { Value } from '../engine/graph/value.ts';
import { decoderBody, headAttributes, languageModelHead, type Parameters } from './decoder.ts';

export interface BatchShape {
  /** Rows of the batch. */
  batch: number;
  /** Positions per row. */
  time: number;
  /** Whether rows hold several sequences told apart by `segments`. */
  packed: boolean;
}

/** Prefix of the outputs that hold parameter gradients. */
export const GRADIENT = 'gradient:';

interface Opened {
  graph: GraphBuilder;
  parameters: Parameters;
  trainable: Map<string, Value>;
  hidden: Value;
}

/** Declares parameters and batch inputs (tokens, positions, segments when packed) and runs the body. */
function open(config: ModelConfig, shape: BatchShape): Opened {
  const { graph, parameters, declared } = declareParameters(config);
  const n = shape.batch * shape.time;
  const tokens = graph.input('tokens', [n], 'int');
  const positions = graph.input('positions', [n], 'int');
  const segments = shape.packed ? [graph.input('segments', [n], 'int')] : [];
  const attributes = { ...headAttributes(config), batch: shape.batch, time: shape.time };
  const hidden = decoderBody(
    graph,
    config,
    parameters,
    { tokens, positions, maxPositions: shape.time },
    (_layer, q, k, v) => graph.apply('attention', [q, k, v, ...segments], attributes)[0] as Value,
  );
  return { graph, parameters, trainable: declared, hidden };
}

function declareParameters(config: ModelConfig) {
  const graph = new GraphBuilder();
  const declared = new Map<string, Value>();
  for (const [name, shape] of parameterShapes(config)) declared.set(name, graph.input(name, shape));
  const parameters: Parameters = (name) => {
    const value = declared.get(name);
    if (value === undefined) throw new Error(`the configuration has no parameter ${name}`);
    return value;
  };
  return { graph, parameters, declared };
}

function outputGradients(opened: Opened, seeds: [Value, Value][]): void {
  const names = [...opened.trainable.keys()];
  const gradients = differentiate(opened.graph, seeds, [...opened.trainable.values()]);
  names.forEach((name, i) => {
    opened.graph.output(GRADIENT + name, gradients[i] as Value);
  });
}

export interface LanguageModelOptions {
  /** Logits are divided by this before the softmax; > 0. */
  temperature: number;
  /** `entropy` adds the entropy output (and its coefficient when differentiated). */
  entropy: boolean;
  /** Adds parameter gradients, fed by `dLogProb` [n] and, with entropy, `dEntropy` [n]. */
  gradients: boolean;
}

/** Token log-probabilities: inputs tokens, positions, targets [n]; outputs logProb [n], entropy [n]. */
export function languageModelProgram(
  config: ModelConfig,
  shape: BatchShape,
  options: LanguageModelOptions,
): Program {
  const opened = open(config, shape);
  const { graph, parameters, hidden } = opened;
  const n = shape.batch * shape.time;
  const logits = languageModelHead(graph, config, parameters, hidden);
  const targets = graph.input('targets', [n], 'int');
  const { temperature } = options;
  const [logProb, entropy] = graph.apply('tokenLogProb', [logits, targets], { temperature }) as [
    Value,
    Value,
  ];
  graph.output('logProb', logProb);
  if (options.entropy) graph.output('entropy', entropy);
  if (options.gradients) {
    const seeds: [Value, Value][] = [[logProb, graph.input('dLogProb', [n])]];
    if (options.entropy) seeds.push([entropy, graph.input('dEntropy', [n])]);
    outputGradients(opened, seeds);
  }
  return graph.build();
}

/** Scalar head of reward models: output score [n]; with gradients, fed by `dScore` [n]. */
export function scoreProgram(
  config: ModelConfig,
  shape: BatchShape,
  options: { gradients: boolean },
): Program {
  const opened = open(config, shape);
  const { graph, parameters, hidden } = opened;
  const n = shape.batch * shape.time;
  const column = graph.apply('linear', [hidden, parameters('score.weight')], {})[0] as Value;
  const score = graph.apply('reshape', [column], { shape: [n] })[0] as Value;
  graph.output('score', score);
  if (options.gradients) outputGradients(opened, [[score, graph.input('dScore', [n])]]);
  return graph.build();
}

/** Prompts at once: outputs logits [batch, vocab] at the rows `last` [batch], and key.i, value.i per layer [n, kv]. */
export function prefillProgram(config: ModelConfig, batch: number, time: number): Program {
  const { graph, parameters } = declareParameters(config);
  const n = batch * time;
  const tokens = graph.input('tokens', [n], 'int');
  const positions = graph.input('positions', [n], 'int');
  const attributes = { ...headAttributes(config), batch, time };
  const hidden = decoderBody(
    graph,
    config,
    parameters,
    { tokens, positions, maxPositions: time },
    (layer, q, k, v) => {
      graph.output(`key.${layer}`, k);
      graph.output(`value.${layer}`, v);
      return graph.apply('attention', [q, k, v], attributes)[0] as Value;
    },
  );
  const last = graph.apply('gather', [hidden, graph.input('last', [batch], 'int')], {})[0] as Value;
  graph.output('logits', languageModelHead(graph, config, parameters, last));
  return graph.build();
}

/**
 * One token per slot: inputs tokens [slots], lengths [slots] (valid cache positions, which is also the new token's
 * position), keyCache.i and valueCache.i [slots, kvHeads, capacity, headDim]; outputs logits [slots, vocab] and
 * key.i, value.i [slots, kvHeads*headDim].
 */
export function decodeProgram(config: ModelConfig, slots: number, capacity: number): Program {
  const { graph, parameters } = declareParameters(config);
  const tokens = graph.input('tokens', [slots], 'int');
  const lengths = graph.input('lengths', [slots], 'int');
  const attributes = { ...headAttributes(config), slots, capacity };
  const cacheShape = [slots, config.kvHeads, capacity, config.headDim];
  const hidden = decoderBody(
    graph,
    config,
    parameters,
    { tokens, positions: lengths, maxPositions: capacity + 1 },
    (layer, q, k, v) => {
      graph.output(`key.${layer}`, k);
      graph.output(`value.${layer}`, v);
      const caches = [
        graph.input(`keyCache.${layer}`, cacheShape),
        graph.input(`valueCache.${layer}`, cacheShape),
      ];
      return graph.apply('decodeAttention', [q, k, v, ...caches, lengths], attributes)[0] as Value;
    },
  );
  graph.output('logits', languageModelHead(graph, config, parameters, hidden));
  return graph.build();
}
