// What a command is given instead of the process: where to write, where it runs, what time it is, and a signal
// that is set when the user asks to stop. Tests give their own.

import type { Command } from 'commander';

/** The part of a terminal or file stream that commands use. */
export interface TextStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** The world outside a command. */
export interface CliIo {
  stdout: TextStream;
  stderr: TextStream;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Milliseconds, monotonic. */
  now: () => number;
  /** Calls `listener` at every interrupt and returns how to stop listening. */
  onInterrupt(listener: (exitCode: number) => void): () => void;
  /** Leaves the process at once. */
  exit(code: number): void;
}

/** What the action of a command works with. */
export interface CommandContext extends CliIo {
  /** Set at the first interrupt: stop at the next safe place. */
  signal: AbortSignal;
  /** Writes a line to standard output. */
  print(line?: string): void;
  /** Exit code of a command that ends without an error, 0 unless set. */
  exitCode: number;
}

/** A file of this directory that implements one command. */
export interface CommandModule {
  /** Adds arguments, options and the action. */
  register(command: Command, context: CommandContext): void;
}

/** The io of the running process. */
export function processIo(): CliIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    now: () => performance.now(),
    onInterrupt(listener) {
      const onInt = () => listener(130);
      const onTerm = () => listener(143);
      process.on('SIGINT', onInt);
      process.on('SIGTERM', onTerm);
      return () => {
        process.off('SIGINT', onInt);
        process.off('SIGTERM', onTerm);
      };
    },
    exit: (code) => process.exit(code),
  };
}
