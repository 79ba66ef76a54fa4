// Gate checks on cost, content and spread: 9 bounded, 10 leak, 11 diversity, 12 difficulty, 15 size. Times are judged
// only when the gate is given a clock. With few draws the diversity check proves what that many draws can prove.

import { extractAnswer } from '../../answers/extract.ts';
import { canonicalJson, type Json } from '../../core/index.ts';
import { defaultLevel } from '../task.ts';
import { type GateCheck, type GateContext, levelsOf, tally } from './context.ts';
import { mannWhitneyGreater, median } from './mann-whitney.ts';

const ORACLE_MS = 1000;
const GENERATE_P95_MS = 50;
const GENERATE_CAP_MS = 2000;
const REJECTION_CAP = 0.8;

/** 9: oracle and generation are quick, and few attempts are thrown away. */
export function checkBounded(context: GateContext): GateCheck {
  const { task, now, effort } = context;
  const failures: string[] = [];
  for (const level of levelsOf(task)) {
    for (const instance of context.sample(level, context.instances)) {
      if (!now) break;
      const start = now();
      task.oracle(instance);
      const took = now() - start;
      if (took > ORACLE_MS) failures.push(`level ${level}: oracle took ${took.toFixed(0)} ms`);
    }
  }
  const times = effort.milliseconds.slice().sort((a, b) => a - b);
  const p95 = times[Math.floor(times.length * 0.95)] ?? 0;
  const longest = times[times.length - 1] ?? 0;
  if (p95 > GENERATE_P95_MS) failures.push(`generation p95 is ${p95.toFixed(1)} ms`);
  if (longest > GENERATE_CAP_MS) failures.push(`one generation took ${longest.toFixed(0)} ms`);
  const rejected = 1 - effort.draws / Math.max(1, effort.attempts);
  if (rejected > REJECTION_CAP) failures.push(`${(100 * rejected).toFixed(0)} % of attempts are rejected`);
  const note = `${(100 * rejected).toFixed(0)} % rejected${now ? `, generation p95 ${p95.toFixed(2)} ms` : ', not timed'}`;
  return { ...tally('bounded', effort.draws, failures, note), figure: rejected };
}

/** 10: the prompt holds neither the answer, nor the instance as JSON, nor an example that is right. */
export function checkLeak(context: GateContext): GateCheck {
  const { task } = context;
  const failures: string[] = [];
  let tested = 0;
  for (const level of levelsOf(task)) {
    for (const instance of context.sample(level, context.instances)) {
      const answer = context.oracle(instance);
      const identity = canonicalJson(instance);
      for (const language of task.languages) {
        for (let template = 0; template < task.templates; template++) {
          tested++;
          const text = task
            .prompt(instance, template, language)
            .map(({ content }) => content)
            .join('\n');
          const where = `level ${level} template ${template} ${language}`;
          if (answer.length >= 4 && text.includes(answer))
            failures.push(`${where}: answer ${JSON.stringify(answer)}`);
          if (text.includes(identity)) failures.push(`${where}: instance as JSON`);
          const example = extractAnswer(text)?.text;
          if (example !== undefined && task.check(instance, example).score > 0)
            failures.push(`${where}: example is right`);
        }
      }
    }
  }
  return tally('leak', tested, failures);
}

/** 11: few duplicates after `canon`, and no sign of fewer instances than declared. */
export function checkDiversity(context: GateContext): GateCheck {
  const { task } = context;
  const failures: string[] = [];
  let share = 0;
  for (const level of new Set([0, defaultLevel(task)])) {
    const base = level === 0 ? 1e3 : 1e5;
    const declared = 2 ** (task.capacity[level] ?? 0);
    if (!(declared >= base)) failures.push(`level ${level}: declared capacity ${declared} is below ${base}`);
    const texts = context
      .sample(level, context.draws)
      .map((instance) => canonicalJson(task.canon ? task.canon(instance) : instance));
    const counts = new Map<string, number>();
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    let pairs = 0;
    for (const count of counts.values()) pairs += (count * (count - 1)) / 2;
    const all = (texts.length * (texts.length - 1)) / 2;
    // Expected coinciding pairs at the least capacity, with three standard deviations to spare.
    const expected = all / base;
    if (pairs > expected + 3 * Math.sqrt(expected) + 1) {
      failures.push(`level ${level}: capacity is about ${Math.round(all / pairs)}, below ${base}`);
    }
    if (level !== 0) {
      share = 1 - counts.size / texts.length;
      if (share > 0.01) failures.push(`${(100 * share).toFixed(1)} % duplicates at the default level`);
    }
  }
  return { ...tally('diversity', context.draws, failures), figure: share };
}

/** 12: the difficulty proxy rises from each level to the next. */
export function checkDifficulty(context: GateContext): GateCheck {
  const { task } = context;
  const failures: string[] = [];
  if (task.levels.length < 5) failures.push(`${task.levels.length} levels, need 5`);
  const count = Math.max(24, context.instances);
  const values = levelsOf(task).map((level) =>
    context.sample(level, count).map((i: Json) => task.difficulty(i)),
  );
  let worst = 0;
  for (let level = 1; level < values.length; level++) {
    const p = mannWhitneyGreater(values[level], values[level - 1]);
    worst = Math.max(worst, p);
    const rises = median(values[level]) > median(values[level - 1]);
    if (!rises || !(p < 0.01))
      failures.push(`level ${level} is not harder than ${level - 1}: p = ${p.toFixed(3)}`);
  }
  return {
    ...tally('difficulty', values.length, failures, `largest p ${worst.toExponential(1)}`),
    figure: worst,
  };
}

/** 15: prompts and answers fit in a context. */
export function checkSize(context: GateContext): GateCheck {
  const { task, countTokens } = context;
  const failures: string[] = [];
  let longest = 0;
  let tested = 0;
  for (const level of levelsOf(task)) {
    const most = level === defaultLevel(task) ? 2000 : 8000;
    for (const instance of context.sample(level, context.instances)) {
      const answer = countTokens(context.oracle(instance));
      if (answer > 1000) failures.push(`level ${level}: answer of ${answer} tokens`);
      for (const language of task.languages) {
        for (let template = 0; template < task.templates; template++) {
          tested++;
          const text = task
            .prompt(instance, template, language)
            .map(({ content }) => content)
            .join('\n');
          const tokens = countTokens(text);
          longest = Math.max(longest, tokens);
          if (tokens > most) failures.push(`level ${level}: prompt of ${tokens} tokens, cap ${most}`);
        }
      }
    }
  }
  return { ...tally('size', tested, failures, `longest prompt ${longest} tokens`), figure: longest };
}
