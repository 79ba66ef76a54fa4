// `touchstone report <run>`: writes the HTML report of a stored run again, finished or not.

import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { DEFAULT_RUNS_DIR, findRun, shownPath } from './locate-run.ts';

export function register(command: Command, context: CommandContext): void {
  command
    .argument('<run>', 'name of a run, or the path of its directory')
    .option('--runs-dir <dir>', 'where runs are kept', DEFAULT_RUNS_DIR)
    .action(async (reference: string, options: { runsDir: string }) => {
      const directory = findRun(reference, options.runsDir, context.cwd);
      const { readRun } = await import('../store/index.ts');
      const { recipeSchema } = await import('../recipes/schema.ts');
      const { writeRunReport } = await import('../recipes/report.ts');
      const run = readRun(directory);
      try {
        const path = writeRunReport(run, recipeSchema.parse(run.recipe), directory);
        context.print(`report: ${shownPath(path, context.cwd)}`);
      } finally {
        run.close();
      }
    });
}
