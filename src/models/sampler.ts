// Batched sampling with a key-value cache. Sequences live in slots; a finished one frees its slot for the next
// request (continuous batching); the samples of one prompt share its prefill; the slot table shrinks when work runs
// out and its capacity grows with the longest sequence. Each sample draws from its own counter-based stream at its
// own position, so what is sampled does not depend on what else is in the batch.

import { TouchstoneError } from '../core/errors.ts';
import { createRng, type Rng } from '../core/rng.ts';
import type { Results } from '../engine/executors/executor.ts';
import { chooseToken, DEFAULT_SAMPLING, type SamplingOptions } from '../engine/sampling/choose-token.ts';
import type { DecoderModel } from './model.ts';
import { decodeProgram, prefillProgram } from './programs.ts';
import { SlotTable } from './slot-table.ts';

export interface GenerateOptions extends Partial<SamplingOptions> {
  maxNewTokens: number;
  /** Sampling ends after any of these; the stop token is part of the response. */
  stopTokens: readonly number[];
  /** Most sequences decoded at once; default 256. */
  slots?: number;
}

/** One prompt and the samples wanted of it, each named by the parts that seed its random stream. */
export interface GenerateRequest {
  prompt: Int32Array;
  streams: readonly (readonly (string | number)[])[];
}

/** One sample. Arrays cover the response only. */
export interface Generation {
  tokens: Int32Array;
  /** Nats, under the truncated distribution actually sampled from. */
  logProbs: Float32Array;
  /** `length` = cut off at maxNewTokens or at the model's maximal position. */
  finishReason: 'stop' | 'length';
}

interface Work {
  request: number;
  sample: number;
  prompt: Int32Array;
  rng: Rng;
  tokens: number[];
  logProbs: number[];
}

/** Prompts prefilled in one program run at most. */
const PREFILL_ROWS = 16;
const TIME_MULTIPLE = 16;
const DEFAULT_SLOTS = 256;
const SMALLEST_TABLE = 8;

/**
 * Samples every request.
 *
 * @returns generations in the order of requests and their streams
 * @throws TouchstoneError 'bad-input' for an empty prompt, one too long for the model, unknown token ids, or options
 * out of range; 'not-finite' when the model's logits are not numbers
 */
export async function generate(
  model: DecoderModel,
  requests: readonly GenerateRequest[],
  options: GenerateOptions,
  onProgress?: (newTokens: number) => void,
): Promise<Generation[][]> {
  checkOptions(options);
  checkRequests(model, requests);
  const sampling = { ...DEFAULT_SAMPLING, ...options };
  const stop = new Set(options.stopTokens);
  const longest = Math.max(0, ...requests.map((request) => request.prompt.length));
  const limit = Math.min(longest + options.maxNewTokens, model.config.maxPositions);
  const out: Generation[][] = requests.map(() => []);
  const queue: Work[] = requests.flatMap((request, r) =>
    request.streams.map((stream, sample) => ({
      request: r,
      sample,
      prompt: request.prompt,
      rng: createRng('sampling', ...stream),
      tokens: [],
      logProbs: [],
    })),
  );
  const table = new SlotTable<Work>(
    model.config,
    fitSlots(queue.length, options.slots ?? DEFAULT_SLOTS),
    limit,
    model.programs.buffers,
  );
  const feeds = model.parameterFeeds();
  const vocabulary = model.config.vocabSize;

  /** Draws the next token of a sample; true when the sample has ended. */
  const extend = (work: Work, logits: Float32Array | Float64Array, row: number): boolean => {
    const position = work.tokens.length;
    const { token, logProb } = chooseToken(
      logits,
      row * vocabulary,
      vocabulary,
      sampling,
      work.rng.at(position),
    );
    work.tokens.push(token);
    work.logProbs.push(logProb);
    const stopped = stop.has(token);
    const full =
      position + 1 >= options.maxNewTokens || work.prompt.length + position + 1 >= model.config.maxPositions;
    if (!stopped && !full) return false;
    (out[work.request] as Generation[])[work.sample] = {
      tokens: Int32Array.from(work.tokens),
      logProbs: Float32Array.from(work.logProbs),
      finishReason: stopped ? 'stop' : 'length',
    };
    return true;
  };

  const admit = async (): Promise<void> => {
    const admitted = queue.splice(0, table.free);
    for (const [prompts, rows] of await prefill(model, feeds, admitted)) {
      for (const work of admitted) {
        const row = prompts.get(work.request);
        if (row === undefined) continue;
        if (!extend(work, rows.results.logits as Float32Array, row)) {
          table.place(work, work.prompt.length, rows.results, row * rows.time);
        }
      }
    }
    onProgress?.(admitted.length);
  };

  while (queue.length > 0 || table.active > 0) {
    if (queue.length > 0 && table.free >= Math.max(1, table.slots >> 3)) await admit();
    if (table.active === 0) continue;
    if (queue.length === 0) table.shrink(SMALLEST_TABLE);
    table.makeRoom();
    const program = await model.programs.get(
      `decode ${table.slots}x${table.capacity} ${model.programKey}`,
      () => decodeProgram(model.config, table.slots, table.capacity),
    );
    const results = await program.run({ ...feeds, ...table.feeds((work) => work.tokens.at(-1) as number) });
    const decoded = table.active;
    table.advance(results, (work, slot) => extend(work, results.logits as Float32Array, slot));
    onProgress?.(decoded);
  }
  table.release();
  return out;
}

