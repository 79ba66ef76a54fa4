// config.json of real models (shortened to the keys that matter), both ways, and what is refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatModelConfig, parseModelConfig } from './hugging-face-config.ts';
import { type ModelConfig, validateModelConfig } from './model-config.ts';
import { parameterShapes } from './parameter-shapes.ts';

// Qwen/Qwen3-0.6B
const QWEN3 = {
  architectures: ['Qwen3ForCausalLM'],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  head_dim: 128,
  hidden_act: 'silu',
  hidden_size: 1024,
  initializer_range: 0.02,
  intermediate_size: 3072,
  max_position_embeddings: 40960,
  max_window_layers: 28,
  model_type: 'qwen3',
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 1000000,
  sliding_window: null,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  use_sliding_window: false,
  vocab_size: 151936,
};

// Qwen/Qwen2.5-0.5B
const QWEN2 = {
  architectures: ['Qwen2ForCausalLM'],
  bos_token_id: 151643,
  eos_token_id: 151643,
  hidden_act: 'silu',
  hidden_size: 896,
  initializer_range: 0.02,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 24,
  model_type: 'qwen2',
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  use_sliding_window: false,
  vocab_size: 151936,
};

// meta-llama/Llama-3.2-1B-Instruct
const LLAMA = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
  head_dim: 64,
  hidden_act: 'silu',
  hidden_size: 2048,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
  mlp_bias: false,
  model_type: 'llama',
  num_attention_heads: 32,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_scaling: {
    factor: 32.0,
    high_freq_factor: 4.0,
    low_freq_factor: 1.0,
    original_max_position_embeddings: 8192,
    rope_type: 'llama3',
  },
  rope_theta: 500000.0,
  tie_word_embeddings: true,
  vocab_size: 128256,
};

// HuggingFaceTB/SmolLM-135M
const SMOLLM = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: 'silu',
  hidden_size: 576,
  initializer_range: 0.02,
  intermediate_size: 1536,
  max_position_embeddings: 2048,
  model_type: 'llama',
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 10000.0,
  tie_word_embeddings: true,
  vocab_size: 49152,
};

