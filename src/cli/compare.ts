// `touchstone compare <runA> <runB>`: what may be concluded from the evaluations of two runs.

import type { Command } from 'commander';
import { createRng } from '../core/index.ts';
import type { CommandContext } from './context.ts';
import { DEFAULT_RUNS_DIR, findRun } from './locate-run.ts';

export function register(command: Command, context: CommandContext): void {
  command
    .argument('<runA>', 'name or directory of the first run')
    .argument('<runB>', 'name or directory of the second run')
    .option('--runs-dir <dir>', 'where runs are kept', DEFAULT_RUNS_DIR)
    .option('--json', 'print the comparison as JSON')
    .action(async (first: string, second: string, options: { runsDir: string; json?: boolean }) => {
      const directories = [first, second].map((each) => findRun(each, options.runsDir, context.cwd));
      const { compareRuns, renderComparison } = await import('../evaluate/compare.ts');
      const { summariseRun } = await import('../recipes/summary.ts');
      const { readRun } = await import('../store/index.ts');
      const [a, b] = directories.map((directory) => {
        const run = readRun(directory);
        try {
          return summariseRun(run);
        } finally {
          run.close();
        }
      });
      // The same two runs give the same intervals.
      const result = compareRuns(a, b, createRng('compare'));
      context.print(options.json === true ? JSON.stringify(result, null, 2) : renderComparison(result));
    });
}
