// What a run asks of the embedded engine: named models that compute, learn, sample and are stored. Every argument
// and result is plain data, so the same interface is served in this thread (`createLocalEngine`) or in a worker
// thread (`startEngine`), where long computations block nothing.

import type { ResponseRows, RowAlignment, Sequence } from '../engine/batch.ts';
import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import type { OptimiserConfig } from '../engine/optimiser.ts';
import type { LogProbOptions, LogProbRows } from './model.ts';
import type { GenerateOptions, GenerateRequest, Generation } from './sampler.ts';

export interface EngineOptions {
  executor: 'onnx' | 'reference';
  /** Threads of the executor; default: as many as it finds useful. */
  threads?: number;
  /** Positions per training batch; smaller needs less memory. */
  maxBatchTokens?: number;
  layout?: 'padded' | 'packed';
}

export interface ModelInfo {
  config: ModelConfig;
  parameters: number;
}

export interface EngineStatus {
  executor: string;
  models: string[];
  /** Resident memory of the process and its peak, bytes. */
  memory: number;
  peakMemory: number;
}

export interface SaveOptions {
  /** Also the optimiser state, for exact resumption. */
  training?: boolean;
  /** A directory whose tokenizer files are put beside the weights. */
  tokenizer?: string;
}

/** Models are addressed by the names the caller gave them; an unknown name throws 'not-found'. */
export interface Engine {
  /** New random weights under `name`, replacing what was there. */
  createModel(name: string, config: ModelConfig, seed: number): Promise<ModelInfo>;
  /** A Hugging Face checkpoint directory; with `head: 'score'` the language-model head gives way to a zero score head. */
  loadModel(name: string, directory: string, head?: 'lm' | 'score'): Promise<ModelInfo>;
  /** A copy of the weights, without optimiser state. */
  copyModel(from: string, to: string, head?: 'lm' | 'score'): Promise<ModelInfo>;
  deleteModel(name: string): Promise<void>;
  /** Weights and config in Hugging Face layout, which other programs load too. */
  saveModel(name: string, directory: string, options?: SaveOptions): Promise<void>;
  /** Weights and optimiser state of a directory written with `training`. */
  resumeModel(name: string, directory: string): Promise<ModelInfo>;
  logProbs(name: string, sequences: readonly Sequence[], options?: LogProbOptions): Promise<LogProbRows>;
  accumulate(
    name: string,
    sequences: readonly Sequence[],
    coefficients: readonly ArrayLike<number>[],
    options?: { temperature?: number; entropyCoefficients?: readonly ArrayLike<number>[] },
  ): Promise<LogProbRows>;
  scores(name: string, sequences: readonly Sequence[], alignment?: RowAlignment): Promise<ResponseRows>;
  accumulateScores(
    name: string,
    sequences: readonly Sequence[],
    coefficients: readonly ArrayLike<number>[],
    alignment?: RowAlignment,
  ): Promise<void>;
  step(name: string, learningRate: number, config: OptimiserConfig): Promise<{ gradientNorm: number }>;
  clearGradients(name: string): Promise<void>;
  generate(
    name: string,
    requests: readonly GenerateRequest[],
    options: GenerateOptions,
  ): Promise<Generation[][]>;
  status(): Promise<EngineStatus>;
  close(): Promise<void>;
}

/** The operations of an engine, for the worker's dispatch. */
export const ENGINE_METHODS = [
  'createModel',
  'loadModel',
  'copyModel',
  'deleteModel',
  'saveModel',
  'resumeModel',
  'logProbs',
  'accumulate',
  'scores',
  'accumulateScores',
  'step',
  'clearGradients',
  'generate',
  'status',
  'close',
] as const satisfies readonly (keyof Engine)[];

export type EngineMethod = (typeof ENGINE_METHODS)[number];