const parameterCount = (config: ModelConfig) =>
  [...parameterShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('real models', () => {
  it('reads Qwen3-0.6B', () => {
    expect(parseModelConfig(QWEN3)).toEqual({
      architecture: 'qwen3',
      vocabSize: 151936,
      hiddenSize: 1024,
      layers: 28,
      heads: 16,
      kvHeads: 8,
      headDim: 128,
      feedForwardSize: 3072,
      normEpsilon: 1e-6,
      ropeTheta: 1e6,
      ropeScaling: null,
      position: 'rope',
      qkNorm: true,
      attentionBias: false,
      attentionOutputBias: false,
      mlpBias: false,
      tiedEmbeddings: true,
      maxPositions: 40960,
      head: 'lm',
      bosTokenId: 151643,
      eosTokenIds: [151645],
      initializerRange: 0.02,
    });
  });

  it('reads Qwen2.5: biases on q, k, v; a sliding window that is switched off', () => {
    expect(parseModelConfig(QWEN2)).toMatchObject({
      headDim: 64,
      qkNorm: false,
      attentionBias: true,
      attentionOutputBias: false,
    });
  });

  it('reads Llama 3.2: rope scaling and several end tokens', () => {
    expect(parseModelConfig(LLAMA)).toMatchObject({
      eosTokenIds: [128001, 128008, 128009],
      ropeScaling: {
        kind: 'llama3',
        factor: 32,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositions: 8192,
      },
    });
  });

  // published parameter counts
  it.each([
    ['Qwen3-0.6B', QWEN3, 596_049_920],
    ['Qwen2.5-0.5B', QWEN2, 494_032_768],
    ['Llama-3.2-1B', LLAMA, 1_235_814_400],
    ['SmolLM-135M', SMOLLM, 134_515_008],
  ])('names every parameter of %s', (_, json, count) => {
    expect(parameterCount(parseModelConfig(json))).toBe(count);
  });

  it.each([QWEN3, QWEN2, LLAMA, SMOLLM])('writes what it read', (json) => {
    const config = parseModelConfig(json);
    const written = formatModelConfig(config, 'bfloat16');
    expect(parseModelConfig(JSON.parse(JSON.stringify(written)))).toEqual(config);
    const { attention_dropout, torch_dtype, sliding_window, rope_scaling, ...kept } = {
      sliding_window: null,
      ...json,
    } as Record<string, unknown>;
    expect(written).toMatchObject(kept);
  });

  it('reads the rotary settings of transformers 5', () => {
    const { rope_theta, rope_scaling, ...rest } = LLAMA;
    const config = parseModelConfig({ ...rest, rope_parameters: { ...rope_scaling, rope_theta } });
    expect(config).toEqual(parseModelConfig(LLAMA));
    const plain = parseModelConfig({ ...SMOLLM, rope_parameters: { rope_type: 'default', rope_theta: 5 } });
    expect(plain).toMatchObject({ ropeTheta: 5, ropeScaling: null });
  });

  it('reads the old spelling of rope types', () => {
    const { ropeScaling } = parseModelConfig({ ...SMOLLM, rope_scaling: { type: 'linear', factor: 4 } });
    expect(ropeScaling).toEqual({ kind: 'linear', factor: 4 });
  });

  it('fills in the defaults of transformers', () => {
    const { rms_norm_eps, tie_word_embeddings, rope_theta, num_key_value_heads, ...rest } = SMOLLM;
    expect(parseModelConfig({ ...rest, pad_token_id: -1, eos_token_id: null })).toMatchObject({
      normEpsilon: 1e-6,
      tiedEmbeddings: false,
      ropeTheta: 10000,
      kvHeads: 9,
      eosTokenIds: [],
    });
  });

  it('reads a score model of one label and no other classifier', () => {
    const score = { ...QWEN3, architectures: ['Qwen3ForSequenceClassification'], id2label: { 0: 'LABEL_0' } };
    const config = parseModelConfig(score);
    expect(config.head).toBe('score');
    expect(parameterShapes(config).get('score.weight')).toEqual([1, 1024]);
    expect(parameterShapes(config).has('lm_head.weight')).toBe(false);
    expect(formatModelConfig(config)).toMatchObject(score.id2label ? { id2label: { '0': 'LABEL_0' } } : {});
    expect(() => parseModelConfig({ ...score, id2label: { 0: 'a', 1: 'b' } })).toThrow(
      /a classifier of 2 labels/,
    );
    expect(() => parseModelConfig({ ...score, id2label: undefined })).toThrow(/a classifier of 2 labels/);
  });
});

describe('refused with bad-config', () => {
  it.each<[string, object, RegExp]>([
    ['another model', { model_type: 'gemma3' }, /model_type gemma3 is not supported/],
    ['a name every object has', { model_type: 'constructor' }, /model_type constructor is not supported/],
    ['no model_type', { model_type: undefined }, /has no model_type/],
    ['a missing size', { hidden_size: undefined }, /hidden_size: /],
    ['a size of zero', { num_hidden_layers: 0 }, /num_hidden_layers: /],
    ['an absurd size', { num_hidden_layers: 1e9 }, /layers is 1000000000/],
    ['a size of the wrong type', { vocab_size: '100' }, /vocab_size: /],
    [
      'sliding windows',
      { use_sliding_window: true, sliding_window: 4096, max_window_layers: 20 },
      /8 of 28 layers use sliding-window/,
    ],
    [
      'sliding layers',
      { layer_types: ['full_attention', 'sliding_attention'] },
      /1 of 28 layers use sliding-window/,
    ],
    ['another activation', { hidden_act: 'gelu' }, /hidden_act gelu is not supported/],
    ['quantised weights', { quantization_config: { bits: 4 } }, /weights are quantised/],
    [
      'an encoder',
      { architectures: ['Qwen3ForTokenClassification'] },
      /Qwen3ForTokenClassification is not supported/,
    ],
    [
      'another rope type',
      { rope_scaling: { rope_type: 'yarn', factor: 4 } },
      /rope type yarn is not supported/,
    ],
    [
      'an incomplete rope type',
      { rope_scaling: { rope_type: 'llama3', factor: 4 } },
      /llama3 without low_freq_factor/,
    ],
    ['heads that do not share', { num_key_value_heads: 3 }, /16 heads cannot share 3/],
    ['an odd head', { head_dim: 63 }, /headDim is 63/],
    ['a token outside the vocabulary', { eos_token_id: 200000 }, /special token id 200000/],
  ])('%s', (_, change, message) => {
    const attempt = () => parseModelConfig({ ...QWEN3, ...change }, 'm/config.json');
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: 'bad-config', hint: expect.any(String) }));
  });

  it('a sliding window that no layer reaches is fine', () => {
    const reached = { ...QWEN3, use_sliding_window: true, sliding_window: 4096 };
    expect(parseModelConfig(reached)).toEqual(parseModelConfig(QWEN3));
  });

  it('names the supported models', () => {
    expect(() => parseModelConfig({ model_type: 'gpt2' })).toThrow(
      expect.objectContaining({ hint: 'supported are qwen3, qwen2, llama, touchstone' }),
    );
    expect(() => parseModelConfig('text')).toThrow(/no model_type/);
  });

  it.each<[Partial<ModelConfig>, RegExp]>([
    [{ position: 'nope' }, /architecture qwen3 requires that position is 'rope'/],
    [{ qkNorm: false }, /requires that qkNorm is true/],
    [{ mlpBias: true }, /requires that mlpBias is false/],
    [{ attentionBias: true }, /requires that attentionOutputBias equals attentionBias/],
    [{ hardAlibiWindows: [1] }, /hardAlibiWindows given for position rope/],
    [{ normEpsilon: 0 }, /normEpsilon is 0/],
    [{ ropeTheta: Number.NaN }, /ropeTheta is NaN/],
    [{ ropeScaling: { kind: 'linear', factor: -1 } }, /ropeScaling factor is -1/],
  ])('a config that its family cannot store: %o', (change, message) => {
    expect(() => formatModelConfig({ ...parseModelConfig(QWEN3), ...change })).toThrow(message);
  });
});

