// Large arrays kept for the next user. Memory fresh from the system costs a page fault per 4 KiB, ten times a pass
// over memory that is already there; what recurs at every call (the sampler's caches) is therefore kept.

export class BufferPool {
  #free: Float32Array[] = [];

  /** An array of zeros, of memory given back earlier where one is large enough. */
  take(size: number): Float32Array {
    let best = -1;
    this.#free.forEach((candidate, i) => {
      const held = this.#free[best]?.length ?? Number.POSITIVE_INFINITY;
      if (candidate.length >= size && candidate.length < held) best = i;
    });
    if (best < 0) return new Float32Array(size);
    const [found] = this.#free.splice(best, 1) as [Float32Array];
    return found.subarray(0, size).fill(0);
  }

  /** Gives arrays back, which must not be used afterwards. At most `keep` of them, the largest, are kept. */
  give(arrays: readonly Float32Array[], keep: number): void {
    const whole = arrays.map((array) => new Float32Array(array.buffer as ArrayBuffer));
    this.#free = [...this.#free, ...whole].sort((a, b) => b.length - a.length).slice(0, keep);
  }
}
