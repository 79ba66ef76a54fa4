// Names and shapes of a model's parameters as Hugging Face transformers stores them. Matrices are [out, in], so a
// layer computes x W^T. The order is that of the computation.

import type { ModelConfig } from './model-config.ts';

/**
 * Every parameter of a model, by its Hugging Face name.
 *
 * @returns shape per name; biases and norms have one dimension
 * @example
 * parameterShapes(config).get('model.embed_tokens.weight'); // [vocabSize, hiddenSize]
 */
export function parameterShapes(config: ModelConfig): Map<string, number[]> {
  const { hiddenSize: hidden, feedForwardSize: inner, headDim } = config;
  const queries = config.heads * headDim;
  const keys = config.kvHeads * headDim;
  const shapes = new Map<string, number[]>();
  const linear = (name: string, out: number, input: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [out, input]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  shapes.set('model.embed_tokens.weight', [config.vocabSize, hidden]);
  for (let i = 0; i < config.layers; i++) {
    const layer = `model.layers.${i}`;
    shapes.set(`${layer}.input_layernorm.weight`, [hidden]);
    linear(`${layer}.self_attn.q_proj`, queries, hidden, config.attentionBias);
    linear(`${layer}.self_attn.k_proj`, keys, hidden, config.attentionBias);
    linear(`${layer}.self_attn.v_proj`, keys, hidden, config.attentionBias);
    if (config.qkNorm) {
      shapes.set(`${layer}.self_attn.q_norm.weight`, [headDim]);
      shapes.set(`${layer}.self_attn.k_norm.weight`, [headDim]);
    }
    linear(`${layer}.self_attn.o_proj`, hidden, queries, config.attentionOutputBias);
    shapes.set(`${layer}.post_attention_layernorm.weight`, [hidden]);
    linear(`${layer}.mlp.gate_proj`, inner, hidden, config.mlpBias);
    linear(`${layer}.mlp.up_proj`, inner, hidden, config.mlpBias);
    linear(`${layer}.mlp.down_proj`, hidden, inner, config.mlpBias);
  }
  shapes.set('model.norm.weight', [hidden]);
  if (config.head === 'score') shapes.set('score.weight', [1, hidden]);
  else if (!config.tiedEmbeddings) shapes.set('lm_head.weight', [config.vocabSize, hidden]);
  return shapes;
}
