// The command line. Knows the names and summaries of the commands; the file of a command is loaded only when it
// is asked for, so that help is instant. Every fault ends here: see fault-text.ts for what the user reads.
// Exit codes: 0 done, 1 a fault with a code or a failed check, 2 wrong usage, 70 a mistake of ours,
// 130 and 143 stopped by the user.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { type CliIo, type CommandContext, type CommandModule, processIo } from './context.ts';
import { exitCodeOf, faultText } from './fault-text.ts';
import { PACKAGE_ROOT } from './package-root.ts';

interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<CommandModule>;
}

const COMMANDS: readonly CommandEntry[] = [
  { name: 'run', summary: 'run or resume a recipe', load: () => import('./run.ts') },
  { name: 'report', summary: 'write the HTML report of a run', load: () => import('./report.ts') },
  { name: 'compare', summary: 'compare the evaluations of two runs', load: () => import('./compare.ts') },
  { name: 'explain', summary: 'print the formula of a training method', load: () => import('./explain.ts') },
  { name: 'tasks', summary: 'list, show and sample tasks', load: () => import('./tasks.ts') },
  { name: 'validate', summary: 'run the quality gate on tasks', load: () => import('./validate.ts') },
  { name: 'doctor', summary: 'show what this machine offers', load: () => import('./doctor.ts') },
];

/**
 * Runs one command line and returns its exit code.
 *
 * @example
 * process.exitCode = await main(['run', 'recipes/quickstart', '--seed', '7']);
 */
export async function main(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  const controller = new AbortController();
  const context: CommandContext = {
    ...io,
    signal: controller.signal,
    print: (line = '') => io.stdout.write(`${line}\n`),
    exitCode: 0,
  };
  let interruptCode = 0;
  const stopListening = io.onInterrupt((code) => {
    if (interruptCode !== 0) return io.exit(code);
    interruptCode = code;
    io.stderr.write('\nstopping at the next safe place; interrupt again to stop at once\n');
    controller.abort();
  });
  endQuietlyOnClosedPipe(io);
  try {
    const program = await buildProgram(argv, context);
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
    return interruptCode === 0 ? context.exitCode : interruptCode;
  } catch (fault) {
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? 0 : 2;
    if (interruptCode !== 0 && isInterruption(fault)) {
      io.stderr.write(`${fault.message}\n`);
      return interruptCode;
    }
    io.stderr.write(faultText(fault));
    return exitCodeOf(fault);
  } finally {
    stopListening();
  }
}

async function buildProgram(argv: readonly string[], context: CommandContext): Promise<Command> {
  const program = new Command('touchstone')
    .description('Post-training and evaluation workbench for reasoning models.')
    .version(packageVersion(), '-V, --version')
    .showHelpAfterError('(--help shows the usage)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
    });
  // `help run` needs the command as well as `run` does.
  const wanted = new Set(argv.filter((word) => !word.startsWith('-')).slice(0, 2));
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).description(summary);
    if (wanted.has(name)) (await load()).register(command, context);
  }
  return program;
}

function packageVersion(): string {
  const text = readFileSync(`${PACKAGE_ROOT}/package.json`, 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}

function isInterruption(fault: unknown): fault is Error {
  return fault instanceof Error && (fault.name === 'RunInterrupted' || fault.name === 'AbortError');
}

/**
 * `touchstone tasks list | head` closes the pipe early, which is no fault. The news may come after the command has
 * ended, so this goes on until the process does.
 */
function endQuietlyOnClosedPipe(io: CliIo): void {
  if (io.stdout !== process.stdout) return;
  process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
    if (fault.code === 'EPIPE') io.exit(0);
    else throw fault;
  });
}
