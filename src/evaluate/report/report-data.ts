// What a report of a training run is made from. Plain data: the report is a function of it, so that a stored run
// can be rendered again at any time. Anything that could not be measured is null or NaN and is shown as such.

/** A value with its interval, 95 % unless a note says otherwise. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** One number that should have moved. */
export interface HeadlineMetric {
  /** E.g. `mG-Pass@16`. */
  name: string;
  before: Interval;
  after: Interval;
}

/** A quantity over optimiser steps; null where it was not measured. */
export interface CurveSeries {
  name: string;
  unit?: string;
  points: readonly { step: number; value: number | null }[];
}

/** A stage of training, e.g. cold start or reinforcement. The same series name in two phases shares a panel. */
export interface ReportPhase {
  name: string;
  series: readonly CurveSeries[];
}

/** G-Pass@k over thresholds, for one checkpoint. */
export interface GPassCurve {
  /** E.g. `before`; the same label keeps its colour over all k. */
  label: string;
  k: number;
  points: readonly { threshold: number; value: number; low: number; high: number }[];
}

/** Metrics of one task or tier. */
export interface EvaluationGroup {
  group: string;
  metrics: readonly { name: string; before: Interval | null; after: Interval | null }[];
}

/** One generated token as training saw it. */
export interface RolloutToken {
  text: string;
  /** Share of the loss this token carries, e.g. OREAL's omega; null where the method has no such weight. */
  weight: number | null;
  advantage?: number;
  /** Log-probability in nats under the sampling policy. */
  logProb?: number;
}

/** An example rollout. */
export interface ReportRollout {
  itemId: string;
  step: number;
  /** null: not scorable. */
  reward: number | null;
  /** The verdict outcome, e.g. `correct`. */
  outcome: string;
  prompt: string;
  tokens: readonly RolloutToken[];
}

/** Everything in a report. */
export interface ReportData {
  title: string;
  recipeText: string;
  seed: number;
  startedAt?: string;
  wallSeconds?: number;
  machine?: string;
  headline: readonly HeadlineMetric[];
  phases: readonly ReportPhase[];
  gPass: readonly GPassCurve[];
  evaluationTable: readonly EvaluationGroup[];
  rollouts: readonly ReportRollout[];
  /** Warnings and caveats, shown near the top. */
  notes: readonly string[];
}
