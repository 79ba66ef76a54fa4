// Evaluation of the policy on held-out items: several samples per item, recorded one by one, so that an interrupted
// evaluation draws only what is missing. The items are the same for every seed and every run of a recipe.

import type { Item } from '../core/index.ts';
import { embeddedPolicy } from '../policies/index.ts';
import { checkInterrupted, MODELS, type RunContext } from './context.ts';

/** Items sampled at once: enough to fill the sampler, few enough to lose little when interrupted. */
const CHUNK = 16;

/** Samples and verifies what is missing of a phase. */
export async function evaluatePolicy(context: RunContext, phase: string): Promise<void> {
  const { recipe, engine, tokenizer, tasks, run, observer, clock } = context;
  const { items: perTask, samples, sampling } = recipe.evaluation;
  const total = perTask * tasks.tasks.length;
  const known = run.evaluated(phase);
  const all = Array.from({ length: total }, (_, index) => tasks.item('evaluate', index));
  const missing = all.filter((item) => (known.get(item.id)?.size ?? 0) < samples);
  const policy = embeddedPolicy(engine, MODELS.policy, tokenizer, () => 0);
  observer.phase(phase, total, total - missing.length);
  for (let from = 0; from < missing.length; from += CHUNK) {
    checkInterrupted(context);
    const started = clock();
    const chunk = missing.slice(from, from + CHUNK);
    const rows = await policy.sample(chunk, samples, { ...sampling, seed: `${recipe.seed} ${phase}` });
    let correct = 0;
    let tokens = 0;
    const records = rows.flatMap((row, i) =>
      row.map((rollout) => {
        const item = chunk[i] as Item;
        const verdict = tasks.verify(item, rollout.text);
        // A response that was cut off gave no answer, whatever its text happens to contain.
        const outcome = rollout.finishReason === 'length' ? ('invalid' as const) : verdict.outcome;
        if (outcome === 'correct') correct++;
        tokens += rollout.tokens.length;
        return {
          item: item.id,
          index: rollout.index,
          outcome,
          score: outcome === 'correct' ? verdict.score : 0,
          text: rollout.text,
          tokens: rollout.tokens.length,
          finishReason: rollout.finishReason,
          detail: { answer: verdict.evidence.extracted?.text ?? null },
        };
      }),
    );
    run.recordEvaluations(phase, records);
    const seconds = (clock() - started) / 1000;
    observer.step(total - missing.length + from + chunk.length, {
      accuracy: correct / records.length,
      length: tokens / records.length,
      'tokens-per-second': tokens / seconds,
    });
  }
}
