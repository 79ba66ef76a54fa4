// TAIL: traces of Turing machines as training data and as items (arXiv 2507.13332).

export { addition } from './addition.ts';
export { binarySearch } from './binary-search.ts';
export { compare } from './compare.ts';
export { makeTailDataset, parseMix, type TailDatasetConfig, type TailRow } from './dataset.ts';
export {
  demonstrateTailItem,
  type TailItemConfig,
  tailItem,
  verifyTailItem,
  verifyTailItemTrace,
} from './environment.ts';
export { DEFAULT_TRACE_OPTIONS, resolveTraceOptions } from './options.ts';
export { population } from './population.ts';
export { TAIL_TASKS, tailTask } from './registry.ts';
export { splitOf, type TailSplit } from './split.ts';
export type {
  GenerateOptions,
  TailClass,
  TailInstance,
  TailTask,
  Tier,
  TierName,
  TraceError,
  TraceOptions,
  TraceVerdict,
} from './types.ts';
export { wordFlip } from './word-flip.ts';
