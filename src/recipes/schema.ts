// A recipe: everything that decides the outcome of a run, as YAML. Every field has its default here; unknown keys
// are refused by name. Times, paths and the number of threads are not part of it.

import * as z from 'zod';

const positive = z.int().positive();
const share = z.number().min(0).max(1);

const taskSchema = z.strictObject({
  /** A TAIL task, e.g. `tail.addition`. */
  task: z.string(),
  /** Shortest and longest problems of the warm-up demonstrations, in the task's own length unit. */
  warmUp: z.tuple([positive, positive]),
  /** Of the reinforcement prompts. */
  train: z.tuple([positive, positive]),
  /** Of the held-out evaluation items. */
  evaluate: z.tuple([positive, positive]),
});

const modelSchema = z.strictObject({
  /** A Hugging Face checkpoint directory to start from; then the sizes below are not used. */
  checkpoint: z.string().nullable().default(null),
  layers: positive.default(2),
  hiddenSize: positive.default(128),
  heads: positive.default(4),
  kvHeads: positive.default(4),
  headDim: positive.default(32),
  feedForwardSize: positive.default(384),
  position: z.enum(['rope', 'nope', 'alibi', 'hard-alibi']).default('hard-alibi'),
  /** Per head for hard-alibi: how far back it sees, 0 = everything. */
  windows: z.array(z.int().nonnegative()).nullable().default(null),
  qkNorm: z.boolean().default(false),
  tiedEmbeddings: z.boolean().default(false),
  maxPositions: positive.default(512),
});

const optimiserSchema = z.strictObject({
  beta1: share.default(0.9),
  beta2: share.default(0.95),
  epsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().nonnegative().default(0.01),
  maxGradientNorm: z.number().positive().default(1),
});

const warmUpSchema = z.strictObject({
  steps: positive.default(400),
  batchSize: positive.default(32),
  /** Different demonstrations; they are gone through in a new order each time. */
  examples: positive.default(4096),
  /**
   * Share of response tokens at which the teacher slips: the token is replaced by another one of the response. The
   * policy imitates the slips too; outcome rewards can take it beyond its teacher.
   */
  slipRate: share.default(0),
  learningRate: z.number().positive().default(1e-3),
  finalLearningRate: z.number().nonnegative().default(1e-4),
  warmupSteps: z.int().nonnegative().default(20),
  schedule: z.enum(['constant', 'linear', 'cosine']).default('cosine'),
});

const samplingSchema = z.strictObject({
  temperature: z.number().min(0).default(1),
  topK: z.int().nonnegative().default(0),
  topP: share.default(1),
  minP: share.default(0),
  maxNewTokens: positive.default(256),
});

const reinforceSchema = z.strictObject({
  method: z.string().default('oreal'),
  /** One of the method's presets; `config` overrides single fields of it. */
  preset: z.string().default('default'),
  config: z.record(z.string(), z.unknown()).default({}),
  steps: positive.default(60),
  /** Prompts per step and samples per prompt. */
  prompts: positive.default(32),
  samples: z.int().min(2).default(8),
  sampling: samplingSchema.prefault({}),
  learningRate: z.number().positive().default(2e-4),
  finalLearningRate: z.number().nonnegative().default(2e-5),
  warmupSteps: z.int().nonnegative().default(0),
  rewardModelLearningRate: z.number().positive().default(5e-4),
  /** Optimiser steps per rollout batch. */
  minibatches: positive.default(1),
  /**
   * Screening before reinforcement (OREAL §3): pass rates of a pool of prompts are measured with `samples` samples
   * each, hopeless and easy prompts are thinned out and hard ones repeated. 0 = fresh prompts, unscreened.
   */
  pool: z.int().nonnegative().default(0),
});

const evaluationSchema = z.strictObject({
  /** Held-out items per task; the same for every seed. */
  items: positive.default(32),
  samples: positive.default(32),
  k: positive.default(16),
  sampling: samplingSchema.prefault({}),
});

export const recipeSchema = z.strictObject({
  title: z.string(),
  seed: z.int().nonnegative().default(1),
  tasks: z.array(taskSchema).min(1),
  /** Addresses per tape in the TAIL tasks; null = the tasks' own default. */
  addressSpace: positive.nullable().default(null),
  model: modelSchema.prefault({}),
  optimiser: optimiserSchema.prefault({}),
  warmUp: warmUpSchema.prefault({}),
  reinforce: reinforceSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  /** Optimiser steps between checkpoints. */
  checkpointEvery: positive.default(10),
});

export type Recipe = z.output<typeof recipeSchema>;
