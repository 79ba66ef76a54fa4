// config.json in the dialect of Hugging Face transformers, to ModelConfig and back.
//
// Missing optional keys take the defaults of transformers' Qwen3Config, Qwen2Config and LlamaConfig. Both spellings
// of rotary settings are read: rope_theta + rope_scaling (transformers 4) and rope_parameters (5); written is the
// first, which both load. Whatever would change the computation and is not implemented (sliding windows, other
// activations, quantised weights, other rope types) is refused rather than ignored.

import { z } from 'zod';
import type { Json } from '../../core/item.ts';
import { badConfig, type ModelConfig, type RopeScaling, validateModelConfig } from './model-config.ts';

/** torch_dtype values of config.json. */
export type TorchDtype = 'float32' | 'float16' | 'bfloat16';

const FAMILIES = {
  qwen3: 'Qwen3',
  qwen2: 'Qwen2',
  llama: 'Llama',
  touchstone: 'Touchstone',
} as const satisfies Record<ModelConfig['architecture'], string>;

const size = z.int().min(1);
const tokenId = z.int().nullish();
const ropeSchema = z.looseObject({
  type: z.string().nullish(),
  rope_type: z.string().nullish(),
  rope_theta: z.number().nullish(),
  factor: z.number().nullish(),
  low_freq_factor: z.number().nullish(),
  high_freq_factor: z.number().nullish(),
  original_max_position_embeddings: z.number().nullish(),
});

const configSchema = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.string().nullish(),
  max_position_embeddings: size.nullish(),
  initializer_range: z.number().nullish(),
  rms_norm_eps: z.number().nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  rope_theta: z.number().nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: z.number().nullish(),
  max_window_layers: z.number().nullish(),
  layer_types: z.array(z.string()).nullish(),
  quantization_config: z.unknown().optional(),
  id2label: z.record(z.string(), z.unknown()).nullish(),
  bos_token_id: tokenId,
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
  pad_token_id: tokenId,
  // our own keys, model_type 'touchstone' only
  position_scheme: z.enum(['rope', 'nope', 'alibi', 'hard-alibi']).nullish(),
  hard_alibi_windows: z.array(z.int()).nullish(),
  qk_norm: z.boolean().nullish(),
  attention_output_bias: z.boolean().nullish(),
});

type HuggingFaceConfig = z.infer<typeof configSchema>;

/**
 * Reads the content of a config.json.
 *
 * @param json parsed JSON
 * @param where named in errors, the file
 * @throws TouchstoneError 'bad-config' for an unsupported model or setting, or a key of the wrong type
 */
export function parseModelConfig(json: unknown, where = 'config.json'): ModelConfig {
  const modelType = z.looseObject({ model_type: z.string() }).safeParse(json);
  const supported = Object.keys(FAMILIES).join(', ');
  if (!modelType.success) throw badConfig(`${where} has no model_type`, `supported are ${supported}`);
  const architecture = modelType.data.model_type;
  if (!isSupported(architecture)) {
    throw badConfig(`${where}: model_type ${architecture} is not supported`, `supported are ${supported}`);
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw badConfig(`${where}: ${faults.join('; ')}`, 'compare with the config.json of the original model');
  }
  const source = parsed.data;
  refuseUnsupported(source, where);
  const bosTokenId = tokenIdOf(source.bos_token_id);
  const padTokenId = tokenIdOf(source.pad_token_id);
  const rope = ropeOf(source, where);
  const config: ModelConfig = {
    architecture,
    vocabSize: source.vocab_size,
    hiddenSize: source.hidden_size,
    layers: source.num_hidden_layers,
    heads: source.num_attention_heads,
    kvHeads: source.num_key_value_heads ?? source.num_attention_heads,
    headDim: headDimOf(source, where),
    feedForwardSize: source.intermediate_size,
    normEpsilon: source.rms_norm_eps ?? 1e-6,
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    position: 'rope',
    ...attentionOf(source, architecture),
    tiedEmbeddings: source.tie_word_embeddings ?? false,
    maxPositions: source.max_position_embeddings ?? (architecture === 'llama' ? 2048 : 32768),
    head: headOf(source, architecture, where),
    ...(bosTokenId === undefined ? {} : { bosTokenId }),
    eosTokenIds: [source.eos_token_id ?? []].flat().filter((id) => id >= 0),
    ...(padTokenId === undefined ? {} : { padTokenId }),
    initializerRange: source.initializer_range ?? 0.02,
  };
  validateModelConfig(config);
  return config;
}

