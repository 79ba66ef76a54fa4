// Percentile bootstrap over clusters: draw as many clusters as there are, with replacement, and take the mean
// of the values they bring (Miller 2024, arXiv 2411.00640, on clustered evaluation errors). A cluster is the
// underlying problem: translations of one problem share it. Per-question values already carry sampling noise,
// so no nested noise is added. NaN values (metric not estimable) are left out and counted. Too narrow below
// about 30 clusters, as every bootstrap is.

import { type Rng, TouchstoneError } from '../core/index.ts';
import type { Interval } from './wilson.ts';

export interface BootstrapOptions {
  /** Cluster name per value; by default each value is its own cluster. */
  clusters?: readonly string[];
  /** Default 10000. */
  resamples?: number;
  /** Coverage, default 0.95. */
  level?: number;
}

export interface BootstrapResult extends Interval {
  mean: number;
  /** Standard deviation of the resampled means. */
  standardError: number;
  /** Clusters and values that entered, and values left out because they were NaN. */
  clusters: number;
  values: number;
  omitted: number;
}

/** Sum and number of the finite values of each cluster, in order of first appearance. */
export function clusterTotals(
  values: readonly number[],
  clusters?: readonly string[],
): { sums: Float64Array; sizes: Float64Array; omitted: number } {
  if (clusters !== undefined && clusters.length !== values.length) {
    throw new TouchstoneError('bad-input', `${clusters.length} cluster names for ${values.length} values`);
  }
  const index = new Map<string, number>();
  const sums: number[] = [];
  const sizes: number[] = [];
  let omitted = 0;
  values.forEach((value, i) => {
    if (Number.isNaN(value)) {
      omitted++;
      return;
    }
    const name = clusters === undefined ? String(i) : clusters[i];
    const at = index.get(name) ?? sums.length;
    if (at === sums.length) {
      index.set(name, at);
      sums.push(0);
      sizes.push(0);
    }
    sums[at] += value;
    sizes[at] += 1;
  });
  return { sums: Float64Array.from(sums), sizes: Float64Array.from(sizes), omitted };
}

/** Value at a quantile of sorted numbers, linear between neighbours. */
export function sortedQuantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/**
 * Mean of per-question values with a cluster bootstrap interval. All NaN when no value is finite.
 *
 * @example
 * clusterBootstrap([1, 0, 1, 1], createRng(1)).mean; // 0.75
 */
export function clusterBootstrap(
  values: readonly number[],
  rng: Rng,
  options: BootstrapOptions = {},
): BootstrapResult {
  const { sums, sizes, omitted } = clusterTotals(values, options.clusters);
  const resamples = options.resamples ?? 10000;
  const level = options.level ?? 0.95;
  const count = sums.length;
  const used = sizes.reduce((a, b) => a + b, 0);
  if (count === 0) {
    const none = Number.NaN;
    return { mean: none, low: none, high: none, standardError: none, clusters: 0, values: 0, omitted };
  }
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    let sum = 0;
    let size = 0;
    for (let i = 0; i < count; i++) {
      const drawn = rng.int(0, count - 1);
      sum += sums[drawn];
      size += sizes[drawn];
    }
    means[b] = sum / size;
  }
  const centre = means.reduce((a, b) => a + b, 0) / resamples;
  const spread = means.reduce((a, b) => a + (b - centre) ** 2, 0) / Math.max(1, resamples - 1);
  means.sort();
  return {
    mean: sums.reduce((a, b) => a + b, 0) / used,
    low: sortedQuantile(means, (1 - level) / 2),
    high: sortedQuantile(means, (1 + level) / 2),
    standardError: Math.sqrt(spread),
    clusters: count,
    values: used,
    omitted,
  };
}
