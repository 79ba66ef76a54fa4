// Splittable, counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3"). A stream is a 64-bit key; block i of a stream is a pure function of (key, i), so any draw
// can be recomputed without replaying those before it. Streams are keyed by names (run seed, item id, sample
// index, …) through `split`, which absorbs its arguments into the key with Philox as the compression function.
// Not cryptographic.

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const TWO_POW_32 = 4294967296;

type Block = [number, number, number, number];

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middleLow = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middleLow / 65536)) >>> 0;
}

/** One Philox4x32-10 block: 128 random bits from a 128-bit counter and a 64-bit key, as four uint32. */
export function philox(counter: Readonly<Block>, key: readonly [number, number]): Block {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A seeded stream of random numbers. Drawing advances it; splitting does not. */
export interface Rng {
  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number;
  /** Uniform whole number in [low, high], both ends included. Unbiased. */
  int(low: number, high: number): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** True with probability p. */
  chance(p: number): boolean;
  /** One element, uniformly. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** `count` different elements in random order. */
  sample<T>(items: readonly T[], count: number): T[];
  /** An independent stream named by the parts; the same parts give the same stream, whatever was drawn. */
  split(...parts: readonly (string | number)[]): Rng;
  /** Draw `index` of this stream without advancing it: uniform in [0, 1). */
  at(index: number): number;
}

function absorb(key: readonly [number, number], part: string | number): [number, number] {
  const text = typeof part === 'number' ? `#${part}` : `$${part}`;
  let state: [number, number] = [key[0], key[1]];
  for (let start = 0; start <= text.length; start += 6) {
    const unit = (offset: number) => (start + offset < text.length ? text.charCodeAt(start + offset) : 0);
    const block = philox(
      [
        (unit(0) | (unit(1) << 16)) >>> 0,
        (unit(2) | (unit(3) << 16)) >>> 0,
        (unit(4) | (unit(5) << 16)) >>> 0,
        text.length >>> 0,
      ],
      state,
    );
    state = [(block[0] ^ block[2] ^ state[0]) >>> 0, (block[1] ^ block[3] ^ state[1]) >>> 0];
  }
  return state;
}

class PhiloxStream implements Rng {
  readonly #key: readonly [number, number];
  #counter = 0;
  #block: Block = [0, 0, 0, 0];
  #used = 4;

  constructor(key: readonly [number, number]) {
    this.#key = key;
  }

  #word(): number {
    if (this.#used === 4) {
      this.#block = philox([this.#counter >>> 0, Math.floor(this.#counter / TWO_POW_32), 0, 0], this.#key);
      this.#counter++;
      this.#used = 0;
    }
    return this.#block[this.#used++] as number;
  }

  uniform(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  int(low: number, high: number): number {
    const span = high - low + 1;
    if (!(span >= 1) || span > TWO_POW_32 || !Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
      throw new RangeError(`int(${low}, ${high}): need whole numbers with low <= high`);
    }
    const limit = TWO_POW_32 - (TWO_POW_32 % span);
    for (;;) {
      const word = this.#word();
      if (word < limit) return low + (word % span);
    }
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  chance(p: number): boolean {
    return this.uniform() < p;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick from an empty list');
    return items[this.int(0, items.length - 1)] as T;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = items.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      const held = out[i] as T;
      out[i] = out[j] as T;
      out[j] = held;
    }
    return out;
  }

  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) throw new RangeError(`sample of ${count} from ${items.length} items`);
    return this.shuffle(items).slice(0, count);
  }

  split(...parts: readonly (string | number)[]): Rng {
    let key: [number, number] = [this.#key[0], this.#key[1]];
    for (const part of parts) key = absorb(key, part);
    return new PhiloxStream(key);
  }

  at(index: number): number {
    const block = philox([index >>> 0, Math.floor(index / TWO_POW_32), 0, 1], this.#key);
    return ((block[0] >>> 5) * 67108864 + (block[1] >>> 6)) / 9007199254740992;
  }
}

/**
 * The root stream of a seed, optionally already split by names.
 *
 * @example
 * const rng = createRng(7, 'item', 'ar.chain/0');
 * rng.int(1, 6); // the same number in every process
 */
export function createRng(seed: number | string, ...parts: readonly (string | number)[]): Rng {
  return new PhiloxStream([0x746f7563, 0x6873746f]).split(seed, ...parts);
}
