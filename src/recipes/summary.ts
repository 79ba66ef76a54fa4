// What a stored run says about its evaluations: per item counts, and metrics with cluster-bootstrap intervals.

import { createRng, type Json } from '../core/index.ts';
import type { RunSummary } from '../evaluate/compare.ts';
import type { EvaluationGroup, GPassCurve, Interval } from '../evaluate/report/report-data.ts';
import {
  avgAtK,
  clusterBootstrap,
  comparePaired,
  gPassAtK,
  majorityAtK,
  mgPassAtK,
  passAtK,
} from '../stats/index.ts';
import type { RunRecord } from '../store/index.ts';
import { PHASES } from './context.ts';

export interface ItemCounts {
  item: string;
  /** Task and tier: the item id without split and index. */
  group: string;
  n: number;
  correct: number;
  /** How many samples gave each of the wrong answers; samples without an answer vote for nothing in common. */
  others: number[];
}

/** Counts per item of an evaluation phase, in the order of the items' ids. */
export function itemCounts(run: RunRecord, phase: string): ItemCounts[] {
  const items = new Map<string, { n: number; correct: number; wrong: Map<string, number> }>();
  for (const { item, index, outcome, detail } of run.evaluationSamples(phase)) {
    const entry = items.get(item) ?? { n: 0, correct: 0, wrong: new Map<string, number>() };
    items.set(item, entry);
    entry.n++;
    if (outcome === 'correct') entry.correct++;
    else {
      const answer = answerOf(detail) ?? `no answer ${index}`;
      entry.wrong.set(answer, (entry.wrong.get(answer) ?? 0) + 1);
    }
  }
  return [...items].map(([item, { n, correct, wrong }]) => ({
    item,
    group: groupOf(item),
    n,
    correct,
    others: [...wrong.values()],
  }));
}

function answerOf(detail: Json | undefined): string | null {
  if (detail === null || typeof detail !== 'object' || Array.isArray(detail)) return null;
  return typeof detail.answer === 'string' ? detail.answer : null;
}

/** `tail.addition/test/n7/3` → `tail.addition`. */
function groupOf(item: string): string {
  return item.split('/')[0] as string;
}

type ItemMetric = (item: ItemCounts) => number;

/** The metrics of the report, each a mean over items. */
export function metricsOf(k: number): { name: string; of: ItemMetric }[] {
  return [
    { name: `mG-Pass@${k}`, of: ({ n, correct }) => mgPassAtK(n, correct, k) },
    { name: 'accuracy', of: ({ n, correct }) => avgAtK(n, correct, 1) },
    { name: `pass@${k}`, of: ({ n, correct }) => passAtK(n, correct, k) },
    { name: `maj@${k}`, of: ({ correct, others }) => majorityAtK(correct, others, k) },
    { name: `G-Pass@${k} at 1.0`, of: ({ n, correct }) => gPassAtK(n, correct, k, 1) },
  ];
}

/** Mean over items with a 95 % bootstrap interval over items; null without items. */
export function estimate(counts: readonly ItemCounts[], of: ItemMetric, label: string): Interval | null {
  if (counts.length === 0) return null;
  const values = counts.map(of);
  const { mean, low, high } = clusterBootstrap(values, createRng('bootstrap', label), { resamples: 4000 });
  return { value: mean, low, high };
}

/** Before/after table per task, and over all items first. */
export function evaluationTable(run: RunRecord, k: number): EvaluationGroup[] {
  const before = itemCounts(run, PHASES.before);
  const after = itemCounts(run, PHASES.after);
  const groups = ['all', ...new Set([...before, ...after].map(({ group }) => group))];
  return groups.map((group) => {
    const within = (counts: ItemCounts[]) => counts.filter((item) => group === 'all' || item.group === group);
    return {
      group,
      metrics: metricsOf(k).map(({ name, of }) => ({
        name,
        before: estimate(within(before), of, `before ${group} ${name}`),
        after: estimate(within(after), of, `after ${group} ${name}`),
      })),
    };
  });
}

/** After minus before on the same items: one line per metric, for people. */
export function pairedGains(run: RunRecord, k: number): string[] {
  const before = new Map(itemCounts(run, PHASES.before).map((item) => [item.item, item]));
  const pairs = itemCounts(run, PHASES.after).flatMap((after) => {
    const earlier = before.get(after.item);
    return earlier ? [[earlier, after] as const] : [];
  });
  if (pairs.length === 0) return [];
  return metricsOf(k).map(({ name, of }) => {
    const values = (which: 0 | 1) => pairs.map((pair) => of(pair[which]));
    const rng = createRng('paired gain', name);
    const { difference, interval, pValue } = comparePaired(values(1), values(0), rng, { resamples: 4000 });
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const p = pValue < 0.001 ? 'p < 0.001' : `p = ${pValue.toFixed(3)}`;
    return (
      `${name}: ${mean(values(0)).toFixed(3)} → ${mean(values(1)).toFixed(3)}, paired difference ` +
      `${difference.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}], ${p}, ${pairs.length} items`
    );
  });
}

/** G-Pass@k over the thresholds i/k. */
export function gPassCurves(run: RunRecord, k: number): GPassCurve[] {
  const curves: GPassCurve[] = [];
  for (const [label, phase] of [
    ['before', PHASES.before],
    ['after', PHASES.after],
  ] as const) {
    const counts = itemCounts(run, phase);
    if (counts.length === 0) continue;
    const points = Array.from({ length: k }, (_, i) => {
      const threshold = (i + 1) / k;
      const interval = estimate(
        counts,
        ({ n, correct }) => gPassAtK(n, correct, k, threshold),
        `${label} ${i}`,
      );
      return { threshold, ...(interval ?? { value: Number.NaN, low: Number.NaN, high: Number.NaN }) };
    });
    curves.push({ label, k, points });
  }
  return curves;
}

/** The evaluation after training, as `compareRuns` wants it. */
export function summariseRun(run: RunRecord): RunSummary {
  const counts = run.evaluationCounts(PHASES.after);
  const series = ['reward', 'policy.entropy', 'length'].map((name) => ({
    name,
    points: run.metricsSeries(PHASES.reinforce, name).map(({ step, value }) => ({ step, value })),
  }));
  const seconds = [PHASES.warmUp, PHASES.reinforce].flatMap((phase) => run.timingSeries(phase, 'seconds'));
  return {
    name: run.name,
    seed: run.seed,
    items: counts.map(({ item, n, correct }) => ({ itemId: item, group: groupOf(item), n, correct })),
    tokens: counts.reduce((sum, { n, meanTokens }) => sum + n * meanTokens, 0),
    wallSeconds: seconds.reduce((sum, { value }) => sum + (value ?? 0), 0),
    series,
  };
}
