// `touchstone run <recipe>`: starts a recipe, or continues it where its record stands.

import type { Command } from 'commander';
import { stringify } from 'yaml';
import { type Json, TouchstoneError } from '../core/index.ts';
import type { Recipe } from '../recipes/schema.ts';
import type { CommandContext } from './context.ts';
import { DEFAULT_RUNS_DIR, runDirectory, shownPath } from './locate-run.ts';
import { collectOption, parseCount, parseThreads } from './option-values.ts';
import { createProgress } from './progress.ts';
import { loadRecipe } from './recipe-file.ts';
import { describeIssues } from './schema-text.ts';

interface RunCommandOptions {
  runsDir: string;
  name?: string;
  seed?: number;
  set?: string[];
  threads?: number;
  dryRun?: boolean;
}

export function register(command: Command, context: CommandContext): void {
  command
    .argument('<recipe>', 'a YAML file, or the name of a built-in recipe')
    .option('--runs-dir <dir>', 'where runs are kept', DEFAULT_RUNS_DIR)
    .option('--name <name>', 'name of the run (default: that of the recipe, with the seed when one is given)')
    .option('--seed <n>', 'seed of all randomness', parseCount)
    .option('--set <key=value>', 'override a value of the recipe; may be repeated', collectOption)
    .option('--threads <n>', 'threads of the engine', parseThreads)
    .option('--dry-run', 'print the resolved recipe and stop')
    .addHelpText('after', '\nThe same command continues an interrupted run.')
    .action((recipe: string, options: RunCommandOptions) => runCommand(recipe, options, context));
}

async function runCommand(
  reference: string,
  options: RunCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { recipeSchema } = await import('../recipes/schema.ts');
  const set = options.set ?? [];
  const overrides = options.seed === undefined ? set : [...set, `seed=${options.seed}`];
  const { recipe, name } = loadRecipe(reference, recipeSchema, { overrides, cwd: context.cwd });
  await checkMethod(recipe);
  if (options.dryRun === true) {
    context.stdout.write(stringify(recipe));
    return;
  }
  const runName = options.name ?? (options.seed === undefined ? name : `${name}-seed${options.seed}`);
  const directory = runDirectory(options.runsDir, runName, context.cwd);
  const { runRecipe } = await import('../recipes/run-recipe.ts');
  const { stderr, env } = context;
  const progress = createProgress(stderr, {
    isTTY: stderr.isTTY === true && env.TERM !== 'dumb',
    columns: () => stderr.columns ?? 80,
    now: context.now,
    color: env.NO_COLOR === undefined || env.NO_COLOR === '',
  });
  try {
    const report = await runRecipe({
      recipe,
      directory,
      observer: progress,
      signal: context.signal,
      engine: options.threads === undefined ? {} : { threads: options.threads },
    });
    progress.finish();
    context.print(`report: ${shownPath(report, context.cwd)}`);
  } finally {
    progress.finish();
  }
}

/** Checks the method's own configuration, which the recipe schema does not know, before anything is started. */
async function checkMethod(recipe: Recipe): Promise<void> {
  const { methodNamed } = await import('../train/methods/index.ts');
  const { resolveMethod } = await import('../recipes/reinforce.ts');
  const method = methodNamed(recipe.reinforce.method);
  const config = recipe.reinforce.config as { [key: string]: Json };
  const result = method.schema.safeParse(config);
  if (result.success) {
    resolveMethod(recipe);
    return;
  }
  const problems = describeIssues(result.error.issues, method.schema, config);
  throw new TouchstoneError(
    'bad-config',
    problems.map(({ text }) => `reinforce.config.${text}`).join('\n  '),
    {
      hint: `touchstone explain ${method.name} shows its configuration`,
    },
  );
}
