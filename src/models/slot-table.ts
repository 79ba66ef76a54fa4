// The sampler's key-value cache: `slots` sequences side by side, each with room for `capacity` positions. Keys and
// values lie outside the programs as [slots, kvHeads, capacity, headDim] per layer; a decoding step returns only the
// new rows, which are written here.

import { TouchstoneError } from '../core/errors.ts';
import { BufferPool } from '../engine/buffer-pool.ts';
import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import type { Results } from '../engine/executors/executor.ts';

/** Capacities grow in these steps, so that few program shapes occur. */
const CAPACITY_STEP = 64;

export class SlotTable<W> {
  readonly #config: ModelConfig;
  readonly #limit: number;
  readonly #buffers: BufferPool;
  #work: (W | undefined)[];
  #lengths: Int32Array;
  #capacity: number;
  #keys: Float32Array[];
  #values: Float32Array[];

  /** `limit` is the longest sequence that can occur, prompt included. */
  constructor(config: ModelConfig, slots: number, limit: number, buffers = new BufferPool()) {
    this.#config = config;
    this.#limit = limit;
    this.#buffers = buffers;
    this.#capacity = Math.min(CAPACITY_STEP, this.#roundCapacity(limit));
    this.#work = new Array<W | undefined>(slots).fill(undefined);
    this.#lengths = new Int32Array(slots);
    this.#keys = this.#allocate(slots, this.#capacity);
    this.#values = this.#allocate(slots, this.#capacity);
  }

  get slots(): number {
    return this.#work.length;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get active(): number {
    return this.#work.reduce((count, work) => count + (work === undefined ? 0 : 1), 0);
  }

  get free(): number {
    return this.slots - this.active;
  }

  /** Puts a sequence into a free slot, copying its prefilled keys and values from row `from` on. */
  place(work: W, length: number, prefilled: Results, from: number): void {
    if (this.free === 0) throw new TouchstoneError('bad-input', 'no free slot');
    this.#grow(length);
    // Growing moves sequences, so the slot is looked for afterwards.
    const slot = this.#work.indexOf(undefined);
    this.#work[slot] = work;
    this.#lengths[slot] = length;
    const { kvHeads, headDim } = this.#config;
    const width = kvHeads * headDim;
    this.#keys.forEach((keys, layer) => {
      const key = prefilled[`key.${layer}`] as Float32Array;
      const value = prefilled[`value.${layer}`] as Float32Array;
      const values = this.#values[layer] as Float32Array;
      for (let head = 0; head < kvHeads; head++) {
        let to = (slot * kvHeads + head) * this.#capacity * headDim;
        for (let p = 0; p < length; p++, to += headDim) {
          const at = (from + p) * width + head * headDim;
          keys.set(key.subarray(at, at + headDim), to);
          values.set(value.subarray(at, at + headDim), to);
        }
      }
    });
  }

  /** Feeds of a decoding step; free slots decode a harmless token 0 at length 0. */
  feeds(tokenOf: (work: W) => number): Record<string, Float32Array | Int32Array> {
    const feeds: Record<string, Float32Array | Int32Array> = {
      tokens: Int32Array.from(this.#work, (work) => (work === undefined ? 0 : tokenOf(work))),
      lengths: this.#lengths.slice(),
    };
    this.#keys.forEach((keys, layer) => {
      feeds[`keyCache.${layer}`] = keys;
      feeds[`valueCache.${layer}`] = this.#values[layer] as Float32Array;
    });
    return feeds;
  }

  /** Writes the new rows of a decoding step, then frees the slots for which `ended` returns true. */
  advance(results: Results, ended: (work: W, slot: number) => boolean): void {
    const { kvHeads, headDim } = this.#config;
    this.#keys.forEach((keys, layer) => {
      const key = results[`key.${layer}`] as Float32Array;
      const value = results[`value.${layer}`] as Float32Array;
      const values = this.#values[layer] as Float32Array;
      for (let slot = 0; slot < this.slots; slot++) {
        if (this.#work[slot] === undefined) continue;
        const length = this.#lengths[slot] as number;
        for (let head = 0; head < kvHeads; head++) {
          const at = (slot * kvHeads + head) * headDim;
          const to = (at / headDim) * this.#capacity * headDim + length * headDim;
          for (let c = 0; c < headDim; c++) {
            keys[to + c] = key[at + c] as number;
            values[to + c] = value[at + c] as number;
          }
        }
      }
    });
    for (let slot = 0; slot < this.slots; slot++) {
      const work = this.#work[slot];
      if (work === undefined) continue;
      this.#lengths[slot] = (this.#lengths[slot] as number) + 1;
      if (!ended(work, slot)) continue;
      this.#work[slot] = undefined;
      this.#lengths[slot] = 0;
    }
  }

  /** Makes sure that every sequence has room for one more position. */
  makeRoom(): void {
    this.#grow(this.#lengths.reduce((most, length) => Math.max(most, length), 0) + 1);
  }

  /** Halves the table while its sequences fit into half of it. */
  shrink(least: number): void {
    const { active } = this;
    let slots = this.slots;
    for (let half = Math.ceil(slots / 2); half < slots && half >= Math.max(least, active); ) {
      slots = half;
      half = Math.ceil(slots / 2);
    }
    if (slots < this.slots) this.#rebuild(slots, this.#capacity);
  }

  /** Gives the cache's memory back for the next table; this one is of no use afterwards. */
  release(): void {
    this.#buffers.give([...this.#keys, ...this.#values], 2 * this.#config.layers);
    this.#keys = [];
    this.#values = [];
  }

  #grow(length: number): void {
    if (length > this.#capacity)
      this.#rebuild(this.slots, this.#roundCapacity(Math.max(length, this.#capacity + 1)));
  }

  /** The next step, or the limit itself when less than half a step would remain: moving the cache costs more. */
  #roundCapacity(length: number): number {
    const rounded = Math.ceil(length / CAPACITY_STEP) * CAPACITY_STEP;
    const limit = Math.max(this.#limit, length);
    return rounded + CAPACITY_STEP / 2 > limit ? limit : rounded;
  }

  #allocate(slots: number, capacity: number): Float32Array[] {
    const size = slots * this.#config.kvHeads * capacity * this.#config.headDim;
    return Array.from({ length: this.#config.layers }, () => this.#buffers.take(size));
  }

  /** Moves the active sequences, in slot order, into a table of another size. */
  #rebuild(slots: number, capacity: number): void {
    const kept = [...this.#work.keys()].filter((slot) => this.#work[slot] !== undefined);
    const { kvHeads, headDim } = this.#config;
    const move = (from: Float32Array[]): Float32Array[] => {
      const to = this.#allocate(slots, capacity);
      from.forEach((source, layer) => {
        kept.forEach((slot, target) => {
          const used = (this.#lengths[slot] as number) * headDim;
          for (let head = 0; head < kvHeads; head++) {
            const at = (slot * kvHeads + head) * this.#capacity * headDim;
            to[layer]?.set(source.subarray(at, at + used), (target * kvHeads + head) * capacity * headDim);
          }
        });
      });
      this.#buffers.give(from, 2 * this.#config.layers);
      return to;
    };
    this.#keys = move(this.#keys);
    this.#values = move(this.#values);
    const lengths = new Int32Array(slots);
    const work = new Array<W | undefined>(slots).fill(undefined);
    kept.forEach((slot, target) => {
      lengths[target] = this.#lengths[slot] as number;
      work[target] = this.#work[slot];
    });
    this.#lengths = lengths;
    this.#work = work;
    this.#capacity = capacity;
  }
}
