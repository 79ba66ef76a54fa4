// The decoder-only transformer of the Llama and Qwen families, as graph code: pre-RMSNorm, grouped-query attention
// with RoPE, ALiBi, Hard-ALiBi or no positions, optional RMSNorm of q and k, SwiGLU. One body serves training,
// prefill and decoding: only what attends to what differs, and the caller passes that in as `attend`.

import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import type { GraphBuilder } from '../engine/graph/program.ts';
import type { Value } from '../engine/graph/value.ts';
import type { HeadAttributes } from '../engine/operations/attention.ts';

/** Looks a parameter up by its Hugging Face name. */
export type Parameters = (name: string) => Value;

/** Attention of one layer on q [n, heads*headDim] and k, v [n, kvHeads*headDim]; returns [n, heads*headDim]. */
export type Attend = (layer: number, q: Value, k: Value, v: Value) => Value;

export interface DecoderInputs {
  /** Token ids [n]. */
  tokens: Value;
  /** Position of each token in its sequence [n]. */
  positions: Value;
  /** Positions lie below this. */
  maxPositions: number;
}

/** Final hidden states [n, hiddenSize], after the last norm. */
export function decoderBody(
  graph: GraphBuilder,
  config: ModelConfig,
  parameters: Parameters,
  inputs: DecoderInputs,
  attend: Attend,
): Value {
  const n = inputs.tokens.shape[0] as number;
  const linear = (x: Value, name: string, bias: boolean): Value => {
    const operands = [x, parameters(`${name}.weight`), ...(bias ? [parameters(`${name}.bias`)] : [])];
    return graph.apply('linear', operands, {})[0] as Value;
  };
  const norm = (x: Value, name: string): Value =>
    graph.apply('rmsNorm', [x, parameters(`${name}.weight`)], { epsilon: config.normEpsilon })[0] as Value;
  const headNorm = (x: Value, heads: number, name: string): Value => {
    if (!config.qkNorm) return x;
    const rows = graph.apply('reshape', [x], { shape: [n * heads, config.headDim] })[0] as Value;
    return graph.apply('reshape', [norm(rows, name)], { shape: [n, heads * config.headDim] })[0] as Value;
  };
  const rotate = (x: Value): Value => {
    if (config.position !== 'rope') return x;
    const attributes = {
      headDim: config.headDim,
      frequencies: ropeFrequencies(config),
      maxPositions: inputs.maxPositions,
      inverse: false,
    };
    return graph.apply('rope', [x, inputs.positions], attributes)[0] as Value;
  };
  const add = (a: Value, b: Value): Value => graph.apply('add', [a, b], {})[0] as Value;

  let x = graph.apply('gather', [parameters('model.embed_tokens.weight'), inputs.tokens], {})[0] as Value;
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `model.layers.${layer}`;
    const attended = norm(x, `${name}.input_layernorm`);
    const project = (which: string) =>
      linear(attended, `${name}.self_attn.${which}_proj`, config.attentionBias);
    const q = rotate(headNorm(project('q'), config.heads, `${name}.self_attn.q_norm`));
    const k = rotate(headNorm(project('k'), config.kvHeads, `${name}.self_attn.k_norm`));
    const o = attend(layer, q, k, project('v'));
    x = add(x, linear(o, `${name}.self_attn.o_proj`, config.attentionOutputBias));
    const fed = norm(x, `${name}.post_attention_layernorm`);
    const gate = linear(fed, `${name}.mlp.gate_proj`, config.mlpBias);
    const up = linear(fed, `${name}.mlp.up_proj`, config.mlpBias);
    const hidden = graph.apply('swiglu', [gate, up], {})[0] as Value;
    x = add(x, linear(hidden, `${name}.mlp.down_proj`, config.mlpBias));
  }
  return norm(x, 'model.norm');
}

/** Vocabulary logits [n, vocabSize] of hidden states [n, hiddenSize]. */
export function languageModelHead(
  graph: GraphBuilder,
  config: ModelConfig,
  parameters: Parameters,
  hidden: Value,
): Value {
  const name = config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return graph.apply('linear', [hidden, parameters(name)], {})[0] as Value;
}

/** Attention attributes that follow from the configuration. */
export function headAttributes(config: ModelConfig): HeadAttributes {
  const biased = Math.ceil(config.heads / 2);
  const perHead = (value: (head: number) => number): number[] =>
    Array.from({ length: config.heads }, (_, head) => (head < biased ? value(head) : 0));
  return {
    heads: config.heads,
    kvHeads: config.kvHeads,
    headDim: config.headDim,
    scale: 1 / Math.sqrt(config.headDim),
    slopes: config.position === 'alibi' ? perHead((head) => 2 ** ((-8 * (head + 1)) / biased)) : [],
    windows: config.position === 'hard-alibi' ? (config.hardAlibiWindows ?? perHead((head) => head + 1)) : [],
  };
}

/** Angle per position of each pair of dimensions, with the scaling of long-context checkpoints applied. */
export function ropeFrequencies(config: ModelConfig): number[] {
  const half = config.headDim / 2;
  const scaling = config.ropeScaling;
  return Array.from({ length: half }, (_, i) => {
    const frequency = config.ropeTheta ** (-i / half);
    if (scaling === null) return frequency;
    if (scaling.kind === 'linear') return frequency / scaling.factor;
    const wavelength = (2 * Math.PI) / frequency;
    const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
    if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
    if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor;
    const smooth = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}
