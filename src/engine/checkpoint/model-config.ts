// The shape of a model: what config.json of a checkpoint says, reduced to what the engine computes with.
//
// The three Hugging Face families differ in few places:
//   qwen3  q and k are RMS-normalised per head; attention_bias puts biases on q, k, v and o
//   qwen2  biases on q, k and v always, never on o
//   llama  attention_bias on q, k, v and o; mlp_bias (SmolLM and SmolLM2 are llama)
// 'touchstone' is our own model_type for position schemes and mixtures these families lack; transformers does not
// load it. Reading and writing of config.json is in hugging-face-config.ts.

import { TouchstoneError } from '../../core/errors.ts';

/** How positions enter attention. The alibi schemes leave half of the heads without positions (NoPE). */
export type PositionScheme = 'rope' | 'nope' | 'alibi' | 'hard-alibi';

/**
 * Stretching of rotary frequencies for contexts longer than the pre-training ones.
 * linear: every frequency divided by `factor`. llama3: low frequencies divided by `factor`, high ones kept, the
 * band between `originalMaxPositions / lowFreqFactor` and `/ highFreqFactor` wavelengths interpolated.
 */
export type RopeScaling =
  | { kind: 'linear'; factor: number }
  | {
      kind: 'llama3';
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      originalMaxPositions: number;
    };

/** Everything the engine needs to know to build a model and name its parameters. */
export interface ModelConfig {
  /** Hugging Face model family; 'touchstone' for position schemes these families lack. */
  architecture: 'qwen3' | 'qwen2' | 'llama' | 'touchstone';
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  /** Query heads; a multiple of kvHeads. */
  heads: number;
  kvHeads: number;
  /** Need not be hiddenSize / heads. */
  headDim: number;
  feedForwardSize: number;
  /** Epsilon of RMSNorm. */
  normEpsilon: number;
  ropeTheta: number;
  ropeScaling: RopeScaling | null;
  position: PositionScheme;
  /** Per head for 'hard-alibi': 0 = unlimited (NoPE head), w = attends to offsets 0..w. */
  hardAlibiWindows?: number[];
  /** RMSNorm of q and k per head. */
  qkNorm: boolean;
  /** Biases on q, k and v. */
  attentionBias: boolean;
  attentionOutputBias: boolean;
  mlpBias: boolean;
  /** The output projection is the embedding matrix. */
  tiedEmbeddings: boolean;
  maxPositions: number;
  /** 'score' is Linear(hidden, 1) without bias under 'score.weight', in place of the language-model head. */
  head: 'lm' | 'score';
  bosTokenId?: number;
  eosTokenIds: number[];
  padTokenId?: number;
  /** Standard deviation of initial weights. */
  initializerRange: number;
}

/** Sizes that must be whole numbers of at least 1, with an upper bound that only nonsense exceeds. */
const SIZES = {
  vocabSize: 2 ** 31,
  hiddenSize: 2 ** 24,
  layers: 10_000,
  heads: 2 ** 20,
  kvHeads: 2 ** 20,
  headDim: 2 ** 20,
  feedForwardSize: 2 ** 26,
  maxPositions: 2 ** 40,
} as const satisfies Partial<Record<keyof ModelConfig, number>>;

/** What each family fixes; a config that differs cannot be stored as that family. */
const FAMILY_RULES: Record<ModelConfig['architecture'], (config: ModelConfig) => Record<string, boolean>> = {
  qwen3: (config) => ({
    'qkNorm is true': config.qkNorm,
    'attentionOutputBias equals attentionBias': config.attentionOutputBias === config.attentionBias,
    'mlpBias is false': !config.mlpBias,
    "position is 'rope'": config.position === 'rope',
  }),
  qwen2: (config) => ({
    'qkNorm is false': !config.qkNorm,
    'attentionBias is true': config.attentionBias,
    'attentionOutputBias is false': !config.attentionOutputBias,
    'mlpBias is false': !config.mlpBias,
    "position is 'rope'": config.position === 'rope',
  }),
  llama: (config) => ({
    'qkNorm is false': !config.qkNorm,
    'attentionOutputBias equals attentionBias': config.attentionOutputBias === config.attentionBias,
    "position is 'rope'": config.position === 'rope',
  }),
  touchstone: () => ({}),
};

