// What the phases of a run share: the recipe, the engine with its models, the durable record, and who is told.

import type { Rng } from '../core/index.ts';
import type { Schedule } from '../engine/optimiser.ts';
import type { Tokenizer } from '../engine/tokenizer/tokenizer.ts';
import type { Engine } from '../models/engine.ts';
import type { CheckpointStore, RunStore } from '../store/index.ts';
import type { Recipe } from './schema.ts';
import type { TaskSource } from './task-source.ts';

/** Receives progress; the terminal shows it. */
export interface RunObserver {
  phase(name: string, total: number, done: number): void;
  step(n: number, metrics: Record<string, number>): void;
  note(text: string): void;
}

export interface RunContext {
  recipe: Recipe;
  engine: Engine;
  tokenizer: Tokenizer;
  /** Where its files lie; checkpoints carry a copy. */
  tokenizerDirectory: string;
  tasks: TaskSource;
  run: RunStore;
  checkpoints: CheckpointStore;
  observer: RunObserver;
  /** Root of all randomness of this run. */
  rng: Rng;
  /** Milliseconds, monotonic. */
  clock: () => number;
  /** Set when the user asked to stop: phases end after the step in progress. */
  signal: AbortSignal;
}

/** Names of the models a run holds in its engine. */
export const MODELS = {
  policy: 'policy',
  reference: 'reference',
  tokenRewardModel: 'token-reward-model',
} as const;

export const PHASES = {
  warmUp: 'warm-up',
  screening: 'screening',
  before: 'evaluation-before',
  reinforce: 'reinforce',
  after: 'evaluation-after',
} as const;

/** Thrown to leave a run at a committed step; the run can be resumed. */
export class RunInterrupted extends Error {
  override readonly name = 'RunInterrupted';
}

/** Throws `RunInterrupted` when the user asked to stop. */
export function checkInterrupted(context: RunContext): void {
  if (context.signal.aborted) throw new RunInterrupted('interrupted; the same command continues this run');
}

/** A learning-rate schedule from a recipe section. */
export function scheduleOf(section: {
  learningRate: number;
  finalLearningRate: number;
  warmupSteps: number;
  steps: number;
  schedule?: Schedule['shape'];
}): Schedule {
  return {
    shape: section.schedule ?? 'cosine',
    peak: section.learningRate,
    final: section.finalLearningRate,
    warmupSteps: section.warmupSteps,
    totalSteps: section.steps,
  };
}

/** Saves the policy with optimiser state and tokenizer: a complete checkpoint, here and for other programs. */
export function savePolicy({ engine, tokenizerDirectory }: RunContext, directory: string): Promise<void> {
  return engine.saveModel(MODELS.policy, directory, { training: true, tokenizer: tokenizerDirectory });
}