describe('our own models', () => {
  const base: ModelConfig = { ...parseModelConfig(SMOLLM), architecture: 'touchstone', kvHeads: 9 };

  it('check the windows of hard-alibi', () => {
    const windowed: ModelConfig = {
      ...base,
      position: 'hard-alibi',
      hardAlibiWindows: [0, 0, 0, 0, 1, 2, 3, 4, 5],
    };
    validateModelConfig(windowed);
    expect(parseModelConfig(formatModelConfig(windowed))).toEqual(windowed);
    expect(() => validateModelConfig({ ...windowed, hardAlibiWindows: [1, 2] })).toThrow(
      /\[1,2\] for 9 heads/,
    );
    expect(() => validateModelConfig({ ...windowed, position: 'alibi' })).toThrow(/position alibi/);
  });

  it('round-trip in every combination', () => {
    const flag = fc.boolean();
    const changes = fc.record({
      position: fc.constantFrom<ModelConfig['position']>('rope', 'nope', 'alibi', 'hard-alibi'),
      qkNorm: flag,
      attentionBias: flag,
      attentionOutputBias: flag,
      mlpBias: flag,
      tiedEmbeddings: flag,
      head: fc.constantFrom<ModelConfig['head']>('lm', 'score'),
      headDim: fc.integer({ min: 1, max: 64 }).map((half) => 2 * half),
      ropeTheta: fc.double({ min: 1, max: 1e7, noNaN: true }),
      eosTokenIds: fc.uniqueArray(fc.nat(49151), { maxLength: 3 }),
      padTokenId: fc.nat(49151),
    });
    fc.assert(
      fc.property(changes, (change) => {
        const config: ModelConfig = { ...base, ...change };
        expect(parseModelConfig(JSON.parse(JSON.stringify(formatModelConfig(config))))).toEqual(config);
      }),
    );
  });
});
