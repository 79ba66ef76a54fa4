// A model on disk: a directory with config.json and safetensors weights under Hugging Face names, loadable by
// transformers for the families it knows.
//
// Loading checks every name and shape against the configuration and reports all differences at once. Two extras of
// older exports are ignored: rotary inv_freq buffers, and lm_head.weight beside tied embeddings. Saving replaces
// the directory as a whole: after a crash the next load finds either the old model or the new one.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TouchstoneError } from '../../core/errors.ts';
import { recoverDirectory, replaceDirectory, writeTextAtomic } from './atomic-write.ts';
import { formatModelConfig, parseModelConfig, type TorchDtype } from './hugging-face-config.ts';
import { type ModelConfig, validateModelConfig } from './model-config.ts';
import { parameterShapes } from './parameter-shapes.ts';
import type { FloatDtype, TensorToWrite } from './safetensors.ts';
import { corrupt, elementCount } from './safetensors-header.ts';
import { openWeights, writeWeights } from './sharded.ts';

export { parameterShapes } from './parameter-shapes.ts';

/** One parameter: row-major float32 elements, as many as the shape has. */
export interface WeightTensor {
  shape: number[];
  data: Float32Array;
}

/** A loaded model. */
export interface ModelCheckpoint {
  config: ModelConfig;
  /** By Hugging Face name, in the order of parameterShapes. */
  weights: Map<string, WeightTensor>;
  /** Number format of the files; of mixed files the format of most elements. Float64 counts as float32. */
  dtype: TorchDtype;
}

/** How to store a model. */
export interface SaveModelOptions {
  /** Largest file in bytes; more tensors go to further shards. Default 5e9. */
  maxShardBytes?: number;
  /** Number format of the weights; default 'float32', which loses nothing. */
  dtype?: TorchDtype;
  /** Adds files that belong to the model (tokenizer, training state) before the directory is put in place. */
  addFiles?: (stagingDir: string) => void;
}

const CONFIG_FILE = 'config.json';

const STORED_AS: Record<TorchDtype, FloatDtype> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

/** Names listed per kind of difference before an error message says "and n more". */
const MAX_LISTED = 8;

/**
 * Reads only the configuration of a model directory.
 *
 * @throws TouchstoneError 'checkpoint-missing', 'checkpoint-corrupt' when it is not JSON, 'bad-config'
 */
export function loadModelConfig(dir: string): ModelConfig {
  recoverDirectory(dir);
  const path = join(dir, CONFIG_FILE);
  if (!existsSync(path)) {
    throw new TouchstoneError('checkpoint-missing', `${dir} holds no ${CONFIG_FILE}`, {
      hint: 'point to a model directory with config.json and model.safetensors',
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    // SyntaxError, or the file cannot be read
    throw corrupt(path, 'not JSON', cause);
  }
  return parseModelConfig(json, path);
}

/**
 * Reads a model directory.
 *
 * @throws TouchstoneError 'checkpoint-missing', 'checkpoint-corrupt' (damage, or names and shapes that do not fit
 *   the configuration, all listed), 'bad-config' for an unsupported model
 */
export function loadModelCheckpoint(dir: string): ModelCheckpoint {
  const config = loadModelConfig(dir);
  const source = openWeights(dir);
  try {
    const expected = parameterShapes(config);
    const found = new Map<string, readonly number[]>();
    for (const [name, { shape }] of source.tensors) {
      if (expected.has(name) || !isHarmlessExtra(name, config)) found.set(name, shape);
    }
    const differences = differencesOf(expected, found);
    if (differences.length > 0) {
      throw new TouchstoneError(
        'checkpoint-corrupt',
        `the weights in ${dir} do not fit its config.json: ${differences.join('; ')}`,
        { hint: 'config.json and weights must come from the same model' },
      );
    }
    const weights = new Map<string, WeightTensor>();
    const elements: Record<TorchDtype, number> = { float32: 0, float16: 0, bfloat16: 0 };
    for (const [name, shape] of expected) {
      weights.set(name, { shape, data: source.readFloat32(name) });
      const stored = source.tensors.get(name)?.dtype;
      elements[stored === 'F16' ? 'float16' : stored === 'BF16' ? 'bfloat16' : 'float32'] +=
        elementCount(shape);
    }
    const { float32, float16, bfloat16 } = elements;
    const most = Math.max(float32, float16, bfloat16);
    return {
      config,
      weights,
      dtype: most === float32 ? 'float32' : most === bfloat16 ? 'bfloat16' : 'float16',
    };
  } finally {
    source.close();
  }
}

/**
 * Writes a model directory, replacing what was there as a whole.
 *
 * @param weights exactly the names and shapes of parameterShapes(config)
 * @throws TouchstoneError 'bad-input' listing all differences, 'bad-config', 'disk-full'
 */
export function saveModelCheckpoint(
  dir: string,
  config: ModelConfig,
  weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>,
  { maxShardBytes, dtype = 'float32', addFiles }: SaveModelOptions = {},
): void {
  validateModelConfig(config);
  const expected = parameterShapes(config);
  const given = new Map([...weights].map(([name, { shape }]) => [name, shape]));
  const differences = differencesOf(expected, given);
  for (const [name, { shape, data }] of weights) {
    if (elementCount(shape) !== data.length) {
      differences.push(`${name} [${shape}] has ${data.length} elements`);
    }
  }
  if (differences.length > 0) {
    throw new TouchstoneError('bad-input', `the weights do not fit the config: ${differences.join('; ')}`, {
      hint: 'save exactly the tensors of parameterShapes(config)',
    });
  }
  const tensors: TensorToWrite[] = [];
  for (const name of expected.keys()) {
    const weight = weights.get(name);
    if (weight !== undefined) tensors.push({ name, ...weight, dtype: STORED_AS[dtype] });
  }
  const configText = `${JSON.stringify(formatModelConfig(config, dtype), null, 2)}\n`;
  replaceDirectory(dir, (stagingDir) => {
    writeWeights(stagingDir, tensors, maxShardBytes);
    writeTextAtomic(join(stagingDir, CONFIG_FILE), configText);
    addFiles?.(stagingDir);
  });
}

function isHarmlessExtra(name: string, config: ModelConfig): boolean {
  if (/(^|\.)rotary_emb\.inv_freq$/.test(name)) return true;
  return name === 'lm_head.weight' && config.tiedEmbeddings && config.head === 'lm';
}

/** Everything by which the found tensors differ from the expected ones, one sentence per kind. */
function differencesOf(
  expected: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, readonly number[]>,
): string[] {
  const missing: string[] = [];
  const mismatched: string[] = [];
  for (const [name, shape] of expected) {
    const actual = found.get(name);
    if (actual === undefined) missing.push(name);
    else if (String(actual) !== String(shape) || actual.length !== shape.length) {
      mismatched.push(`${name} is [${actual}] instead of [${shape}]`);
    }
  }
  const unexpected = [...found.keys()].filter((name) => !expected.has(name));
  const kinds = { missing, unexpected, 'wrong shape': mismatched };
  return Object.entries(kinds).flatMap(([kind, list]) =>
    list.length === 0 ? [] : [`${kind}: ${listed(list)}`],
  );
}

function listed(items: readonly string[]): string {
  const more = items.length - MAX_LISTED;
  return items.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
