// The HTML report of a training run. Read render-report.ts first; report-data.ts is its input.

export { renderReport } from './render-report.ts';
export type {
  CurveSeries,
  EvaluationGroup,
  GPassCurve,
  HeadlineMetric,
  Interval,
  ReportData,
  ReportPhase,
  ReportRollout,
  RolloutToken,
} from './report-data.ts';
