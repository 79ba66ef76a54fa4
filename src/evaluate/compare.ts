// Two runs on the same items: B minus A in avg@n, pass@k and mG-Pass@k, each with a cluster bootstrap interval and
// a sign-flip p-value (stats/paired.ts), overall and per group, and a sentence that says what may be concluded.
// A difference counts as shown when the 95 % interval excludes zero and p < 0.05; otherwise the sentence says how
// many more items like these a difference of the measured size would need:
//   N * ((1.96 + 0.84) * SE / |difference|)^2 - N        (80 % power, two-sided 5 %)
// Not covered: variation between training seeds, and a correction for looking at many groups.

import { type Rng, TouchstoneError } from '../core/index.ts';
import { comparePaired, mgPassAtK, passAtK } from '../stats/index.ts';
import { fixed, formatNumber } from './plot/format.ts';
import type { CurveSeries } from './report/report-data.ts';

export { renderComparison } from './render-comparison.ts';

/** Samples drawn in pass@k and mG-Pass@k, as the G-Pass paper reports it. */
const DRAWN = 16;

/** Fewer clusters make percentile intervals too narrow. */
const FEW_CLUSTERS = 30;

/** Standard normal quantiles for 5 % two-sided and 80 % power. */
const POWER_FACTOR = 1.96 + 0.84;

/** The count of correct samples of one item. */
export interface RunItem {
  itemId: string;
  /** The underlying problem, where several items share one. */
  cluster?: string;
  /** Task or tier. */
  group: string;
  /** Samples drawn, and how many of them were correct. */
  n: number;
  correct: number;
}

/** What a comparison needs to know of a run. */
export interface RunSummary {
  name: string;
  seed: number;
  items: readonly RunItem[];
  /** Tokens generated in the evaluation. */
  tokens?: number;
  wallSeconds?: number;
  /** Learning curves; their last values are compared without a test. */
  series?: readonly CurveSeries[];
}

/** What may be concluded; `unknown` when nothing could be estimated. */
export type Conclusion = 'a-better' | 'b-better' | 'not-shown' | 'unknown';

/** One metric, averaged over items; the difference is B minus A. */
export interface MetricComparison {
  metric: string;
  a: number;
  b: number;
  difference: number;
  low: number;
  high: number;
  standardError: number;
  pValue: number;
  items: number;
  clusters: number;
  /** Items on which B is better, and on which A is. */
  wins: number;
  losses: number;
  conclusion: Conclusion;
  sentence: string;
}

export interface GroupComparison {
  group: string;
  metrics: MetricComparison[];
}

export interface RunComparison {
  a: { name: string; seed: number };
  b: { name: string; seed: number };
  /** Items in both runs. */
  matched: number;
  /** Draws in pass@k and mG-Pass@k. */
  k: number;
  overall: MetricComparison[];
  groups: GroupComparison[];
  /** Quantities without a test: cost, and the last values of learning curves. */
  observed: { name: string; a: number; b: number }[];
  warnings: string[];
  /** The sentence on mG-Pass@k. */
  verdict: string;
}

export interface CompareOptions {
  /** Bootstrap resamples and sign flips, 10000 by default. */
  resamples?: number;
}

interface Pair {
  itemId: string;
  cluster: string;
  group: string;
  a: RunItem;
  b: RunItem;
}

/**
 * Compares run b with run a on the items they share. Swapping the runs negates every difference.
 *
 * @throws bad-input when a run lists an item twice, or counts are impossible
 */