/**
 * The config.json of a model; transformers loads it for qwen3, qwen2 and llama.
 *
 * @param dtype number format of the stored weights
 * @throws TouchstoneError 'bad-config' when the configuration does not fit its architecture
 */
export function formatModelConfig(
  config: ModelConfig,
  dtype: TorchDtype = 'float32',
): { [key: string]: Json } {
  validateModelConfig(config);
  const suffix = config.head === 'lm' ? 'ForCausalLM' : 'ForSequenceClassification';
  const eos = config.eosTokenIds;
  return {
    architectures: [`${FAMILIES[config.architecture]}${suffix}`],
    model_type: config.architecture,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.feedForwardSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    max_position_embeddings: config.maxPositions,
    initializer_range: config.initializerRange,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeTheta,
    rope_scaling: formatRopeScaling(config.ropeScaling),
    attention_bias: config.attentionBias,
    ...(config.architecture === 'llama' || config.architecture === 'touchstone'
      ? { mlp_bias: config.mlpBias }
      : {}),
    ...(config.architecture === 'llama' ? { pretraining_tp: 1 } : {}),
    attention_dropout: 0,
    ...(config.architecture === 'qwen2' || config.architecture === 'qwen3'
      ? { use_sliding_window: false, sliding_window: null, max_window_layers: config.layers }
      : {}),
    ...(config.architecture === 'touchstone' ? formatOwnKeys(config) : {}),
    tie_word_embeddings: config.tiedEmbeddings,
    ...(config.head === 'score' ? { id2label: { '0': 'LABEL_0' }, label2id: { LABEL_0: 0 } } : {}),
    use_cache: true,
    bos_token_id: config.bosTokenId ?? null,
    eos_token_id: eos.length === 0 ? null : eos.length === 1 ? eos[0] : eos,
    pad_token_id: config.padTokenId ?? null,
    torch_dtype: dtype,
  };
}

function isSupported(modelType: string): modelType is ModelConfig['architecture'] {
  return Object.hasOwn(FAMILIES, modelType);
}

function refuseUnsupported(source: HuggingFaceConfig, where: string): void {
  const activation = source.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish') {
    throw badConfig(`${where}: hidden_act ${activation} is not supported`, 'only silu is implemented');
  }
  if (source.quantization_config !== undefined && source.quantization_config !== null) {
    throw badConfig(`${where}: the weights are quantised`, 'use the float16, bfloat16 or float32 original');
  }
  const slidingLayers = source.layer_types
    ? source.layer_types.filter((type) => type !== 'full_attention').length
    : source.use_sliding_window === true && source.sliding_window != null
      ? Math.max(0, source.num_hidden_layers - (source.max_window_layers ?? 28))
      : 0;
  if (slidingLayers > 0) {
    throw badConfig(
      `${where}: ${slidingLayers} of ${source.num_hidden_layers} layers use sliding-window attention`,
      'only full attention is implemented; use a model with use_sliding_window false',
    );
  }
}

function headDimOf(source: HuggingFaceConfig, where: string): number {
  if (source.head_dim != null) return source.head_dim;
  if (source.model_type === 'qwen3') return 128;
  const dim = source.hidden_size / source.num_attention_heads;
  if (Number.isInteger(dim)) return dim;
  throw badConfig(
    `${where}: hidden_size ${source.hidden_size} does not divide by ${source.num_attention_heads} heads`,
    'set head_dim',
  );
}