/**
 * Checks that a configuration describes a model that can be built and stored under its architecture.
 *
 * @throws TouchstoneError 'bad-config' naming the field, its value and what is allowed
 */
export function validateModelConfig(config: ModelConfig): void {
  for (const [field, most] of Object.entries(SIZES)) {
    const size = config[field as keyof typeof SIZES];
    if (!Number.isSafeInteger(size) || size < 1 || size > most) {
      throw badConfig(`${field} is ${size}`, `use a whole number from 1 to ${most}`);
    }
  }
  if (config.heads % config.kvHeads !== 0) {
    throw badConfig(
      `${config.heads} heads cannot share ${config.kvHeads} key-value heads`,
      'make heads a multiple of kvHeads',
    );
  }
  if (config.position === 'rope' && config.headDim % 2 !== 0) {
    throw badConfig(
      `headDim is ${config.headDim}`,
      'rotary positions turn pairs of dimensions; use an even headDim',
    );
  }
  for (const field of ['normEpsilon', 'ropeTheta', 'initializerRange'] as const) {
    if (!(Number.isFinite(config[field]) && config[field] > 0)) {
      throw badConfig(`${field} is ${config[field]}`, 'use a positive number');
    }
  }
  validateRopeScaling(config.ropeScaling);
  validateWindows(config);
  validateTokenIds(config);
  for (const [rule, holds] of Object.entries(FAMILY_RULES[config.architecture](config))) {
    if (!holds) {
      throw badConfig(
        `architecture ${config.architecture} requires that ${rule}`,
        "use architecture 'touchstone' for other combinations",
      );
    }
  }
}

/** A 'bad-config' error: short message with the value, and the remedy. */
export function badConfig(message: string, hint: string, cause?: unknown): TouchstoneError {
  return new TouchstoneError('bad-config', message, { hint, ...(cause === undefined ? {} : { cause }) });
}

function validateRopeScaling(scaling: RopeScaling | null): void {
  if (scaling === null) return;
  for (const [field, value] of Object.entries(scaling)) {
    if (field !== 'kind' && !(Number.isFinite(value) && Number(value) > 0)) {
      throw badConfig(`ropeScaling ${field} is ${value}`, 'use a positive number');
    }
  }
  if (scaling.kind === 'llama3' && scaling.highFreqFactor <= scaling.lowFreqFactor) {
    throw badConfig(
      `ropeScaling highFreqFactor ${scaling.highFreqFactor} is not above lowFreqFactor ${scaling.lowFreqFactor}`,
      'the usual values are 4 and 1',
    );
  }
}

function validateWindows({ position, hardAlibiWindows: windows, heads }: ModelConfig): void {
  if (windows === undefined) return;
  if (position !== 'hard-alibi') {
    throw badConfig(
      `hardAlibiWindows given for position ${position}`,
      "use position 'hard-alibi' or drop them",
    );
  }
  if (windows.length !== heads || !windows.every((w) => Number.isSafeInteger(w) && w >= 0)) {
    throw badConfig(
      `hardAlibiWindows is [${windows}] for ${heads} heads`,
      'give one whole number per head; 0 means unlimited',
    );
  }
}

function validateTokenIds({ vocabSize, bosTokenId, eosTokenIds, padTokenId }: ModelConfig): void {
  for (const id of [bosTokenId, ...eosTokenIds, padTokenId]) {
    if (id !== undefined && !(Number.isSafeInteger(id) && id >= 0 && id < vocabSize)) {
      throw badConfig(`special token id ${id}`, `use an id from 0 to ${vocabSize - 1}`);
    }
  }
}