export function compareRuns(
  a: RunSummary,
  b: RunSummary,
  rng: Rng,
  options: CompareOptions = {},
): RunComparison {
  const { pairs, warnings } = match(a, b);
  const fewest = Math.min(DRAWN, ...pairs.map((pair) => Math.min(pair.a.n, pair.b.n)));
  const k = fewest >= 2 ? fewest - (fewest % 2) : 1;
  if (k < DRAWN && pairs.length > 0) {
    warnings.push(`some items have fewer than ${DRAWN} samples: pass@k and mG-Pass@k use k = ${k}`);
  }
  const names = runLabels(a, b);
  const compare = (some: readonly Pair[], where: string) =>
    metrics(k).map(({ name, of }) =>
      compareMetric(name, of, some, names, rng.split('compare', where, name), options),
    );
  const overall = compare(pairs, 'all items');
  const groupNames = [...new Set(pairs.map((pair) => pair.group))];
  const groups = groupNames.map((group) => ({
    group,
    metrics: compare(
      pairs.filter((pair) => pair.group === group),
      `group ${group}`,
    ),
  }));
  const clusters = new Set(pairs.map((pair) => pair.cluster)).size;
  if (pairs.length > 0 && clusters < FEW_CLUSTERS) {
    warnings.push(
      `only ${clusters} independent problems: intervals are too narrow below about ${FEW_CLUSTERS}`,
    );
  }
  return {
    a: { name: a.name, seed: a.seed },
    b: { name: b.name, seed: b.seed },
    matched: pairs.length,
    k,
    overall,
    groups,
    observed: observed(a, b),
    warnings,
    verdict: pairs.length === 0 ? 'nothing to compare: the runs share no items' : overall[0].sentence,
  };
}

/** mG-Pass first: it is the metric the verdict speaks about. */
function metrics(k: number): { name: string; of: (item: RunItem) => number }[] {
  return [
    { name: `mG-Pass@${k}`, of: (item) => mgPassAtK(item.n, item.correct, k) },
    { name: 'avg@n', of: (item) => item.correct / item.n },
    { name: `pass@${k}`, of: (item) => passAtK(item.n, item.correct, k) },
  ];
}

function compareMetric(
  metric: string,
  of: (item: RunItem) => number,
  pairs: readonly Pair[],
  names: readonly [string, string],
  rng: Rng,
  options: CompareOptions,
): MetricComparison {
  const before = pairs.map((pair) => of(pair.a));
  const after = pairs.map((pair) => of(pair.b));
  const result = comparePaired(after, before, rng, {
    clusters: pairs.map((pair) => pair.cluster),
    ...options,
  });
  const { low, high, standardError } = result.interval;
  const numbers = {
    metric,
    a: mean(before),
    b: mean(after),
    difference: result.difference,
    low,
    high,
    standardError,
    pValue: result.pValue,
    items: result.interval.values,
    clusters: result.interval.clusters,
    wins: result.wins,
    losses: result.losses,
  };
  return { ...numbers, ...conclude(numbers, names) };
}

function conclude(
  result: Omit<MetricComparison, 'conclusion' | 'sentence'>,
  [nameA, nameB]: readonly [string, string],
): { conclusion: Conclusion; sentence: string } {
  const { difference, low, high, pValue, metric } = result;
  if (Number.isNaN(difference)) {
    return { conclusion: 'unknown', sentence: `${metric} cannot be estimated from these samples` };
  }
  if (pValue < 0.05 && (low > 0 || high < 0)) {
    const bWins = difference > 0;
    const ends = bWins ? [low, high] : [-high, -low];
    const range = `[${ends.map((end) => fixed(end, 3)).join(', ')}]`;
    const sentence = `${bWins ? nameB : nameA} is better by ${fixed(Math.abs(difference), 3)} ${range} in ${metric}`;
    return { conclusion: bWins ? 'b-better' : 'a-better', sentence };
  }
  return { conclusion: 'not-shown', sentence: `no difference shown in ${metric}; ${needed(result)}` };
}

function needed({
  difference,
  standardError,
  items,
  wins,
  losses,
}: Omit<MetricComparison, 'conclusion' | 'sentence'>) {
  if (wins + losses === 0) return 'the runs are equal on every item';
  const total = items * ((POWER_FACTOR * standardError) / Math.abs(difference)) ** 2;
  if (!Number.isFinite(total) || total > 1000 * items) return 'the measured difference is practically zero';
  const more = Math.max(1, Math.ceil(total - items));
  // Two digits: the estimate rests on a noisy difference.
  const rounded = more < 100 ? more : Number(more.toPrecision(2));
  return `about ${fixed(rounded, 0)} more items needed to show one of ${fixed(Math.abs(difference), 3)}`;
}

