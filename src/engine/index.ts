// The compute engine: programs of a closed table of operations, executors that run them, and what surrounds a
// model on disk. Models built on it are in `touchstone/models`.

export {
  type Batch,
  type BatchOptions,
  DEFAULT_BATCH_OPTIONS,
  makeBatches,
  type ResponseRows,
  type RowAlignment,
  type Sequence,
} from './batch.ts';
export {
  loadModelCheckpoint,
  loadModelConfig,
  type ModelCheckpoint,
  parameterShapes,
  type SaveModelOptions,
  saveModelCheckpoint,
} from './checkpoint/model-checkpoint.ts';
export {
  type ModelConfig,
  type PositionScheme,
  type RopeScaling,
  validateModelConfig,
} from './checkpoint/model-config.ts';
export {
  openSafetensors,
  type SafetensorsFile,
  type TensorToWrite,
  writeSafetensors,
} from './checkpoint/safetensors.ts';
export type { CompiledProgram, Executor, FeedArray, Feeds, Results } from './executors/executor.ts';
export { createOnnxExecutor, type OnnxOptions, toOnnxModel } from './executors/onnx/onnx-executor.ts';
export { referenceExecutor } from './executors/reference/reference-executor.ts';
export { differentiate } from './graph/differentiate.ts';
export { GraphBuilder, type Node, type Program } from './graph/program.ts';
export type { DataType, Shape, Value } from './graph/value.ts';
export type { AttributesOf, OperationName } from './operations/table.ts';
export {
  createOptimiserState,
  DEFAULT_OPTIMISER,
  learningRateAt,
  type OptimiserConfig,
  type OptimiserState,
  optimiserStep,
  type Schedule,
  type ScheduleShape,
  type Tensor,
} from './optimiser.ts';
export { chooseToken, DEFAULT_SAMPLING, type SamplingOptions } from './sampling/choose-token.ts';
export { type ChatTemplateOptions, loadTokenizer, type Tokenizer } from './tokenizer/tokenizer.ts';
export {
  createCharTokenizer,
  createWordTokenizer,
  EOS_TOKEN,
  type MadeTokenizerOptions,
  PAD_TOKEN,
  UNK_TOKEN,
} from './tokenizer/word-level.ts';
