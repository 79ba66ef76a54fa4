// Model directories in the layout of Qwen3, Qwen2 and Llama, written by hand as transformers writes them and by us.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TorchDtype } from './hugging-face-config.ts';
import {
  loadModelCheckpoint,
  loadModelConfig,
  parameterShapes,
  saveModelCheckpoint,
  type WeightTensor,
} from './model-checkpoint.ts';
import type { ModelConfig } from './model-config.ts';
import { writeSafetensors } from './safetensors.ts';

const root = mkdtempSync(join(tmpdir(), 'touchstone-model-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = () => join(root, `model-${dirs++}`);

const QWEN3: ModelConfig = {
  architecture: 'qwen3',
  vocabSize: 11,
  hiddenSize: 8,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 6,
  feedForwardSize: 12,
  normEpsilon: 1e-6,
  ropeTheta: 1e6,
  ropeScaling: null,
  position: 'rope',
  qkNorm: true,
  attentionBias: false,
  attentionOutputBias: false,
  mlpBias: false,
  tiedEmbeddings: false,
  maxPositions: 64,
  head: 'lm',
  bosTokenId: 1,
  eosTokenIds: [2, 3],
  padTokenId: 0,
  initializerRange: 0.02,
};
const QWEN2: ModelConfig = {
  ...QWEN3,
  architecture: 'qwen2',
  qkNorm: false,
  attentionBias: true,
  tiedEmbeddings: true,
};
const LLAMA: ModelConfig = {
  ...QWEN3,
  architecture: 'llama',
  qkNorm: false,
  ropeScaling: { kind: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 32 },
};
const LLAMA_BIASED: ModelConfig = { ...LLAMA, attentionBias: true, attentionOutputBias: true, mlpBias: true };
const SCORE: ModelConfig = { ...QWEN3, head: 'score' };
const OWN: ModelConfig = {
  ...QWEN3,
  architecture: 'touchstone',
  position: 'hard-alibi',
  hardAlibiWindows: [0, 0, 1, 2],
};

/** Weights that bfloat16 and float16 hold exactly. */
function weightsOf(config: ModelConfig, salt = 0): Map<string, WeightTensor> {
  return new Map(
    [...parameterShapes(config)].map(([name, shape], k) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        { shape, data: Float32Array.from({ length: count }, (_, i) => ((i + k + salt) % 127) / 64 - 1) },
      ];
    }),
  );
}

const listOf = (weights: Map<string, WeightTensor>) =>
  [...weights].map(([name, weight]) => ({ name, ...weight }));

/** A directory of transformers: the config given, shards as listed, an index. */
function foreignDir(
  configJson: object,
  shards: Record<string, Parameters<typeof writeSafetensors>[1]>,
): string {
  const dir = newDir();
  mkdirSync(dir);
  writeFileSync(join(dir, 'config.json'), JSON.stringify(configJson));
  const weightMap: Record<string, string> = {};
  for (const [file, tensors] of Object.entries(shards)) {
    writeSafetensors(join(dir, file), tensors);
    for (const { name } of tensors) weightMap[name] = file;
  }
  const index = { metadata: { total_size: 1 }, weight_map: weightMap };
  writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify(index));
  return dir;
}

const QWEN2_JSON = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 6,
  hidden_act: 'silu',
  max_position_embeddings: 64,
  rope_theta: 1e6,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: [2, 3],
  pad_token_id: 0,
};

describe('parameterShapes', () => {
  it('lists the tensors of a Qwen3 layer with biases of no kind', () => {
    expect([...parameterShapes({ ...QWEN3, layers: 1 })]).toEqual([
      ['model.embed_tokens.weight', [11, 8]],
      ['model.layers.0.input_layernorm.weight', [8]],
      ['model.layers.0.self_attn.q_proj.weight', [24, 8]],
      ['model.layers.0.self_attn.k_proj.weight', [12, 8]],
      ['model.layers.0.self_attn.v_proj.weight', [12, 8]],
      ['model.layers.0.self_attn.q_norm.weight', [6]],
      ['model.layers.0.self_attn.k_norm.weight', [6]],
      ['model.layers.0.self_attn.o_proj.weight', [8, 24]],
      ['model.layers.0.post_attention_layernorm.weight', [8]],
      ['model.layers.0.mlp.gate_proj.weight', [12, 8]],
      ['model.layers.0.mlp.up_proj.weight', [12, 8]],
      ['model.layers.0.mlp.down_proj.weight', [8, 12]],
      ['model.norm.weight', [8]],
      ['lm_head.weight', [11, 8]],
    ]);
  });

  it('adds biases where the family has them', () => {
    const biases = (config: ModelConfig) =>
      [...parameterShapes({ ...config, layers: 1 })].filter(([name]) => name.endsWith('.bias'));
    expect(biases(QWEN2)).toEqual([
      ['model.layers.0.self_attn.q_proj.bias', [24]],
      ['model.layers.0.self_attn.k_proj.bias', [12]],
      ['model.layers.0.self_attn.v_proj.bias', [12]],
    ]);
    expect(biases(LLAMA)).toEqual([]);
    expect(biases(LLAMA_BIASED).map(([, shape]) => shape)).toEqual([[24], [12], [12], [8], [12], [12], [8]]);
  });
});

