// Random weights for a new model: normal with standard deviation `initializerRange`, residual projections scaled
// by 1/sqrt(2 layers) (GPT-2), norms one, biases zero, score heads zero (OREAL starts its token reward model so).

import type { Rng } from '../core/rng.ts';
import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import { parameterShapes } from '../engine/checkpoint/parameter-shapes.ts';
import { sizeOf } from '../engine/graph/value.ts';
import type { Tensor } from '../engine/optimiser.ts';

/** Weights by Hugging Face name; each tensor has its own random stream, so order does not matter. */
export function initialWeights(config: ModelConfig, rng: Rng): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const [name, shape] of parameterShapes(config)) {
    weights.set(name, {
      shape: [...shape],
      data: initialTensor(name, sizeOf(shape), config, rng.split(name)),
    });
  }
  return weights;
}

function initialTensor(name: string, size: number, config: ModelConfig, rng: Rng): Float32Array {
  const data = new Float32Array(size);
  if (name.endsWith('norm.weight')) return data.fill(1);
  if (name.endsWith('.bias') || name === 'score.weight') return data;
  const residual = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
  const deviation = config.initializerRange / (residual ? Math.sqrt(2 * config.layers) : 1);
  for (let i = 0; i < size; i++) data[i] = rng.normal() * deviation;
  return data;
}
