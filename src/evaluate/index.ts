// Comparing runs, and reports of them.

export {
  type CompareOptions,
  type Conclusion,
  compareRuns,
  type GroupComparison,
  type MetricComparison,
  type RunComparison,
  type RunItem,
  type RunSummary,
  renderComparison,
} from './compare.ts';
export {
  type CurveSeries,
  type EvaluationGroup,
  type GPassCurve,
  type HeadlineMetric,
  type Interval,
  type ReportData,
  type ReportPhase,
  type ReportRollout,
  type RolloutToken,
  renderReport,
} from './report/index.ts';
