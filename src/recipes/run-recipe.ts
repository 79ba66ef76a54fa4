// Runs a recipe from wherever its record stands to the end: warm-up, evaluation, screening, reinforcement,
// evaluation, report. The record and its checkpoints say what is done; the same call after an interruption, even
// kill -9, continues with the same results as if it had never been interrupted.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRng, type Json, TouchstoneError } from '../core/index.ts';
import { loadTokenizer, type Tokenizer } from '../engine/tokenizer/tokenizer.ts';
import { createWordTokenizer } from '../engine/tokenizer/word-level.ts';
import type { Engine, EngineOptions } from '../models/engine.ts';
import { startEngine } from '../models/worker-engine.ts';
import { createCheckpointStore, openRun, type RunStore, type UsableCheckpoint } from '../store/index.ts';
import { checkRecipe, modelConfig } from './check-recipe.ts';
import { MODELS, PHASES, type RunContext, type RunObserver } from './context.ts';
import { evaluatePolicy } from './evaluation.ts';
import { reinforce, resolveMethod, screen } from './reinforce.ts';
import { writeRunReport } from './report.ts';
import type { Recipe } from './schema.ts';
import { pairedGains } from './summary.ts';
import { createTaskSource } from './task-source.ts';
import { warmUp } from './warm-up.ts';

export interface RunRecipeOptions {
  recipe: Recipe;
  /** The run directory; made when missing, resumed when it holds a run of the same recipe. */
  directory: string;
  engine?: Partial<EngineOptions>;
  observer: RunObserver;
  signal?: AbortSignal;
}

/**
 * Runs or resumes a recipe.
 *
 * @returns the path of the report
 * @throws TouchstoneError; and RunInterrupted when `signal` asked to stop. The record is consistent in every case
 */
export async function runRecipe(options: RunRecipeOptions): Promise<string> {
  const { recipe, directory, observer } = options;
  const tasks = createTaskSource(recipe);
  checkRecipe(recipe, tasks);
  const started = performance.now();
  const run = openRun(directory, { recipe: recipe as unknown as Json, seed: recipe.seed });
  let engine: Engine | undefined;
  try {
    const tokenizerDirectory = recipe.model.checkpoint ?? join(directory, 'tokenizer');
    const tokenizer = prepareTokenizer(recipe, tokenizerDirectory, tasks.vocabulary);
    engine = await startEngine({ executor: 'onnx', ...options.engine });
    const context: RunContext = {
      recipe,
      engine,
      tokenizer,
      tokenizerDirectory,
      tasks,
      run,
      checkpoints: createCheckpointStore(run),
      observer,
      rng: createRng(recipe.seed, 'run'),
      clock: () => performance.now(),
      signal: options.signal ?? new AbortController().signal,
    };
    await runPhases(context);
    const earlier = run.getResult('wall seconds');
    if (earlier === undefined) run.setResult('wall seconds', (performance.now() - started) / 1000);
    for (const line of pairedGains(run, recipe.evaluation.k)) observer.note(line);
    return writeRunReport(run, recipe, directory);
  } catch (fault) {
    if (fault instanceof TouchstoneError) noteFault(run, fault);
    throw fault;
  } finally {
    try {
      await engine?.close();
    } finally {
      run.close();
    }
  }
}

function noteFault(run: RunStore, { code, message }: TouchstoneError): void {
  try {
    run.warn(`${code}: ${message}`);
  } catch {
    // A store that cannot take a warning, on a full disk say, must not hide the fault itself.
  }
}

async function runPhases(context: RunContext): Promise<void> {
  const { recipe, run, observer } = context;
  const checkpoint = await context.checkpoints.resume();
  if (checkpoint) observer.note(`continuing after step ${checkpoint.step} of ${checkpoint.phase}`);
  const inReinforce = checkpoint?.phase === PHASES.reinforce;
  if (!inReinforce) {
    await preparePolicy(context, checkpoint);
    await warmUp(context, checkpoint?.step ?? 0);
    await evaluatePolicy(context, PHASES.before);
  }
  const pool = await screenedPool(context);
  await prepareReinforcement(context, inReinforce ? checkpoint : undefined);
  await reinforce(context, inReinforce ? checkpoint.step : 0, pool);
  await evaluatePolicy(context, PHASES.after);
  run.setResult('finished', { steps: recipe.warmUp.steps + recipe.reinforce.steps });
}

async function preparePolicy(
  { engine, recipe, tokenizer }: RunContext,
  checkpoint?: UsableCheckpoint,
): Promise<void> {
  if (checkpoint) {
    await engine.resumeModel(MODELS.policy, join(checkpoint.directory, 'policy'));
  } else if (recipe.model.checkpoint !== null) {
    await engine.loadModel(MODELS.policy, recipe.model.checkpoint);
  } else {
    await engine.createModel(MODELS.policy, modelConfig(recipe, tokenizer), recipe.seed);
  }
}

/** Models of the reinforcement phase: the reference is the warmed-up policy, the token reward model starts from it. */
async function prepareReinforcement(context: RunContext, checkpoint?: UsableCheckpoint): Promise<void> {
  const { engine, checkpoints, recipe } = context;
  const { method, config } = resolveMethod(context.recipe);
  const warm = await checkpoints.latest(PHASES.warmUp);
  // An earlier one, found because the last is damaged, would silently be another reference.
  if (warm?.step !== recipe.warmUp.steps) {
    throw new TouchstoneError('checkpoint-missing', 'the checkpoint after warm-up is gone or damaged', {
      hint: 'it is the reference policy of reinforcement; start the run again under another --name',
    });
  }
  await engine.loadModel(MODELS.reference, join(warm.directory, 'policy'));
  const needsScores = method.needs(config).tokenRewardModel;
  if (checkpoint) {
    await engine.resumeModel(MODELS.policy, join(checkpoint.directory, 'policy'));
    if (needsScores) {
      await engine.resumeModel(MODELS.tokenRewardModel, join(checkpoint.directory, 'token-reward-model'));
    }
    return;
  }
  // A fresh optimiser: its moments belong to the warm-up loss.
  await engine.loadModel(MODELS.policy, join(warm.directory, 'policy'));
  if (needsScores) await engine.loadModel(MODELS.tokenRewardModel, join(warm.directory, 'policy'), 'score');
}

async function screenedPool(context: RunContext): Promise<number[] | null> {
  if (context.recipe.reinforce.pool === 0) return null;
  const known = context.run.getResult('screened pool');
  const pool = Array.isArray(known) ? known.map(Number) : await screen(context);
  if (known === undefined) context.run.setResult('screened pool', pool);
  if (pool.length > 0) return pool;
  throw new TouchstoneError(
    'bad-config',
    'screening kept no training item: all were solved in 80 % or more',
    {
      hint: 'lengthen the tasks under train, or set reinforce.pool to 0, and give the run another --name',
    },
  );
}

function prepareTokenizer(recipe: Recipe, directory: string, vocabulary: readonly string[]): Tokenizer {
  if (recipe.model.checkpoint !== null) return loadTokenizer(directory);
  mkdirSync(directory, { recursive: true });
  return createWordTokenizer(vocabulary, { dir: directory });
}
