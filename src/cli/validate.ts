// `touchstone validate [task…]`: the quality gate on tasks. Exit code 1 when one does not pass.

import type { Command } from 'commander';
import { findTasks, runGate } from '../environments/index.ts';
import type { CommandContext } from './context.ts';
import { parseCount } from './option-values.ts';

/** Enough to find a broken task within a second or two; --full uses the gate's own numbers. */
const QUICK = { instances: 30, draws: 200, fuzz: 200 };

interface ValidateOptions {
  full?: boolean;
  instances?: number;
  seed: number;
  json?: boolean;
}

export function register(command: Command, context: CommandContext): void {
  command
    .argument('[tasks...]', 'task names or patterns; all without one')
    .option('--full', 'as many instances as for a release, minutes per task')
    .option('--instances <n>', 'instances per level', parseCount)
    .option('--seed <n>', 'seed', parseCount, 0)
    .option('--json', 'one JSON line per task')
    .action((patterns: string[], options: ValidateOptions) => validate(patterns, options, context));
}

async function validate(
  patterns: string[],
  options: ValidateOptions,
  context: CommandContext,
): Promise<void> {
  const found = [];
  for (const pattern of patterns.length === 0 ? ['*'] : patterns) found.push(...(await findTasks(pattern)));
  const tasks = [...new Set(found)];
  let passed = 0;
  for (const task of tasks) {
    // The gate computes without a pause; this lets an interrupt through between tasks.
    await new Promise((resolve) => setImmediate(resolve));
    if (context.signal.aborted) break;
    const started = context.now();
    const report = runGate(task, {
      ...(options.full === true ? {} : QUICK),
      ...(options.instances === undefined ? {} : { instances: options.instances }),
      seed: options.seed,
      now: context.now,
    });
    if (report.passed) passed++;
    if (options.json === true) {
      context.print(JSON.stringify(report));
      continue;
    }
    const seconds = ((context.now() - started) / 1000).toFixed(1);
    context.print(`${report.passed ? 'passed' : 'FAILED'}  ${report.task}  ${seconds} s`);
    for (const check of report.checks) {
      if (!check.passed) context.print(`        ${check.check}: ${check.detail}`);
    }
  }
  if (options.json !== true) context.print(`${passed} of ${tasks.length} tasks passed`);
  if (passed < tasks.length) context.exitCode = 1;
}