function match(a: RunSummary, b: RunSummary): { pairs: Pair[]; warnings: string[] } {
  const inA = byId(a);
  const inB = byId(b);
  const warnings: string[] = [];
  const shared = [...inA.keys()].filter((id) => inB.has(id)).sort();
  const alone = (from: ReadonlyMap<string, RunItem>, other: ReadonlyMap<string, RunItem>, name: string) => {
    const ids = [...from.keys()].filter((id) => !other.has(id)).sort();
    if (ids.length > 0)
      warnings.push(`${count(ids.length, 'item')} only in ${name}, left out (${examples(ids)})`);
  };
  const [nameA, nameB] = runLabels(a, b);
  alone(inA, inB, nameA);
  alone(inB, inA, nameB);
  const pairs: Pair[] = [];
  const unsampled: string[] = [];
  const disagreeing: string[] = [];
  for (const itemId of shared) {
    const left = inA.get(itemId);
    const right = inB.get(itemId);
    if (left === undefined || right === undefined) continue;
    if (left.n === 0 || right.n === 0) {
      unsampled.push(itemId);
      continue;
    }
    if (left.group !== right.group || left.cluster !== right.cluster) disagreeing.push(itemId);
    // The smaller name, so that the answer does not depend on which run comes first.
    const cluster = smaller(left.cluster ?? itemId, right.cluster ?? itemId);
    pairs.push({ itemId, cluster, group: smaller(left.group, right.group), a: left, b: right });
  }
  if (unsampled.length > 0) {
    warnings.push(`${count(unsampled.length, 'item')} without samples, left out (${examples(unsampled)})`);
  }
  if (disagreeing.length > 0) {
    warnings.push(
      `${count(disagreeing.length, 'item')} with different group or cluster in the two runs (${examples(disagreeing)})`,
    );
  }
  const uneven = pairs.filter((pair) => pair.a.n !== pair.b.n).length;
  if (uneven > 0)
    warnings.push(`${count(uneven, 'item')} sampled a different number of times in the two runs`);
  return { pairs, warnings };
}

function byId(run: RunSummary): Map<string, RunItem> {
  const items = new Map<string, RunItem>();
  for (const item of run.items) {
    if (items.has(item.itemId)) {
      throw new TouchstoneError('bad-input', `item ${item.itemId} occurs twice in run ${run.name}`, {
        hint: 'count all samples of an item in one entry',
      });
    }
    items.set(item.itemId, item);
  }
  return items;
}

function observed(a: RunSummary, b: RunSummary): RunComparison['observed'] {
  const rows: RunComparison['observed'] = [];
  const add = (name: string, left: number | null | undefined, right: number | null | undefined) => {
    if (typeof left === 'number' && typeof right === 'number') rows.push({ name, a: left, b: right });
  };
  add('tokens', a.tokens, b.tokens);
  const correct = (run: RunSummary) => run.items.reduce((sum, item) => sum + item.correct, 0);
  const perCorrect = (run: RunSummary) => (run.tokens === undefined ? undefined : run.tokens / correct(run));
  add('tokens per correct sample', perCorrect(a), perCorrect(b));
  add('wall time (s)', a.wallSeconds, b.wallSeconds);
  for (const series of a.series ?? []) {
    const other = b.series?.find((candidate) => candidate.name === series.name);
    const unit = series.unit === undefined ? '' : ` (${series.unit})`;
    if (other !== undefined) add(`last ${series.name}${unit}`, last(series), last(other));
  }
  return rows;
}

function last(series: CurveSeries): number | null {
  return series.points.findLast((point) => point.value !== null)?.value ?? null;
}

/** Names to speak of the runs; letters where the names do not tell them apart. */
export function runLabels(a: { name: string }, b: { name: string }): [string, string] {
  return a.name === b.name || a.name === '' || b.name === '' ? ['A', 'B'] : [a.name, b.name];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function smaller(a: string, b: string): string {
  return a <= b ? a : b;
}

function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function examples(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')}, …`;
}
