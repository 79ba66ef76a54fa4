// AdamW (Loshchilov & Hutter 2019) on float32 parameters with global-norm clipping. Weight decay is decoupled and
// spares vectors (norms and biases). State is plain arrays, saved and restored bit for bit.
//   m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  p -= lr (wd p + (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps))

import { TouchstoneError } from '../core/errors.ts';

export interface OptimiserConfig {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Gradients are scaled down to this global norm; Infinity = never. */
  maxGradientNorm: number;
}

export const DEFAULT_OPTIMISER: OptimiserConfig = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradientNorm: 1,
};

export interface OptimiserState {
  step: number;
  first: Map<string, Float32Array>;
  second: Map<string, Float32Array>;
}

export interface Tensor {
  shape: number[];
  data: Float32Array;
}

export function createOptimiserState(weights: ReadonlyMap<string, Tensor>): OptimiserState {
  const zeros = () => new Map([...weights].map(([name, { data }]) => [name, new Float32Array(data.length)]));
  return { step: 0, first: zeros(), second: zeros() };
}

/**
 * One update, in place.
 *
 * @returns the global gradient norm before clipping
 * @throws TouchstoneError 'not-finite' when the norm is NaN or infinite, 'bad-input' when a weight has no gradient or
 * state; weights and state are untouched then
 */
export function optimiserStep(
  weights: ReadonlyMap<string, Tensor>,
  gradients: ReadonlyMap<string, Float32Array>,
  state: OptimiserState,
  learningRate: number,
  config: OptimiserConfig,
): { gradientNorm: number } {
  let squares = 0;
  for (const gradient of gradients.values()) {
    let sum = 0;
    for (let i = 0; i < gradient.length; i++) sum += (gradient[i] as number) * (gradient[i] as number);
    squares += sum;
  }
  const gradientNorm = Math.sqrt(squares);
  if (!Number.isFinite(gradientNorm)) {
    throw new TouchstoneError(
      'not-finite',
      `the gradient norm is ${gradientNorm} at optimiser step ${state.step + 1}`,
      {
        hint: 'lower the learning rate or resume from an earlier checkpoint; the weights were not changed',
      },
    );
  }
  const parts = [...weights].map(([name, { shape, data }]) => {
    const gradient = gradients.get(name);
    const first = state.first.get(name);
    const second = state.second.get(name);
    if (!gradient || !first || !second)
      throw new TouchstoneError('bad-input', `no gradient or optimiser state for ${name}`);
    return { shape, data, gradient, first, second };
  });
  const clip = gradientNorm > config.maxGradientNorm ? config.maxGradientNorm / gradientNorm : 1;
  state.step++;
  for (const { shape, data, gradient, first, second } of parts) {
    const decay = shape.length > 1 ? config.weightDecay : 0;
    updateTensor(
      data,
      gradient,
      first,
      second,
      { ...config, weightDecay: decay },
      learningRate,
      clip,
      state.step,
    );
  }
  return { gradientNorm };
}

function updateTensor(
  p: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  { beta1, beta2, epsilon, weightDecay }: OptimiserConfig,
  learningRate: number,
  clip: number,
  step: number,
): void {
  const rate = learningRate / (1 - beta1 ** step);
  const correction = 1 / (1 - beta2 ** step);
  const keep = 1 - learningRate * weightDecay;
  for (let i = 0; i < p.length; i++) {
    const x = (g[i] as number) * clip;
    const a = beta1 * (m[i] as number) + (1 - beta1) * x;
    const b = beta2 * (v[i] as number) + (1 - beta2) * x * x;
    m[i] = a;
    v[i] = b;
    p[i] = (p[i] as number) * keep - (rate * a) / (Math.sqrt(b * correction) + epsilon);
  }
}

export type ScheduleShape = 'constant' | 'linear' | 'cosine';

/** Learning-rate schedule: linear warm-up over `warmupSteps`, then the shape from `peak` to `final` at `totalSteps`. */
export interface Schedule {
  shape: ScheduleShape;
  peak: number;
  final: number;
  warmupSteps: number;
  totalSteps: number;
}

/** Learning rate of step 0, 1, …; the first warm-up step already moves. */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { shape, peak, final, warmupSteps, totalSteps } = schedule;
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  if (shape === 'constant') return peak;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const left = shape === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return final + (peak - final) * left;
}
