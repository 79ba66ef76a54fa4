// What a stored run says about its evaluations: per item counts, and metrics with cluster-bootstrap intervals.

import { createRng } from '../core/index.ts';
import type { RunSummary } from '../evaluate/compare.ts';
import type { EvaluationGroup, GPassCurve, Interval } from '../evaluate/report/report-data.ts';
import { avgAtK, clusterBootstrap, gPassAtK, mgPassAtK, passAtK } from '../stats/index.ts';
import type { RunRecord } from '../store/index.ts';
import { PHASES } from './context.ts';

export interface ItemCounts {
  item: string;
  /** Task and tier: the item id without split and index. */
  group: string;
  n: number;
  correct: number;
}

/** Counts per item of an evaluation phase. */
export function itemCounts(run: RunRecord, phase: string): ItemCounts[] {
  return run
    .evaluationCounts(phase)
    .map(({ item, n, correct }) => ({ item, group: groupOf(item), n, correct }));
}

/** `tail.addition/test/n7/3` → `tail.addition`. */
function groupOf(item: string): string {
  return item.split('/')[0] as string;
}

/** The metrics of the report, each a mean over items of a function of (n, correct). */
export function metricsOf(k: number): { name: string; of: (n: number, correct: number) => number }[] {
  return [
    { name: `mG-Pass@${k}`, of: (n, c) => mgPassAtK(n, c, k) },
    { name: 'accuracy', of: (n, c) => avgAtK(n, c, 1) },
    { name: `pass@${k}`, of: (n, c) => passAtK(n, c, k) },
    { name: `G-Pass@${k} at 1.0`, of: (n, c) => gPassAtK(n, c, k, 1) },
  ];
}

/** Mean over items with a 95 % bootstrap interval over items; null without items. */
export function estimate(
  counts: readonly ItemCounts[],
  of: (n: number, correct: number) => number,
  label: string,
): Interval | null {
  if (counts.length === 0) return null;
  const values = counts.map(({ n, correct }) => of(n, correct));
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
      const interval = estimate(counts, (n, c) => gPassAtK(n, c, k, threshold), `${label} ${i}`);
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
