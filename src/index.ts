// The whole of touchstone by its main names. Everything public is in the sub-paths: touchstone/core, /stats,
// /answers, /environments, /synthesize, /engine, /models, /policies, /rewards, /train, /evaluate, /recipes, /store.

export { extractAnswer } from './answers/index.ts';
export {
  createRng,
  type Item,
  type Json,
  type Message,
  type Reward,
  type Rng,
  type Rollout,
  type Sample,
  TouchstoneError,
  type Verdict,
} from './core/index.ts';
export {
  createOnnxExecutor,
  createWordTokenizer,
  DEFAULT_OPTIMISER,
  loadTokenizer,
  type ModelConfig,
  referenceExecutor,
  type Sequence,
  type Tokenizer,
} from './engine/index.ts';
export {
  findTasks,
  generateItem,
  listTasks,
  loadTask,
  runGate,
  type TaskDef,
  verifyItem,
} from './environments/index.ts';
export {
  compareRuns,
  type ReportData,
  type RunSummary,
  renderComparison,
  renderReport,
} from './evaluate/index.ts';
export { createLocalEngine, type Engine, type Generation, startEngine } from './models/index.ts';
export { embeddedPolicy, type Policy } from './policies/index.ts';
export { type Recipe, recipeSchema, runRecipe } from './recipes/index.ts';
export { outcomeReward } from './rewards/index.ts';
export {
  avgAtK,
  clusterBootstrap,
  comparePaired,
  gPassAtK,
  majorityAtK,
  mgPassAtK,
  passAtK,
  wilsonInterval,
} from './stats/index.ts';
export { openRun, readRun } from './store/index.ts';
export {
  demonstrateTailItem,
  makeTailDataset,
  TAIL_TASKS,
  tailItem,
  tailTask,
  verifyTailItem,
  verifyTailItemTrace,
} from './synthesize/index.ts';
export {
  evaluateObjective,
  METHODS,
  methodNamed,
  OBJECTIVE_PRESETS,
  type ObjectiveConfig,
  orealTokenWeights,
  preferenceLoss,
  prepareBatch,
  type RlMethod,
  resolveObjective,
  tokenRewardModelLoss,
  toRows,
  updatePolicy,
} from './train/index.ts';
