// Phase 1: supervised fine-tuning on synthetic traces. Demonstrations are a fixed set, visited in a new order per
// epoch; the loss is the mean negative log-likelihood of response tokens, so coefficients are constant.

import { type Item, type Rng, TouchstoneError } from '../core/index.ts';
import type { Sequence } from '../engine/batch.ts';
import { learningRateAt } from '../engine/optimiser.ts';
import { checkInterrupted, MODELS, PHASES, type RunContext, savePolicy, scheduleOf } from './context.ts';

/** Trains from step `done` (steps already committed) to the end of the phase. */
export async function warmUp(context: RunContext, done: number): Promise<void> {
  const { recipe, engine, run, checkpoints, observer, clock } = context;
  const { steps } = recipe.warmUp;
  const schedule = scheduleOf(recipe.warmUp);
  observer.phase(PHASES.warmUp, steps, done);
  for (let step = done; step < steps; step++) {
    checkInterrupted(context);
    const started = clock();
    const sequences = demonstrationIndices(context, step).map((index) => demonstration(context, index));
    const tokens = sequences.reduce(
      (sum, { tokens: all, promptLength }) => sum + all.length - promptLength,
      0,
    );
    const coefficients = sequences.map((s) =>
      new Float32Array(s.tokens.length - s.promptLength).fill(-1 / tokens),
    );
    const { logProbs } = await engine.accumulate(MODELS.policy, sequences, coefficients);
    const loss = -logProbs.reduce((sum, row) => row.reduce((a, b) => a + b, sum), 0) / tokens;
    if (!Number.isFinite(loss)) {
      throw new TouchstoneError('not-finite', `the warm-up loss is ${loss} at step ${step + 1}`, {
        hint: 'lower warmUp.learningRate under another --name; the last checkpoint of this run is intact',
      });
    }
    const learningRate = learningRateAt(schedule, step);
    const { gradientNorm } = await engine.step(MODELS.policy, learningRate, recipe.optimiser);
    const metrics = { loss, 'gradient-norm': gradientNorm, 'learning-rate': learningRate };
    const seconds = (clock() - started) / 1000;
    const timings = { seconds, 'tokens-per-second': tokens / seconds };
    run.commitStep({ phase: PHASES.warmUp, step: step + 1, metrics, timings });
    observer.step(step + 1, { ...metrics, ...timings });
    const due =
      (step + 1) % (recipe.checkpointEvery * 10) === 0 || step + 1 === steps || context.signal.aborted;
    if (due) {
      await checkpoints.save({
        phase: PHASES.warmUp,
        step: step + 1,
        write: (dir) => savePolicy(context, `${dir}/policy`),
      });
    }
  }
}

/** Which demonstrations a step visits: consecutive ones of the epoch's order. */
function demonstrationIndices({ recipe, rng }: RunContext, step: number): number[] {
  const { examples, batchSize } = recipe.warmUp;
  const indices: number[] = [];
  let order: number[] = [];
  let epoch = -1;
  for (let i = 0; i < batchSize; i++) {
    const at = step * batchSize + i;
    if (Math.floor(at / examples) !== epoch) {
      epoch = Math.floor(at / examples);
      order = rng.split('warm-up order', epoch).shuffle([...Array(examples).keys()]);
    }
    indices.push(order[at % examples] as number);
  }
  return indices;
}

function demonstration({ recipe, tasks, tokenizer, rng }: RunContext, index: number): Sequence {
  const item: Item = tasks.item('warmUp', index);
  const prompt = tokenizer.encode(tokenizer.applyChatTemplate(item.messages, { addGenerationPrompt: true }));
  const response = slip(
    tokenizer.encode(tasks.demonstrate(item)),
    recipe.warmUp.slipRate,
    rng.split('slips', index),
  );
  const eos = tokenizer.eosTokenIds.slice(0, 1);
  return { tokens: Int32Array.from([...prompt, ...response, ...eos]), promptLength: prompt.length };
}

/** An imperfect teacher: each token is, with probability `rate`, replaced by one from elsewhere in the response. */
function slip(response: Int32Array, rate: number, rng: Rng): Int32Array {
  if (rate === 0) return response;
  return response.map((token) =>
    rng.chance(rate) ? (response[rng.int(0, response.length - 1)] as number) : token,
  );
}
