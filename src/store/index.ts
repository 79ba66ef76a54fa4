// The durable record of runs: one process owns and writes a run, any number read it.

export {
  type CheckpointStore,
  type CheckpointStoreOptions,
  createCheckpointStore,
  type SaveCheckpoint,
  type UsableCheckpoint,
} from './checkpoint-store.ts';
export type { EvaluationCounts, EvaluationSample } from './evaluation-record.ts';
export { acquireRunLock, type LockHolder, type RunLock, readLockHolder } from './run-lock.ts';
export {
  type CheckpointRecord,
  type MetricPoint,
  type RunRecord,
  readRun,
  type StepRecord,
  type WarningRecord,
} from './run-record.ts';
export { type OpenRunOptions, openRun, type RunStore, type StepCommit } from './run-store.ts';
