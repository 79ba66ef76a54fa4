// Compiled programs by what they compute and for which shape. Least recently used ones are dropped, because each
// holds memory of its own.

import { BufferPool } from '../engine/buffer-pool.ts';
import type { CompiledProgram, Executor } from '../engine/executors/executor.ts';
import type { Program } from '../engine/graph/program.ts';

/** Enough for every batch shape of a run with a few kinds of work. */
const DEFAULT_CAPACITY = 48;

export class ProgramCache {
  /** Memory that users of the programs keep between calls. */
  readonly buffers = new BufferPool();
  readonly #executor: Executor;
  readonly #capacity: number;
  readonly #programs = new Map<string, Promise<CompiledProgram>>();

  constructor(executor: Executor, capacity = DEFAULT_CAPACITY) {
    this.#executor = executor;
    this.#capacity = capacity;
  }

  /** The compiled program of a key; `build` runs only when it is not there. */
  async get(key: string, build: () => Program): Promise<CompiledProgram> {
    const known = this.#programs.get(key);
    const compiled = known ?? this.#executor.compile(build());
    this.#programs.delete(key);
    this.#programs.set(key, compiled);
    try {
      await compiled;
    } catch (fault) {
      // A failed compilation is not kept, so that the next call tries again.
      if (this.#programs.get(key) === compiled) this.#programs.delete(key);
      throw fault;
    }
    while (this.#programs.size > this.#capacity) {
      const [oldest] = this.#programs.keys();
      const dropped = this.#programs.get(oldest as string);
      this.#programs.delete(oldest as string);
      await (await dropped)?.dispose();
    }
    return compiled;
  }

  async dispose(): Promise<void> {
    for (const program of this.#programs.values()) await (await program).dispose();
    this.#programs.clear();
  }
}
