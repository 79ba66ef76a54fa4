// The three models every engine measurement is made on, and their cost in floating-point operations.

import type { ModelConfig } from '../../src/engine/checkpoint/model-config.ts';
import { parameterShapes } from '../../src/engine/checkpoint/parameter-shapes.ts';
import { sizeOf } from '../../src/engine/graph/value.ts';

export interface Size {
  name: string;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  feedForward: number;
  /** Sequences and tokens per sequence of one optimiser step. */
  batch: number;
  time: number;
}

export const VOCABULARY = 128;

export const SIZES: readonly Size[] = [
  {
    name: '0.82M',
    hidden: 128,
    layers: 4,
    heads: 4,
    kvHeads: 2,
    headDim: 32,
    feedForward: 384,
    batch: 32,
    time: 256,
  },
  {
    name: '4.79M',
    hidden: 256,
    layers: 6,
    heads: 4,
    kvHeads: 2,
    headDim: 64,
    feedForward: 768,
    batch: 32,
    time: 256,
  },
  {
    name: '25.3M',
    hidden: 512,
    layers: 8,
    heads: 8,
    kvHeads: 4,
    headDim: 64,
    feedForward: 1536,
    batch: 16,
    time: 256,
  },
];

export function configOf(size: Size): ModelConfig {
  return {
    architecture: 'llama',
    vocabSize: VOCABULARY,
    hiddenSize: size.hidden,
    layers: size.layers,
    heads: size.heads,
    kvHeads: size.kvHeads,
    headDim: size.headDim,
    feedForwardSize: size.feedForward,
    normEpsilon: 1e-6,
    ropeTheta: 10000,
    ropeScaling: null,
    position: 'rope',
    qkNorm: false,
    attentionBias: false,
    attentionOutputBias: false,
    mlpBias: false,
    tiedEmbeddings: false,
    maxPositions: 512,
    head: 'lm',
    eosTokenIds: [0],
    initializerRange: 0.02,
  };
}

export function parameterCount(size: Size): number {
  return [...parameterShapes(configOf(size)).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
}

/** Forward and backward of one optimiser step: 6 N tokens without the embedding, attention without causal discount. */
export function trainingFlops(size: Size): number {
  const { batch, time, heads, headDim, layers, hidden } = size;
  const weights = parameterCount(size) - VOCABULARY * hidden;
  return 6 * weights * batch * time + 12 * time * time * headDim * heads * batch * layers;
}

/** The distinct products [n, k] x [k, m] of the linear layers, with how often a layer stack runs each forward. */
export function linearShapes(size: Size, rows: number): { n: number; k: number; m: number; count: number }[] {
  const { hidden, heads, kvHeads, headDim, feedForward, layers } = size;
  const product = (k: number, m: number, count: number) => ({ n: rows, k, m, count: count * layers });
  return [
    product(hidden, heads * headDim, 1),
    product(hidden, kvHeads * headDim, 2),
    product(heads * headDim, hidden, 1),
    product(hidden, feedForward, 2),
    product(feedForward, hidden, 1),
  ];
}