function attentionOf(
  source: HuggingFaceConfig,
  architecture: ModelConfig['architecture'],
): Pick<ModelConfig, 'qkNorm' | 'attentionBias' | 'attentionOutputBias' | 'mlpBias'> &
  Partial<Pick<ModelConfig, 'position' | 'hardAlibiWindows'>> {
  const bias = source.attention_bias ?? false;
  switch (architecture) {
    case 'qwen3':
      return { qkNorm: true, attentionBias: bias, attentionOutputBias: bias, mlpBias: false };
    case 'qwen2':
      return { qkNorm: false, attentionBias: true, attentionOutputBias: false, mlpBias: false };
    case 'llama':
      return {
        qkNorm: false,
        attentionBias: bias,
        attentionOutputBias: bias,
        mlpBias: source.mlp_bias ?? false,
      };
    case 'touchstone':
      return {
        qkNorm: source.qk_norm ?? false,
        attentionBias: bias,
        attentionOutputBias: source.attention_output_bias ?? false,
        mlpBias: source.mlp_bias ?? false,
        position: source.position_scheme ?? 'rope',
        ...(source.hard_alibi_windows ? { hardAlibiWindows: source.hard_alibi_windows } : {}),
      };
  }
}

function formatOwnKeys(config: ModelConfig): { [key: string]: Json } {
  return {
    position_scheme: config.position,
    hard_alibi_windows: config.hardAlibiWindows ?? null,
    qk_norm: config.qkNorm,
    attention_output_bias: config.attentionOutputBias,
  };
}

function headOf(
  source: HuggingFaceConfig,
  architecture: ModelConfig['architecture'],
  where: string,
): ModelConfig['head'] {
  const family = FAMILIES[architecture];
  const name = source.architectures?.[0] ?? `${family}ForCausalLM`;
  if (name === `${family}ForCausalLM`) return 'lm';
  if (name !== `${family}ForSequenceClassification`) {
    throw badConfig(
      `${where}: architecture ${name} is not supported`,
      `supported are ${family}ForCausalLM and ${family}ForSequenceClassification`,
    );
  }
  // transformers assumes two labels when id2label is absent
  const labels = source.id2label == null ? 2 : Object.keys(source.id2label).length;
  if (labels === 1) return 'score';
  throw badConfig(
    `${where}: a classifier of ${labels} labels`,
    'only a score, one label in id2label, is supported',
  );
}

function ropeOf(source: HuggingFaceConfig, where: string): { theta: number; scaling: RopeScaling | null } {
  const rope = source.rope_parameters ?? source.rope_scaling;
  const theta = source.rope_parameters?.rope_theta ?? source.rope_theta ?? rope?.rope_theta ?? 10_000;
  const kind = rope?.rope_type ?? rope?.type ?? 'default';
  if (rope == null || kind === 'default') return { theta, scaling: null };
  if (kind !== 'linear' && kind !== 'llama3') {
    throw badConfig(
      `${where}: rope type ${kind} is not supported`,
      'supported are default, linear and llama3',
    );
  }
  const need = (value: number | null | undefined, key: string): number => {
    if (value != null) return value;
    throw badConfig(`${where}: rope type ${kind} without ${key}`, `set ${key} in rope_scaling`);
  };
  const factor = need(rope.factor, 'factor');
  if (kind === 'linear') return { theta, scaling: { kind, factor } };
  const scaling: RopeScaling = {
    kind,
    factor,
    lowFreqFactor: need(rope.low_freq_factor, 'low_freq_factor'),
    highFreqFactor: need(rope.high_freq_factor, 'high_freq_factor'),
    originalMaxPositions: need(rope.original_max_position_embeddings, 'original_max_position_embeddings'),
  };
  return { theta, scaling };
}

function formatRopeScaling(scaling: RopeScaling | null): Json {
  if (scaling === null) return null;
  if (scaling.kind === 'linear') return { rope_type: 'linear', type: 'linear', factor: scaling.factor };
  return {
    rope_type: 'llama3',
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}

/** Old Llama configs write -1 for "none". */
function tokenIdOf(id: number | null | undefined): number | undefined {
  return id == null || id < 0 ? undefined : id;
}