interface Prefilled {
  results: Results;
  time: number;
}

/** Runs the distinct prompts of the work through the model; yields request → row maps with their results. */
async function prefill(
  model: DecoderModel,
  feeds: Record<string, Float32Array | Float64Array | Int32Array>,
  work: readonly Work[],
): Promise<[Map<number, number>, Prefilled][]> {
  const distinct = [...new Map(work.map((w) => [w.request, w.prompt]))].sort(
    (a, b) => a[1].length - b[1].length || a[0] - b[0],
  );
  const out: [Map<number, number>, Prefilled][] = [];
  for (let from = 0; from < distinct.length; from += PREFILL_ROWS) {
    const group = distinct.slice(from, from + PREFILL_ROWS);
    const batch = group.length > PREFILL_ROWS / 2 ? PREFILL_ROWS : group.length;
    const time = Math.ceil((group.at(-1)?.[1].length ?? 1) / TIME_MULTIPLE) * TIME_MULTIPLE;
    const tokens = new Int32Array(batch * time);
    const last = new Int32Array(batch);
    group.forEach(([, prompt], row) => {
      tokens.set(prompt, row * time);
      last[row] = row * time + prompt.length - 1;
    });
    const positions = Int32Array.from({ length: batch * time }, (_, i) => i % time);
    const program = await model.programs.get(`prefill ${batch}x${time} ${model.programKey}`, () =>
      prefillProgram(model.config, batch, time),
    );
    const results = await program.run({ ...feeds, tokens, positions, last });
    out.push([new Map(group.map(([request], row) => [request, row])), { results, time }]);
  }
  return out;
}

/** The slot table's size: the smallest power of two that holds the work, within bounds. */
function fitSlots(work: number, most: number): number {
  let slots = SMALLEST_TABLE;
  while (slots < work && slots < most) slots *= 2;
  return Math.min(slots, Math.max(1, most));
}

function checkOptions(options: GenerateOptions): void {
  const { maxNewTokens, slots = DEFAULT_SLOTS } = options;
  const { temperature, topK, topP, minP } = { ...DEFAULT_SAMPLING, ...options };
  const check = (name: string, value: number, fits: boolean, hint: string) => {
    if (!fits) throw new TouchstoneError('bad-input', `${name} is ${value}`, { hint });
  };
  const isShare = (value: number) => value >= 0 && value <= 1;
  check('maxNewTokens', maxNewTokens, maxNewTokens >= 1, 'use at least 1');
  check('slots', slots, Number.isInteger(slots) && slots >= 1, 'use a whole number of at least 1');
  check('temperature', temperature, temperature >= 0 && temperature < Infinity, 'use 0 (greedy) or more');
  check('topK', topK, Number.isInteger(topK) && topK >= 0, 'use a whole number; 0 keeps every token');
  check('topP', topP, isShare(topP), 'use a number from 0 to 1; 1 keeps every token');
  check('minP', minP, isShare(minP), 'use a number from 0 to 1; 0 keeps every token');
}

function checkRequests(model: DecoderModel, requests: readonly GenerateRequest[]): void {
  const { vocabSize, maxPositions } = model.config;
  requests.forEach(({ prompt }, i) => {
    if (prompt.length === 0 || prompt.length >= maxPositions) {
      throw new TouchstoneError('bad-input', `request ${i}: a prompt of ${prompt.length} tokens`, {
        hint: `the model takes 1 to ${maxPositions - 1} prompt tokens`,
      });
    }
    const unknown = prompt.find((token) => token < 0 || token >= vocabSize);
    if (unknown !== undefined) {
      throw new TouchstoneError('bad-input', `request ${i}: token ${unknown} is not in the vocabulary`, {
        hint: `token ids are 0 to ${vocabSize - 1}`,
      });
    }
  });
}
