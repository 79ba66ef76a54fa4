// A policy served by the embedded engine: renders items with the tokenizer's chat template, samples, and returns
// rollouts with tokens and behaviour log-probabilities. The random stream of a sample is named by (seed, item id,
// sample index), so a rollout does not depend on what else is sampled with it.

import type { Item, Rollout } from '../core/index.ts';
import type { SamplingOptions } from '../engine/sampling/choose-token.ts';
import type { Tokenizer } from '../engine/tokenizer/tokenizer.ts';
import type { Engine } from '../models/engine.ts';

export interface SampleOptions extends SamplingOptions {
  /** Names the random streams, together with item id and sample index. */
  seed: number | string;
  maxNewTokens: number;
}

/** Something that samples responses. */
export interface Policy {
  /** Samples `count` responses per item, indices from `firstIndex`; rows in the order of the items. */
  sample(
    items: readonly Item[],
    count: number,
    options: SampleOptions,
    firstIndex?: number,
  ): Promise<Rollout[][]>;
}

/** The model `name` of an engine as a policy. `version` is read at every call: optimiser steps taken so far. */
export function embeddedPolicy(
  engine: Engine,
  name: string,
  tokenizer: Tokenizer,
  version: () => number,
): Policy {
  return {
    async sample(items, count, options, firstIndex = 0) {
      const { seed, maxNewTokens, temperature, topK, topP, minP } = options;
      const prompts = items.map((item) =>
        tokenizer.encode(tokenizer.applyChatTemplate(item.messages, { addGenerationPrompt: true })),
      );
      const requests = items.map((item, i) => ({
        prompt: prompts[i] as Int32Array,
        streams: Array.from({ length: count }, (_, s) => [seed, item.id, firstIndex + s]),
      }));
      const sampling = { maxNewTokens, temperature, topK, topP, minP, stopTokens: tokenizer.eosTokenIds };
      const generations = await engine.generate(name, requests, sampling);
      const policyVersion = version();
      return generations.map((row, i) =>
        row.map((generation, s) => ({
          itemId: (items[i] as Item).id,
          index: firstIndex + s,
          text: tokenizer.decode(generation.tokens, { skipSpecialTokens: true }),
          finishReason: generation.finishReason,
          promptTokens: prompts[i] as Int32Array,
          tokens: generation.tokens,
          behaviourLogProbs: generation.logProbs,
          policyVersion,
        })),
      );
    },
  };
}
