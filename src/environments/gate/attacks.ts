// Gate checks on answers that should not pay: 5 zero set, 6 constant attack, 7 dump attack, 13 checker robustness.
// A wrong answer that the second checker calls right is not counted against the task.

import { extractAnswer } from '../../answers/extract.ts';
import { canonicalJson, type Json } from '../../core/index.ts';
import type { CheckResult, TaskDef } from '../task.ts';
import { type GateCheck, type GateContext, levelsOf, tally } from './context.ts';
import { fuzzStrings } from './fuzz.ts';
import { perturb } from './perturb.ts';

/** What a trivial answer to a graded task may score at most, whatever floor is declared. */
const TRIVIAL_CAP = 0.05;

/** Counted tasks must have a guess rate of at most this. */
const GUESS_CAP = 0.1;

/** Answers that need no look at the problem. */
export const LITERALS: readonly string[] = [
  ...'0 1 2 3 4 5 6 7 8 9 10 11 12 15 16 20 24 25 32 42 64 99 100 -1 -2 0.5 1/2 pi x A B C D'.split(' '),
  ...['yes', 'no', 'true', 'false', 'none', 'N/A', '[]', '{}', '[0]', 'and'],
];

function rightBySecond(task: TaskDef, instance: Json, answer: string): boolean {
  return task.secondCheck?.(instance, answer) ?? false;
}

/** 5: empty, echoed, foreign and perturbed answers score 0 (graded tasks: at most their floor). */
export function checkZeroSet(context: GateContext): GateCheck {
  const { task } = context;
  const limit = Math.min(task.floor ?? 0, TRIVIAL_CAP);
  const failures: string[] = [];
  let tested = 0;
  for (const level of levelsOf(task)) {
    const sample = context.sample(level, context.instances);
    sample.forEach((instance, i) => {
      const answer = context.oracle(instance);
      const prompt = task.prompt(instance, i % task.templates, 'en').map(({ content }) => content);
      const trivial = ['', '   ', 'none', '0', ...prompt, ...prompt.flatMap((text) => text.split('\n\n'))];
      const echoes = [
        canonicalJson(instance),
        JSON.stringify(answer),
        extractAnswer(prompt.join('\n'))?.text ?? '',
      ];
      // A graded task may pay for a near miss, never in full.
      const graded = task.floor !== undefined;
      const foreign = context.oracle(sample[(i + 1) % sample.length]);
      const near = [
        foreign,
        ...perturb(answer),
        ...(task.attacks?.(instance, context.rng('zero', level, i)) ?? []),
      ];
      for (const [wrong, most] of [
        ...[...trivial, ...echoes].map((text) => [text, limit] as const),
        ...near.map((text) => [text, graded ? 1 - 1e-9 : limit] as const),
      ]) {
        if (wrong.trim() === answer || rightBySecond(task, instance, wrong)) continue;
        tested++;
        const { score, reason } = task.check(instance, wrong);
        if (score > most) {
          failures.push(
            `level ${level}: ${JSON.stringify(wrong)} scores ${score} (${reason}), answer ${JSON.stringify(answer)}`,
          );
        }
      }
    });
  }
  return tally('zero-set', tested, failures);
}

/** 6: no answer given without looking beats the declared guess rate, at any level. */
export function checkConstantAttack(context: GateContext): GateCheck {
  const { task } = context;
  if (task.guessRate > GUESS_CAP) {
    const detail = `declared guess rate ${task.guessRate} is above ${GUESS_CAP}`;
    return { check: 'constant-attack', passed: false, figure: task.guessRate, detail };
  }
  let worst = { rate: -1, over: Number.NEGATIVE_INFINITY, detail: '' };
  for (const level of levelsOf(task)) {
    // Frequent answers come from one half of the draws, the accuracy from the other.
    const fresh = Math.max(40, Math.min(500, 2 * context.instances));
    const seen = Math.max(fresh, Math.min(context.draws, 10 * context.instances));
    const sample = context.sample(level, seen + fresh);
    const counts = new Map<string, number>();
    for (const instance of sample.slice(0, seen)) {
      const answer = context.oracle(instance);
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 50);
    const own = task.attacks?.(sample[0], context.rng('constant', level)) ?? [];
    const target = sample.slice(seen);
    const sigma = Math.sqrt((task.guessRate * (1 - task.guessRate)) / target.length);
    for (const candidate of [...frequent.map(([answer]) => answer), ...LITERALS, ...own]) {
      const rate =
        target.reduce<number>((sum, instance) => sum + task.check(instance, candidate).score, 0) /
        target.length;
      const over = rate - (task.guessRate + 3 * sigma);
      if (over > worst.over)
        worst = { rate, over, detail: `level ${level}: ${JSON.stringify(candidate.slice(0, 60))}` };
    }
  }
  const detail = `best constant scores ${worst.rate.toFixed(3)} against a declared ${task.guessRate} (${worst.detail})`;
  return { check: 'constant-attack', passed: worst.over <= 1e-12, figure: worst.rate, detail };
}

