export { type Extraction, type ExtractionSource, extractAnswer } from '../answers/extract.ts';
export {
  type Episode,
  type Observation,
  type StepResult,
  singleTurnEpisode,
  type ToolCall,
} from './episode.ts';
export type { GateCheck, GateOptions } from './gate/context.ts';
export { GATE_CHECKS, type GateReport, runGate } from './gate/run-gate.ts';
export { goldenHash } from './gate/truth.ts';
export {
  createRegistry,
  type FamilyEntry,
  findTasks,
  listTasks,
  loadedTask,
  loadTask,
  type Registry,
  registry,
} from './registry.ts';
export { generateItem, type ItemRequest, SPLITS, type Split, splitOf, verifyItem } from './sampler.ts';
export {
  type CheckResult,
  defaultLevel,
  familyOf,
  type Language,
  type Level,
  type TaskDef,
  type TaskId,
  type TaskKind,
  verifierFault,
} from './task.ts';
