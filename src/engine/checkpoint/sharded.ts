// The weights of a checkpoint directory: one model.safetensors, or several shards and an index
//   model.safetensors.index.json = {"metadata": {"total_size": bytes}, "weight_map": {"tensor name": "shard file"}}
// as Hugging Face transformers writes them. When both are there, the single file wins, as it does there.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TouchstoneError } from '../../core/errors.ts';
import { writeTextAtomic } from './atomic-write.ts';
import {
  openSafetensors,
  type SafetensorsFile,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.ts';
import { corrupt, DTYPE_BYTES, type TensorEntry } from './safetensors-header.ts';

/** File names fixed by Hugging Face. */
export const WEIGHTS_FILE = 'model.safetensors';
export const WEIGHTS_INDEX_FILE = 'model.safetensors.index.json';

/** Shards stay below this many bytes unless one tensor alone is larger; the default of transformers. */
export const DEFAULT_MAX_SHARD_BYTES = 5_000_000_000;

/** The tensors of a checkpoint, whichever files they lie in. Close it; tensors read from it stay valid. */
export interface WeightSource {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Row-major elements. Throws 'checkpoint-missing' for an unknown name, 'checkpoint-corrupt'. */
  readFloat32(name: string): Float32Array;
  close(): void;
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens the weights of a checkpoint directory and checks every header.
 *
 * @throws TouchstoneError 'checkpoint-missing' naming the file, shard or tensor; 'checkpoint-corrupt'
 */
export function openWeights(dir: string): WeightSource {
  const single = join(dir, WEIGHTS_FILE);
  if (existsSync(single)) return openSafetensors(single);
  const index = join(dir, WEIGHTS_INDEX_FILE);
  if (existsSync(index)) return openShards(dir, index);
  const pickled =
    existsSync(join(dir, 'pytorch_model.bin')) || existsSync(join(dir, 'pytorch_model.bin.index.json'));
  throw new TouchstoneError('checkpoint-missing', `${dir} holds neither ${WEIGHTS_FILE} nor its index`, {
    hint: pickled
      ? 'it holds pytorch_model.bin; convert it to safetensors with transformers first'
      : 'point to a directory with config.json and safetensors weights',
  });
}

/**
 * Writes the weights of a checkpoint into a directory: one file when they fit, otherwise shards and an index.
 *
 * @param dir must exist and hold no weights yet
 * @throws TouchstoneError 'bad-input', 'disk-full'
 */
export function writeWeights(
  dir: string,
  tensors: readonly TensorToWrite[],
  maxShardBytes: number = DEFAULT_MAX_SHARD_BYTES,
): void {
  if (!(maxShardBytes > 0)) {
    throw new TouchstoneError('bad-input', `largest shard of ${maxShardBytes} bytes`, {
      hint: 'give a positive number of bytes',
    });
  }
  const shards = divide(tensors, maxShardBytes);
  if (shards.length === 1) {
    writeSafetensors(join(dir, WEIGHTS_FILE), shards[0]);
    return;
  }
  const weightMap: [string, string][] = [];
  shards.forEach((shard, i) => {
    const file = `model-${padded(i + 1)}-of-${padded(shards.length)}.safetensors`;
    writeSafetensors(join(dir, file), shard);
    for (const { name } of shard) weightMap.push([name, file]);
  });
  const totalSize = tensors.reduce((sum, tensor) => sum + storedBytes(tensor), 0);
  const index = {
    metadata: { total_size: totalSize },
    weight_map: Object.fromEntries(weightMap.sort(byName)),
  };
  writeTextAtomic(join(dir, WEIGHTS_INDEX_FILE), `${JSON.stringify(index, null, 2)}\n`);
}

function openShards(dir: string, indexPath: string): WeightSource {
  const weightMap = new Map(Object.entries(readIndex(indexPath)));
  const files = new Map<string, SafetensorsFile>();
  const close = () => {
    for (const file of files.values()) file.close();
  };
  try {
    const tensors = new Map<string, TensorEntry>();
    for (const [name, shard] of weightMap) {
      const file = files.get(shard) ?? openShard(dir, shard, name);
      files.set(shard, file);
      const entry = file.tensors.get(name);
      if (entry === undefined)
        throw missing(`shard ${shard} of ${dir} lacks tensor ${name} named in the index`);
      tensors.set(name, entry);
    }
    return {
      tensors,
      readFloat32(name) {
        const file = files.get(weightMap.get(name) ?? '');
        if (file === undefined) throw missing(`${indexPath} names no tensor ${name}`);
        return file.readFloat32(name);
      },
      close,
    };
  } catch (fault) {
    close();
    throw fault;
  }
}

function openShard(dir: string, shard: string, firstTensor: string): SafetensorsFile {
  if (/[/\\]/.test(shard)) throw corrupt(join(dir, WEIGHTS_INDEX_FILE), `shard ${shard} lies elsewhere`);
  const path = join(dir, shard);
  if (!existsSync(path)) throw missing(`shard ${shard} is not in ${dir}; it holds ${firstTensor}`);
  return openSafetensors(path);
}

function readIndex(path: string): Record<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    // SyntaxError, or the file cannot be read
    throw corrupt(path, 'not JSON', cause);
  }
  const parsed = indexSchema.safeParse(json);
  if (!parsed.success) throw corrupt(path, 'has no weight_map of tensor names to files', parsed.error);
  return parsed.data.weight_map;
}

/** Fills shards in the given order, as transformers does. */
function divide(tensors: readonly TensorToWrite[], maxShardBytes: number): TensorToWrite[][] {
  const shards: TensorToWrite[][] = [[]];
  let used = 0;
  for (const tensor of tensors) {
    const bytes = storedBytes(tensor);
    if (used > 0 && used + bytes > maxShardBytes) {
      shards.push([]);
      used = 0;
    }
    shards[shards.length - 1].push(tensor);
    used += bytes;
  }
  return shards;
}

function storedBytes({ data, dtype }: TensorToWrite): number {
  return dtype === undefined ? data.byteLength : data.length * DTYPE_BYTES[dtype];
}

function padded(n: number): string {
  return String(n).padStart(5, '0');
}

function byName(a: [string, string], b: [string, string]): number {
  return a[0] < b[0] ? -1 : 1;
}

function missing(what: string): TouchstoneError {
  return new TouchstoneError('checkpoint-missing', what, {
    hint: 'download the directory again; all shards named in the index are needed',
  });
}
