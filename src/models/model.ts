// A decoder with its weights, ready to compute: token log-probabilities or scores of sequences, gradients
// accumulated from per-token coefficients, optimiser steps. Batches are cut here; callers see ragged rows.

import { TouchstoneError } from '../core/errors.ts';
import {
  type Batch,
  type BatchOptions,
  collectRows,
  makeBatches,
  type ResponseRows,
  type RowAlignment,
  type Sequence,
  spreadRows,
} from '../engine/batch.ts';
import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import type { FeedArray, Results } from '../engine/executors/executor.ts';
import {
  createOptimiserState,
  type OptimiserConfig,
  type OptimiserState,
  optimiserStep,
  type Tensor,
} from '../engine/optimiser.ts';
import type { ProgramCache } from './program-cache.ts';
import { GRADIENT, languageModelProgram, scoreProgram } from './programs.ts';

export interface LogProbOptions {
  /** Temperature of the distribution the log-probabilities are of; default 1. */
  temperature?: number;
  /** Also return entropies (nats). */
  entropy?: boolean;
}

export interface LogProbRows {
  logProbs: ResponseRows;
  entropies?: ResponseRows;
}

export class DecoderModel {
  readonly config: ModelConfig;
  readonly weights: Map<string, Tensor>;
  readonly #programs: ProgramCache;
  readonly #key: string;
  readonly #batching: Partial<BatchOptions>;
  #gradients = new Map<string, Float32Array>();
  #optimiser: OptimiserState | undefined;

  constructor(
    config: ModelConfig,
    weights: Map<string, Tensor>,
    programs: ProgramCache,
    batching: Partial<BatchOptions> = {},
  ) {
    this.config = config;
    this.weights = weights;
    this.#programs = programs;
    this.#batching = batching;
    this.#key = JSON.stringify(config);
  }

