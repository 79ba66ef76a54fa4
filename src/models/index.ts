// Decoder models on the engine: named models that compute, learn, sample and are stored.

export type { Engine, EngineOptions, EngineStatus, ModelInfo, SaveOptions } from './engine.ts';
export { initialWeights } from './initialise.ts';
export { createLocalEngine } from './local-engine.ts';
export { DecoderModel, type LogProbOptions, type LogProbRows } from './model.ts';
export { ProgramCache } from './program-cache.ts';
export { type GenerateOptions, type GenerateRequest, type Generation, generate } from './sampler.ts';
export { startEngine } from './worker-engine.ts';
