// From ragged sequences to rectangular batches and back. A sequence is a prompt and a response; position p
// predicts token p + 1, and only response tokens carry loss. `padded` batches group sequences of similar length,
// `packed` batches put several into one row, told apart by segment numbers.

import { TouchstoneError } from '../core/errors.ts';

/** Tokens of one training sequence. */
export interface Sequence {
  tokens: Int32Array;
  /** Tokens before the response, >= 1. */
  promptLength: number;
}

/** One number per response token of each sequence. */
export type ResponseRows = Float32Array[];

export interface Placement {
  /** Index into the sequences given. */
  sequence: number;
  /** Flat index of the sequence's first token. */
  start: number;
}

/** Rectangular feeds of `batch` x `time` positions and where each sequence lies in them. */
export interface Batch {
  batch: number;
  time: number;
  packed: boolean;
  tokens: Int32Array;
  positions: Int32Array;
  targets: Int32Array;
  /** 0 for padding, 1, 2, … for the sequences of a row. */
  segments: Int32Array;
  placements: Placement[];
}

export interface BatchOptions {
  /** Upper bound of batch * time; a longer sequence is refused. */
  maxTokens: number;
  /** batch * time aimed at, passed only by a single row that is longer; 2048 is what processor caches hold. */
  targetTokens?: number;
  /** Row lengths are rounded up to this, to keep the number of program shapes small. */
  timeMultiple: number;
  layout: 'padded' | 'packed';
}

export const DEFAULT_BATCH_OPTIONS: Required<BatchOptions> = {
  maxTokens: 4096,
  targetTokens: 2048,
  timeMultiple: 32,
  layout: 'padded',
};

/**
 * Cuts sequences into batches. Every sequence appears exactly once; the split depends only on the lengths.
 *
 * @throws TouchstoneError 'bad-input' for an empty response, an empty prompt, or a sequence longer than maxTokens
 */
export function makeBatches(sequences: readonly Sequence[], options: Partial<BatchOptions> = {}): Batch[] {
  const resolved = { ...DEFAULT_BATCH_OPTIONS, ...options };
  sequences.forEach((sequence, i) => {
    checkSequence(sequence, i, resolved);
  });
  const order = sequences
    .map((sequence, index) => ({ index, length: sequence.tokens.length }))
    .sort((a, b) => b.length - a.length || a.index - b.index);
  const longest = roundUp(order[0]?.length ?? 0, resolved.timeMultiple);
  const rows = resolved.layout === 'packed' ? firstFit(order, longest) : order.map((entry) => [entry]);
  const out: Batch[] = [];
  for (let from = 0; from < rows.length; ) {
    const used = (rows[from] ?? []).reduce((sum, entry) => sum + entry.length, 0);
    const time = resolved.layout === 'packed' ? longest : roundUp(used, resolved.timeMultiple);
    // A few left-over rows take the next power of two, not a whole batch of padding.
    const most = Math.max(1, Math.floor(Math.min(resolved.maxTokens, resolved.targetTokens) / time));
    const batch = Math.min(most, 2 ** Math.ceil(Math.log2(rows.length - from)));
    out.push(fill(sequences, rows.slice(from, from + batch), batch, time, resolved.layout === 'packed'));
    from += batch;
  }
  return out;
}

function checkSequence(sequence: Sequence, index: number, options: BatchOptions): void {
  const { tokens, promptLength } = sequence;
  if (promptLength < 1 || promptLength >= tokens.length) {
    throw new TouchstoneError(
      'bad-input',
      `sequence ${index}: prompt ${promptLength} of ${tokens.length} tokens`,
      {
        hint: 'a sequence needs at least one prompt token and one response token',
      },
    );
  }
  if (roundUp(tokens.length, options.timeMultiple) > options.maxTokens) {
    throw new TouchstoneError('bad-input', `sequence ${index} has ${tokens.length} tokens`, {
      hint: `raise the batch's maxTokens (${options.maxTokens}) or shorten the sequence`,
    });
  }
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

interface Entry {
  index: number;
  length: number;
}

/** First-fit decreasing into rows of `capacity` tokens. */
function firstFit(order: readonly Entry[], capacity: number): Entry[][] {
  const rows: { entries: Entry[]; used: number }[] = [];
  for (const entry of order) {
    const row = rows.find((candidate) => candidate.used + entry.length <= capacity);
    if (row) {
      row.entries.push(entry);
      row.used += entry.length;
    } else {
      rows.push({ entries: [entry], used: entry.length });
    }
  }
  return rows.map((row) => row.entries);
}

function fill(
  sequences: readonly Sequence[],
  rows: readonly (readonly Entry[])[],
  batch: number,
  time: number,
  packed: boolean,
): Batch {
  const n = batch * time;
  const out: Batch = {
    batch,
    time,
    packed,
    tokens: new Int32Array(n),
    positions: new Int32Array(n),
    targets: new Int32Array(n),
    segments: new Int32Array(n),
    placements: [],
  };
  rows.forEach((row, r) => {
    let start = r * time;
    row.forEach((entry, s) => {
      const { tokens } = sequences[entry.index] as Sequence;
      out.tokens.set(tokens, start);
      out.targets.set(tokens.subarray(1), start);
      for (let p = 0; p < tokens.length; p++) {
        out.positions[start + p] = p;
        out.segments[start + p] = s + 1;
      }
      out.placements.push({ sequence: entry.index, start });
      start += tokens.length;
    });
  });
  return out;
}

/** Which hidden state stands for a response token: the one that predicts it, or the one that has read it. */
export type RowAlignment = 'before' | 'including';

/** Copies the response positions of a flat per-position array into rows. */
export function collectRows(
  batch: Batch,
  flat: ArrayLike<number>,
  sequences: readonly Sequence[],
  rows: ResponseRows,
  alignment: RowAlignment = 'before',
): void {
  for (const { sequence, start } of batch.placements) {
    const { tokens, promptLength } = sequences[sequence] as Sequence;
    const first = start + promptLength - (alignment === 'before' ? 1 : 0);
    const row = new Float32Array(tokens.length - promptLength);
    for (let t = 0; t < row.length; t++) row[t] = flat[first + t] as number;
    rows[sequence] = row;
  }
}

/** The adjoint of `collectRows`: spreads rows over the positions of a batch, zero elsewhere. */
export function spreadRows(
  batch: Batch,
  rows: readonly ArrayLike<number>[],
  sequences: readonly Sequence[],
  alignment: RowAlignment = 'before',
): Float32Array {
  const flat = new Float32Array(batch.batch * batch.time);
  for (const { sequence, start } of batch.placements) {
    const { promptLength } = sequences[sequence] as Sequence;
    flat.set(rows[sequence] as ArrayLike<number>, start + promptLength - (alignment === 'before' ? 1 : 0));
  }
  return flat;
}
