// AdamW moments as a safetensors file beside the weights: `first.<name>` and `second.<name>` in float32, the step
// count in the metadata. Reading gives back the very bits that were written.

import { TouchstoneError } from '../core/errors.ts';
import { openSafetensors, writeSafetensors } from '../engine/checkpoint/safetensors.ts';
import type { OptimiserState, Tensor } from '../engine/optimiser.ts';

export function writeOptimiserState(
  path: string,
  state: OptimiserState,
  weights: ReadonlyMap<string, Tensor>,
): void {
  const tensors = [...weights].flatMap(([name, { shape }]) => [
    { name: `first.${name}`, shape, data: state.first.get(name) as Float32Array },
    { name: `second.${name}`, shape, data: state.second.get(name) as Float32Array },
  ]);
  writeSafetensors(path, tensors, { step: String(state.step) });
}

/** @throws TouchstoneError 'checkpoint-missing' or 'checkpoint-corrupt' */
export function readOptimiserState(path: string, weights: ReadonlyMap<string, Tensor>): OptimiserState {
  const file = openSafetensors(path);
  try {
    const step = Number(file.metadata.step);
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new TouchstoneError('checkpoint-corrupt', `${path}: step is ${file.metadata.step}`, {
        hint: 'resume from an earlier checkpoint',
      });
    }
    const read = (kind: string) =>
      new Map(
        [...weights].map(([name, { data }]) => {
          const moments = file.readFloat32(`${kind}.${name}`);
          if (moments.length !== data.length) {
            throw new TouchstoneError(
              'checkpoint-corrupt',
              `${path}: ${kind}.${name} has ${moments.length} numbers`,
              {
                hint: `the weights have ${data.length}; resume from an earlier checkpoint`,
              },
            );
          }
          return [name, moments] as const;
        }),
      );
    return { step, first: read('first'), second: read('second') };
  } finally {
    file.close();
  }
}
