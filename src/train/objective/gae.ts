// Advantages from a critic (GAE, Schulman et al. 2016), its clipped value loss, and whitening:
//   delta_t = r_t + gamma V_{t+1} - V_t;   A_t = delta_t + gamma lambda A_{t+1};   return_t = A_t + V_t
//   value loss = mean_t 0.5 max((V - ret)^2, (clip(V, old - c, old + c) - ret)^2)
// Values and advantages are carried across masked (tool) tokens. Also the two controllers of PPO practice:
// adaptive KL (Ziegler et al. 2019) and adaptive entropy (Skywork). V beyond the last token is 0.

import { type TokenRows, zeroRows } from './rows.ts';

/** Advantages (not whitened) and returns per token. Masked tokens have 0 in both. */
export function generalisedAdvantages(input: {
  rewards: TokenRows;
  values: TokenRows;
  mask?: TokenRows;
  gamma: number;
  lambda: number;
}): { advantages: Float64Array[]; returns: Float64Array[] } {
  const advantages = zeroRows(input.rewards);
  const returns = zeroRows(input.rewards);
  input.rewards.forEach((row, i) => {
    let nextValue = 0;
    let carried = 0;
    for (let t = row.length - 1; t >= 0; t--) {
      if (input.mask !== undefined && input.mask[i][t] === 0) continue;
      const value = input.values[i][t];
      carried = row[t] + input.gamma * nextValue - value + input.gamma * input.lambda * carried;
      nextValue = value;
      advantages[i][t] = carried;
      returns[i][t] = carried + value;
    }
  });
  return { advantages, returns };
}

/**
 * verl's masked means divide by count + 1e-8; kept so that whitened advantages agree with it to the last
 * digit.
 */
const COUNT_EPSILON = 1e-8;

/** (x - mean) / sqrt(unbiased variance + epsilon) over all unmasked tokens; masked tokens become 0. */
export function whitenRows(rows: TokenRows, mask?: TokenRows, epsilon = 1e-8): Float64Array[] {
  const counted = (i: number, t: number) => mask === undefined || mask[i][t] !== 0;
  let count = 0;
  let sum = 0;
  rows.forEach((row, i) => {
    row.forEach((x, t) => {
      if (counted(i, t)) {
        sum += x;
        count++;
      }
    });
  });
  const centre = sum / (count + COUNT_EPSILON);
  let squares = 0;
  rows.forEach((row, i) => {
    row.forEach((x, t) => {
      if (counted(i, t)) squares += (x - centre) ** 2;
    });
  });
  const variance = (squares / (count + COUNT_EPSILON)) * (count / Math.max(1, count - 1));
  const scale = 1 / Math.sqrt(variance + epsilon);
  return rows.map((row, i) => row.map((x, t) => (counted(i, t) ? (x - centre) * scale : 0)));
}

/** Clipped value loss over the tokens of all rows and its derivative per value. */
export function valueLoss(
  values: TokenRows,
  oldValues: TokenRows,
  returns: TokenRows,
  clip: number,
  tokens = values.reduce((sum, row) => sum + row.length, 0),
): { loss: number; coefficients: Float64Array[] } {
  const coefficients = zeroRows(values);
  let loss = 0;
  values.forEach((row, i) => {
    row.forEach((value, t) => {
      const old = oldValues[i][t];
      const clipped = Math.max(old - clip, Math.min(old + clip, value));
      const free = value - returns[i][t];
      const bound = clipped - returns[i][t];
      const useBound = bound * bound > free * free;
      loss += (0.5 * (useBound ? bound * bound : free * free)) / tokens;
      coefficients[i][t] = (useBound ? (clipped === value ? bound : 0) : free) / tokens;
    });
  });
  return { loss, coefficients };
}

/** Next KL coefficient: times 1 + clip(kl/target - 1, -0.2, 0.2) * samples / horizon. */
export function adaptKlCoefficient(
  coefficient: number,
  kl: number,
  options: { target: number; samples: number; horizon: number },
): number {
  const error = Math.max(-0.2, Math.min(0.2, kl / options.target - 1));
  return coefficient * (1 + (error * options.samples) / options.horizon);
}

/** Next entropy coefficient: one step up below the target entropy, one down above, kept in [0, most]. */
export function adaptEntropyCoefficient(
  coefficient: number,
  entropy: number,
  options: { target: number; step: number; most: number },
): number {
  const moved = coefficient + (entropy < options.target ? options.step : -options.step);
  return Math.max(0, Math.min(options.most, moved));
}
