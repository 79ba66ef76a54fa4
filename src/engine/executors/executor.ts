// What an executor is: something that compiles a program and runs it.

import type { Program } from '../graph/program.ts';

export type FeedArray = Float32Array | Float64Array | Int32Array;
export type Feeds = Readonly<Record<string, FeedArray>>;
export type Results = Record<string, Float32Array | Float64Array>;

/** A program made ready to run. */
export interface CompiledProgram {
  /** Runs once. Results are fresh arrays that belong to the caller. */
  run(feeds: Feeds): Promise<Results>;
  dispose(): Promise<void>;
}

export interface Executor {
  readonly name: string;
  compile(program: Program): Promise<CompiledProgram>;
}