  /** Log-probability of every response token given what precedes it. */
  async logProbs(sequences: readonly Sequence[], options: LogProbOptions = {}): Promise<LogProbRows> {
    const { temperature = 1, entropy = false } = options;
    checkTokens(sequences, this.config);
    const out: LogProbRows = { logProbs: [], ...(entropy ? { entropies: [] } : {}) };
    for (const batch of makeBatches(sequences, this.#batching)) {
      const results = await this.#languageModel(batch, { temperature, entropy, gradients: false }, {});
      collectRows(batch, results.logProb as Float32Array, sequences, out.logProbs);
      if (out.entropies) collectRows(batch, results.entropy as Float32Array, sequences, out.entropies);
    }
    return out;
  }

  /**
   * Adds to the gradients those of sum over response tokens of coefficient * logProb (+ entropyCoefficient *
   * entropy). Coefficients are rows like the log-probabilities that `logProbs` returns.
   */
  async accumulate(
    sequences: readonly Sequence[],
    coefficients: readonly ArrayLike<number>[],
    options: { temperature?: number; entropyCoefficients?: readonly ArrayLike<number>[] } = {},
  ): Promise<LogProbRows> {
    checkTokens(sequences, this.config);
    checkRows(sequences, coefficients);
    const { temperature = 1, entropyCoefficients } = options;
    const entropy = entropyCoefficients !== undefined;
    const out: LogProbRows = { logProbs: [] };
    for (const batch of makeBatches(sequences, this.#batching)) {
      const feeds: Record<string, FeedArray> = { dLogProb: spreadRows(batch, coefficients, sequences) };
      if (entropyCoefficients) feeds.dEntropy = spreadRows(batch, entropyCoefficients, sequences);
      const results = await this.#languageModel(batch, { temperature, entropy, gradients: true }, feeds);
      this.#addGradients(results);
      collectRows(batch, results.logProb as Float32Array, sequences, out.logProbs);
    }
    return out;
  }

  /** Score of every response token; `alignment` says which hidden state stands for a token. */
  async scores(sequences: readonly Sequence[], alignment: RowAlignment = 'before'): Promise<ResponseRows> {
    checkTokens(sequences, this.config);
    const out: ResponseRows = [];
    for (const batch of makeBatches(sequences, this.#batching)) {
      const results = await this.#score(batch, false, {});
      collectRows(batch, results.score as Float32Array, sequences, out, alignment);
    }
    return out;
  }

  /** Adds to the gradients those of sum over response tokens of coefficient * score. */
  async accumulateScores(
    sequences: readonly Sequence[],
    coefficients: readonly ArrayLike<number>[],
    alignment: RowAlignment = 'before',
  ): Promise<void> {
    checkTokens(sequences, this.config);
    checkRows(sequences, coefficients);
    for (const batch of makeBatches(sequences, this.#batching)) {
      const dScore = spreadRows(batch, coefficients, sequences, alignment);
      this.#addGradients(await this.#score(batch, true, { dScore }));
    }
  }

  /** Applies the accumulated gradients and clears them. */
  step(learningRate: number, config: OptimiserConfig): { gradientNorm: number } {
    if (this.#gradients.size === 0)
      throw new TouchstoneError('bad-input', 'optimiser step without gradients');
    const gradients = this.#gradients;
    this.#gradients = new Map();
    return optimiserStep(this.weights, gradients, this.optimiser, learningRate, config);
  }

  /** Drops accumulated gradients. */
  clearGradients(): void {
    this.#gradients = new Map();
  }

  /** The gradients accumulated so far, by parameter name. */
  get gradients(): ReadonlyMap<string, Float32Array> {
    return this.#gradients;
  }

  /** AdamW moments; made on first use. */
  get optimiser(): OptimiserState {
    this.#optimiser ??= createOptimiserState(this.weights);
    return this.#optimiser;
  }

  set optimiser(state: OptimiserState | undefined) {
    this.#optimiser = state;
  }

  /** Weights as the feeds every program of this model needs. */
  parameterFeeds(): Record<string, FeedArray> {
    return Object.fromEntries([...this.weights].map(([name, { data }]) => [name, data]));
  }

  get programKey(): string {
    return this.#key;
  }

  get programs(): ProgramCache {
    return this.#programs;
  }

  async #languageModel(
    batch: Batch,
    options: { temperature: number; entropy: boolean; gradients: boolean },
    feeds: Record<string, FeedArray>,
  ): Promise<Results> {
    const shape = shapeOf(batch);
    const program = await this.#programs.get(`lm ${JSON.stringify([shape, options])} ${this.#key}`, () =>
      languageModelProgram(this.config, shape, options),
    );
    return program.run({ ...this.parameterFeeds(), ...batchFeeds(batch), targets: batch.targets, ...feeds });
  }

  async #score(batch: Batch, gradients: boolean, feeds: Record<string, FeedArray>): Promise<Results> {
    const shape = shapeOf(batch);
    const program = await this.#programs.get(`score ${JSON.stringify([shape, gradients])} ${this.#key}`, () =>
      scoreProgram(this.config, shape, { gradients }),
    );
    return program.run({ ...this.parameterFeeds(), ...batchFeeds(batch), ...feeds });
  }

  #addGradients(results: Results): void {
    for (const [key, gradient] of Object.entries(results)) {
      if (!key.startsWith(GRADIENT)) continue;
      const name = key.slice(GRADIENT.length);
      const sum = this.#gradients.get(name);
      if (sum === undefined) {
        this.#gradients.set(name, gradient instanceof Float32Array ? gradient : Float32Array.from(gradient));
      } else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (gradient[i] as number);
    }
  }
}

function shapeOf({ batch, time, packed }: Batch) {
  return { batch, time, packed };
}

function batchFeeds(batch: Batch): Record<string, FeedArray> {
  const { tokens, positions, segments, packed } = batch;
  return { tokens, positions, ...(packed ? { segments } : {}) };
}

/** Executors differ in what they do with an unknown token (some wrap around), so none gets to see one. */
function checkTokens(sequences: readonly Sequence[], { vocabSize }: ModelConfig): void {
  sequences.forEach(({ tokens }, i) => {
    const unknown = tokens.find((token) => token < 0 || token >= vocabSize);
    if (unknown === undefined) return;
    throw new TouchstoneError('bad-input', `sequence ${i}: token ${unknown} is not in the vocabulary`, {
      hint: `token ids are 0 to ${vocabSize - 1}`,
    });
  });
}

function checkRows(sequences: readonly Sequence[], rows: readonly ArrayLike<number>[]): void {
  sequences.forEach(({ tokens, promptLength }, i) => {
    const want = tokens.length - promptLength;
    if (rows[i]?.length === want) return;
    throw new TouchstoneError('bad-shape', `sequence ${i}: ${rows[i]?.length ?? 'no'} coefficients`, {
      hint: `give one per response token, ${want}`,
    });
  });
}
