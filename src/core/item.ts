// Items, samples and rollouts: the data that flows from environments through policies to training.

import type { Message } from './message.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One problem instance as a policy sees it. */
export interface Item {
  /** Unique within a run, stable across machines: `<task>/<split>/<level>/<index>` for generated items. */
  id: string;
  /** The environment task the item belongs to, e.g. `tail.addition/plain`. */
  task: string;
  level: number;
  messages: Message[];
  /** The canonical answer, when there is one. */
  reference?: string;
  /** What the environment needs to verify a response. JSON, so that it can be stored and replayed. */
  instance: Json;
}

/** Why generation of a sample ended. */
export type FinishReason = 'stop' | 'length' | 'error';

/** One generated response to an item. */
export interface Sample {
  itemId: string;
  /** Which of the samples of this item, from 0. Together with the run seed it names the random stream. */
  index: number;
  text: string;
  finishReason: FinishReason;
}

/** A sample with what training needs: tokens and the log-probabilities under which they were drawn. */
export interface Rollout extends Sample {
  promptTokens: Int32Array;
  /** Response tokens, the stop token included when one was drawn. */
  tokens: Int32Array;
  /** Log-probability in nats of each response token under the distribution actually sampled from. */
  behaviourLogProbs: Float32Array;
  /** Optimiser steps the sampling policy had taken. */
  policyVersion: number;
}
