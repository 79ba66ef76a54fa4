// The engine in the calling thread: an executor, a cache of compiled programs, and models by name.

import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { TouchstoneError } from '../core/errors.ts';
import { createRng } from '../core/rng.ts';
import { loadModelCheckpoint, saveModelCheckpoint } from '../engine/checkpoint/model-checkpoint.ts';
import { type ModelConfig, validateModelConfig } from '../engine/checkpoint/model-config.ts';
import { parameterShapes } from '../engine/checkpoint/parameter-shapes.ts';
import type { Executor } from '../engine/executors/executor.ts';
import { createOnnxExecutor } from '../engine/executors/onnx/onnx-executor.ts';
import { referenceExecutor } from '../engine/executors/reference/reference-executor.ts';
import type { Tensor } from '../engine/optimiser.ts';
import type { Engine, EngineOptions, ModelInfo } from './engine.ts';
import { initialWeights } from './initialise.ts';
import { DecoderModel } from './model.ts';
import { readOptimiserState, writeOptimiserState } from './optimiser-file.ts';
import { ProgramCache } from './program-cache.ts';
import { generate } from './sampler.ts';

const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'generation_config.json',
];

const OPTIMISER_FILE = 'optimiser.safetensors';

async function createExecutor(options: EngineOptions): Promise<Executor> {
  if (options.executor === 'reference') return referenceExecutor;
  return createOnnxExecutor(options.threads === undefined ? {} : { threads: options.threads });
}

/**
 * An engine that computes in this thread.
 *
 * @example
 * const engine = await createLocalEngine({ executor: 'onnx' });
 * await engine.loadModel('policy', 'checkpoints/qwen3-tiny');
 */
export async function createLocalEngine(options: EngineOptions): Promise<Engine> {
  const executor = await createExecutor(options);
  const programs = new ProgramCache(executor);
  const models = new Map<string, DecoderModel>();
  const batching = {
    ...(options.maxBatchTokens === undefined ? {} : { maxTokens: options.maxBatchTokens }),
    ...(options.layout === undefined ? {} : { layout: options.layout }),
  };

  const find = (name: string): DecoderModel => {
    const model = models.get(name);
    if (model) return model;
    throw new TouchstoneError('not-found', `no model named ${name}`, {
      hint: `the engine holds ${[...models.keys()].join(', ') || 'none'}`,
    });
  };
  const install = (name: string, config: ModelConfig, weights: Map<string, Tensor>): ModelInfo => {
    models.set(name, new DecoderModel(config, weights, programs, batching));
    const parameters = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    return { config, parameters };
  };

  return {
    async createModel(name, config, seed) {
      validateModelConfig(config);
      return install(name, config, initialWeights(config, createRng(seed, 'weights')));
    },
    async loadModel(name, directory, head) {
      const { config, weights } = loadModelCheckpoint(directory);
      return install(name, ...withHead(config, weights, head));
    },
    async copyModel(from, to, head) {
      const { config, weights } = find(from);
      const copies = new Map(
        [...weights].map(([key, { shape, data }]) => [key, { shape, data: data.slice() }]),
      );
      return install(to, ...withHead(config, copies, head));
    },
    async deleteModel(name) {
      find(name);
      models.delete(name);
    },
    async saveModel(name, directory, { training = false, tokenizer } = {}) {
      const { config, weights, optimiser } = find(name);
      saveModelCheckpoint(directory, config, weights, {
        addFiles: (staging) => {
          if (training) writeOptimiserState(join(staging, OPTIMISER_FILE), optimiser, weights);
          for (const file of tokenizer === undefined ? [] : TOKENIZER_FILES) {
            if (existsSync(join(tokenizer as string, file)))
              copyFileSync(join(tokenizer as string, file), join(staging, file));
          }
        },
      });
    },
    async resumeModel(name, directory) {
      const { config, weights } = loadModelCheckpoint(directory);
      const info = install(name, config, weights);
      find(name).optimiser = readOptimiserState(join(directory, OPTIMISER_FILE), weights);
      return info;
    },
    logProbs: async (name, sequences, logProbOptions) => find(name).logProbs(sequences, logProbOptions),
    accumulate: async (name, sequences, coefficients, accumulateOptions) =>
      find(name).accumulate(sequences, coefficients, accumulateOptions),
    scores: async (name, sequences, alignment) => find(name).scores(sequences, alignment),
    accumulateScores: async (name, sequences, coefficients, alignment) =>
      find(name).accumulateScores(sequences, coefficients, alignment),
    step: async (name, learningRate, config) => find(name).step(learningRate, config),
    clearGradients: async (name) => find(name).clearGradients(),
    generate: async (name, requests, generateOptions) => generate(find(name), requests, generateOptions),
    async status() {
      return {
        executor: executor.name,
        models: [...models.keys()],
        memory: process.memoryUsage.rss(),
        peakMemory: process.resourceUsage().maxRSS * 1024,
      };
    },
    async close() {
      models.clear();
      await programs.dispose();
    },
  };
}

/** Swaps the language-model head for a zero score head, or back to none of it when the heads already agree. */
function withHead(
  config: ModelConfig,
  weights: Map<string, Tensor>,
  head: 'lm' | 'score' = config.head,
): [ModelConfig, Map<string, Tensor>] {
  if (head === config.head) return [config, weights];
  if (head === 'lm') {
    throw new TouchstoneError('bad-config', 'a score model cannot become a language model', {
      hint: 'load the language model it was made from',
    });
  }
  const scored: ModelConfig = { ...config, head };
  const out = new Map<string, Tensor>();
  for (const [name, shape] of parameterShapes(scored)) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    out.set(name, weights.get(name) ?? { shape: [...shape], data: new Float32Array(size) });
  }
  return [scored, out];
}