describe('saving and loading', () => {
  const models = { QWEN3, QWEN2, LLAMA, LLAMA_BIASED, SCORE, OWN };
  const dtypes: TorchDtype[] = ['float32', 'float16', 'bfloat16'];
  const cases = Object.entries(models).flatMap(([name, config]) =>
    dtypes.map((dtype) => ({ name, config, dtype })),
  );

  it.each(cases)('$name in $dtype, one file or shards', ({ config, dtype }) => {
    for (const maxShardBytes of [1e9, 700]) {
      const dir = newDir();
      const weights = weightsOf(config);
      saveModelCheckpoint(dir, config, weights, { dtype, maxShardBytes });
      expect(loadModelCheckpoint(dir)).toEqual({ config, weights, dtype });
      const files = readdirSync(dir);
      expect(files.includes('model.safetensors')).toBe(maxShardBytes === 1e9);
      expect(files.includes('model.safetensors.index.json')).toBe(maxShardBytes === 700);
      expect(JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')).torch_dtype).toBe(dtype);
    }
  });

  it('numbers the shards and indexes every tensor with the stored size', () => {
    const dir = newDir();
    saveModelCheckpoint(dir, QWEN3, weightsOf(QWEN3), { maxShardBytes: 900, dtype: 'bfloat16' });
    const index = JSON.parse(readFileSync(join(dir, 'model.safetensors.index.json'), 'utf8'));
    const shards = readdirSync(dir).filter((name) => name.endsWith('.safetensors'));
    const total = String(shards.length).padStart(5, '0');
    expect(shards[0]).toBe(`model-00001-of-${total}.safetensors`);
    expect(new Set(Object.values(index.weight_map))).toEqual(new Set(shards));
    expect(Object.keys(index.weight_map).sort()).toEqual([...parameterShapes(QWEN3).keys()].sort());
    const elements = [...weightsOf(QWEN3).values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(index.metadata.total_size).toBe(2 * elements);
  });

  it('replaces a directory whole, with the files added', () => {
    const dir = newDir();
    saveModelCheckpoint(dir, QWEN3, weightsOf(QWEN3), { maxShardBytes: 700 });
    const addFiles = (staging: string) => writeFileSync(join(staging, 'tokenizer.json'), '{}');
    saveModelCheckpoint(dir, QWEN2, weightsOf(QWEN2, 5), { addFiles });
    expect(readdirSync(dir).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(loadModelCheckpoint(dir).weights).toEqual(weightsOf(QWEN2, 5));
    expect(loadModelConfig(dir)).toEqual(QWEN2);
  });

  it('keeps the old model when saving the new one fails', () => {
    const dir = newDir();
    saveModelCheckpoint(dir, QWEN3, weightsOf(QWEN3));
    const addFiles = () => {
      throw new Error('killed');
    };
    expect(() => saveModelCheckpoint(dir, QWEN3, weightsOf(QWEN3, 9), { addFiles })).toThrow('killed');
    expect(loadModelCheckpoint(dir).weights).toEqual(weightsOf(QWEN3));
  });

  it('refuses weights that do not fit, all differences at once', () => {
    const weights = weightsOf(QWEN3);
    weights.delete('lm_head.weight');
    weights.set('extra.weight', { shape: [1], data: new Float32Array(1) });
    weights.set('model.norm.weight', { shape: [4, 2], data: new Float32Array(8) });
    weights.set('model.embed_tokens.weight', { shape: [11, 8], data: new Float32Array(80) });
    expect(() => saveModelCheckpoint(newDir(), QWEN3, weights)).toThrow(
      'the weights do not fit the config: missing: lm_head.weight; unexpected: extra.weight; ' +
        'wrong shape: model.norm.weight is [4,2] instead of [8]; model.embed_tokens.weight [11,8] has 80 elements',
    );
    expect(() => saveModelCheckpoint(newDir(), QWEN3, weightsOf(QWEN3), { maxShardBytes: 0 })).toThrow(
      /0 bytes/,
    );
  });
});

describe('directories of transformers', () => {
  it('loads shards of mixed formats with harmless extras', () => {
    const [first, ...rest] = listOf(weightsOf(QWEN2));
    const dir = foreignDir(QWEN2_JSON, {
      'model-00001-of-00002.safetensors': [
        { ...first, dtype: 'F16' },
        { name: 'lm_head.weight', shape: [11, 8], data: new Float32Array(88) },
        { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', shape: [3], data: new Float32Array(3) },
      ],
      'model-00002-of-00002.safetensors': rest.map((tensor) => ({ ...tensor, dtype: 'BF16' as const })),
    });
    expect(loadModelCheckpoint(dir)).toEqual({ config: QWEN2, weights: weightsOf(QWEN2), dtype: 'bfloat16' });
  });

  it('reports every difference between weights and config', () => {
    const tensors = listOf(weightsOf({ ...QWEN3, layers: 1, vocabSize: 12 }));
    const dir = foreignDir(QWEN2_JSON, { 'model.safetensors': tensors });
    const attempt = () => loadModelCheckpoint(dir);
    expect(attempt).toThrow(
      'missing: model.layers.0.self_attn.q_proj.bias, model.layers.0.self_attn.k_proj.bias, ' +
        'model.layers.0.self_attn.v_proj.bias, model.layers.1.input_layernorm.weight, ',
    );
    expect(attempt).toThrow(/ and 7 more; unexpected: .*k_norm.weight, .*q_norm.weight; wrong shape: /);
    expect(attempt).toThrow('model.embed_tokens.weight is [12,8] instead of [11,8]');
    expect(attempt).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
  });

  it('names what is missing', () => {
    const code = 'checkpoint-missing';
    const empty = newDir();
    expect(() => loadModelCheckpoint(empty)).toThrow(
      expect.objectContaining({ code, message: `${empty} holds no config.json` }),
    );
    mkdirSync(empty);
    writeFileSync(join(empty, 'config.json'), JSON.stringify(QWEN2_JSON));
    expect(() => loadModelCheckpoint(empty)).toThrow(/neither model.safetensors nor its index/);
    writeFileSync(join(empty, 'pytorch_model.bin'), '');
    expect(() => loadModelCheckpoint(empty)).toThrow(
      expect.objectContaining({ code, hint: expect.stringMatching(/pytorch_model.bin/) }),
    );

    const [first, ...rest] = listOf(weightsOf(QWEN2));
    const dir = foreignDir(QWEN2_JSON, { 'one.safetensors': [first], 'two.safetensors': rest });
    rmSync(join(dir, 'two.safetensors'));
    expect(() => loadModelCheckpoint(dir)).toThrow(
      `shard two.safetensors is not in ${dir}; it holds model.layers.0.input_layernorm.weight`,
    );
    writeSafetensors(join(dir, 'two.safetensors'), rest.slice(1));
    expect(() => loadModelCheckpoint(dir)).toThrow(
      `shard two.safetensors of ${dir} lacks tensor model.layers.0.input_layernorm.weight named in the index`,
    );
  });

  it.each([
    ['text', 'not JSON'],
    ['{}', 'has no weight_map'],
    ['{"weight_map": {"a": 3}}', 'has no weight_map'],
    [
      '{"weight_map": {"a": "../other/model.safetensors"}}',
      'shard ../other/model.safetensors lies elsewhere',
    ],
  ])('refuses the index %s', (text, message) => {
    const dir = foreignDir(QWEN2_JSON, {});
    writeFileSync(join(dir, 'model.safetensors.index.json'), text);
    expect(() => loadModelCheckpoint(dir)).toThrow(message);
    expect(() => loadModelCheckpoint(dir)).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
  });

  it('refuses a config.json that is not JSON', () => {
    const dir = foreignDir(QWEN2_JSON, {});
    writeFileSync(join(dir, 'config.json'), '{"model_type": ');
    expect(() => loadModelCheckpoint(dir)).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
  });
});