/** 7: many answers at once score nothing; of two tags the last counts. */
export function checkDumpAttack(context: GateContext): GateCheck {
  const { task } = context;
  const limit = Math.min(task.floor ?? 0, TRIVIAL_CAP);
  const failures: string[] = [];
  let tested = 0;
  const scoreOf = (instance: Json, response: string): number => {
    tested++;
    const text = extractAnswer(response)?.text;
    return text === undefined ? 0 : task.check(instance, text).score;
  };
  for (const level of levelsOf(task)) {
    const sample = context.sample(level, Math.max(4, context.instances));
    sample.forEach((instance, i) => {
      const answer = context.oracle(instance);
      const others = [1, 2, 3].map((step) => context.oracle(sample[(i + step) % sample.length]));
      const wrong = others.find((text) => text !== answer && task.check(instance, text).score === 0);
      if (wrong === undefined) return;
      for (const mark of [', ', '\n', ' or ', ' ', ' = ']) {
        for (const dump of [
          [wrong, answer],
          [answer, wrong],
          [...others, answer],
          [answer, answer],
        ]) {
          const text = dump.join(mark);
          if (rightBySecond(task, instance, text)) continue;
          if (scoreOf(instance, `<answer>${text}</answer>`) > limit)
            failures.push(`level ${level}: dump ${JSON.stringify(text)}`);
        }
      }
      const last = scoreOf(instance, `<answer>${answer}</answer> <answer>${wrong}</answer>`);
      const first = scoreOf(instance, `<answer>${wrong}</answer> <answer>${answer}</answer>`);
      if (last > limit) failures.push(`level ${level}: a right answer before a wrong one scores ${last}`);
      if (first !== 1) failures.push(`level ${level}: a right answer after a wrong one scores ${first}`);
    });
  }
  return tally('dump-attack', tested, failures);
}

/** 13: no answer makes the checker throw, stall, or leave its range. */
export function checkRobustness(context: GateContext): GateCheck {
  const { task, now } = context;
  const failures: string[] = [];
  const times: number[] = [];
  let tested = 0;
  const levels = levelsOf(task);
  for (const text of fuzzStrings(context.rng('fuzz'), context.fuzz)) {
    const [instance] = context.sample(levels[tested % levels.length], 1);
    tested++;
    const start = now?.() ?? 0;
    try {
      const result = task.check(instance, text);
      if (!wellFormed(result)) failures.push(`malformed result ${JSON.stringify(result)}`);
      else if (
        result.score > 0 &&
        text !== context.oracle(instance) &&
        !rightBySecond(task, instance, text)
      ) {
        failures.push(`${JSON.stringify(text.slice(0, 80))} scores ${result.score}`);
      }
    } catch (thrown) {
      // Any throw on a bad answer is the defect this check looks for.
      failures.push(`throws ${String(thrown)} on ${JSON.stringify(text.slice(0, 80))}`);
    }
    if (now) times.push(now() - start);
  }
  times.sort((a, b) => a - b);
  const p99 = times[Math.min(times.length - 1, Math.floor(times.length * 0.99))] ?? 0;
  if (p99 > 50) failures.push(`p99 of ${p99.toFixed(1)} ms`);
  return tally('robustness', tested, failures, now ? `p99 ${p99.toFixed(2)} ms` : 'not timed');
}

function wellFormed(result: CheckResult): boolean {
  return (
    Number.isFinite(result.score) &&
    result.score >= 0 &&
    result.score <= 1 &&
    (result.parsed === null || typeof result.parsed === 'string') &&
    typeof result.reason === 'string'
  );
}
