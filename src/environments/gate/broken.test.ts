import { describe, expect, it } from 'vitest';
import type { Json } from '../../core/index.ts';
import { retry } from '../kits/retry.ts';
import { parseInteger } from '../kits/text.ts';
import { type CheckResult, compareForms, type TaskDef } from '../task.ts';
import { runGate } from './run-gate.ts';

type Sum = { a: number; b: number };

/** A sound task: the sum of two numbers. Each test below breaks one thing in it. */
const sum: TaskDef<Sum> = {
  id: 'toy.sum/plain',
  version: 1,
  group: 'toy',
  kind: 'U',
  levels: [0, 1, 2, 3, 4].map((level) => ({ name: `l${level}`, knobs: { digits: level + 3 } })),
  guessRate: 0.01,
  capacity: [19, 25, 32, 38, 45],
  templates: 3,
  languages: ['en'],
  generate: (rng, level) => {
    const draw = () => rng.int(10 ** (level + 2), 10 ** (level + 3) - 1);
    return { a: draw(), b: draw() };
  },
  prompt: ({ a, b }, template) => [
    {
      role: 'user',
      content: `${['Add', 'Sum', 'Total'][template]} ${a} and ${b}. Write it between <answer> and </answer>.`,
    },
  ],
  oracle: ({ a, b }) => `${a + b}`,
  check: ({ a, b }, answer) => compareForms(parseInteger(answer), `${a + b}`, 'a whole number'),
  difficulty: ({ a, b }) => Math.log10(a + b),
  secondSolver: ({ a, b }) => (BigInt(a) + BigInt(b)).toString(),
};

/** A sound task with many answers: any two positive numbers with a given sum. */
const split: TaskDef<{ n: number }> = {
  ...(sum as unknown as TaskDef<{ n: number }>),
  id: 'toy.split/plain',
  kind: 'C',
  generate: (rng, level) => ({ n: rng.int(10 ** (level + 4), 10 ** (level + 5)) }),
  prompt: ({ n }, template) => [{ role: 'user', content: `${template}: two positive numbers with sum ${n}` }],
  oracle: ({ n }) => `1 ${n - 1}`,
  check: ({ n }, answer) => (addsUp(n, answer) ? right : wrong),
  secondCheck: ({ n }, answer) => addsUp(n, answer),
  difficulty: ({ n }) => n,
  alternatives: ({ n }) => [2, 3, 4].map((k) => `${k} ${n - k}`),
};
delete split.secondSolver;

const right: CheckResult = { score: 1, parsed: 'x', reason: 'holds' };
const wrong: CheckResult = { score: 0, parsed: null, reason: 'no' };

function addsUp(n: number, answer: string): boolean {
  const match = /^([1-9]\d{0,12}) ([1-9]\d{0,12})$/.exec(answer.trim());
  return match !== null && Number(match[1]) + Number(match[2]) === n;
}

const options = { instances: 12, draws: 600, fuzz: 100 };

function failed<I extends Json>(task: TaskDef<I>, change: Partial<TaskDef<I>>, more = {}): string[] {
  const report = runGate({ ...task, ...change }, { ...options, ...more });
  return report.checks.filter((check) => !check.passed).map((check) => check.check);
}

/** A clock that moves on by `ms` every time it is read. */
function ticking(ms: number): () => number {
  let time = 0;
  return () => {
    time += ms;
    return time;
  };
}

describe('the gate on sound tasks', () => {
  it('passes both, with a quick clock as well', () => {
    expect(failed(sum, {})).toEqual([]);
    expect(failed(split, {})).toEqual([]);
    expect(failed(sum, {}, { now: ticking(0.01) })).toEqual([]);
  });

  it('reports the same figures for the same seed', () => {
    expect(runGate(sum, options)).toEqual(runGate(sum, options));
  });
});

describe('the gate on broken tasks', () => {
  const sole = (name: string) => [name];

  it('1 determinism: a generator with a memory', () => {
    let calls = 0;
    const broken = failed(sum, { generate: (rng) => ({ a: rng.int(1000, 9999), b: calls++ }) });
    expect(broken).toContain('determinism');
  });

  it('1 determinism: another golden hash', () => {
    expect(failed(sum, {}, { golden: 'something else' })).toEqual(sole('determinism'));
  });

  it('2 oracle: a checker that accepts no wrapper, and one that never gives full marks', () => {
    const bare = failed(sum, {
      oracle: ({ a, b }) => ` ${a + b}`,
      check: (i, answer) => (answer === ` ${i.a + i.b}` ? right : wrong),
    });
    expect(bare).toContain('oracle');
    expect(
      failed(sum, {
        check: (i, text) => ({ ...sum.check(i, text), score: sum.check(i, text).score * 0.99 }),
      }),
    ).toContain('oracle');
  });

  it('3 independent truth: a second solver that disagrees, and none', () => {
    expect(failed(sum, { secondSolver: ({ a, b }) => `${a + b + 1}` })).toEqual(sole('independent-truth'));
    const { secondSolver: _, ...without } = sum;
    expect(failed(without, {})).toEqual(['independent-truth', 'uniqueness']);
    expect(failed(split, { secondCheck: () => true })).toContain('independent-truth');
  });

  it('4 alternatives: only the oracle is accepted, and none is known', () => {
    expect(
      failed(split, { check: ({ n }, text) => (text.trim() === `1 ${n - 1}` ? right : wrong) }),
    ).toContain('alternatives');
    const { alternatives: _, ...without } = split;
    expect(failed(without, {})).toEqual(sole('alternatives'));
  });

  it('5 zero set: pays for nothing, for an echo, for a near miss', () => {
    const paying = (pays: (i: Sum, text: string) => boolean) =>
      failed(sum, { check: (i, text) => (pays(i, text) ? right : sum.check(i, text)) });
    expect(paying((_, text) => text.trim() === '')).toContain('zero-set');
    expect(paying(({ a, b }, text) => text.includes(`${a} and ${b}`))).toContain('zero-set');
    expect(paying(({ a, b }, text) => Math.abs(Number(text) - a - b) <= 1)).toContain('zero-set');
    expect(
      failed(sum, { floor: 0.5, check: (i, text) => ({ ...right, score: sum.check(i, text).score || 0.3 }) }),
    ).toContain('zero-set');
  });

  it('6 constant attack: three possible answers, a high declared rate, a literal that wins', () => {
    const small = { oracle: ({ a }: Sum) => `${a % 3}`, secondSolver: ({ a }: Sum) => `${a % 3}` };
    const check = ({ a }: Sum, text: string) => compareForms(parseInteger(text), `${a % 3}`, 'a number');
    expect(failed(sum, { ...small, check })).toEqual(sole('constant-attack'));
    expect(failed(sum, { guessRate: 0.5 })).toEqual(sole('constant-attack'));
    expect(failed(sum, { check: (i, text) => (text === 'yes' ? right : sum.check(i, text)) })).toContain(
      'constant-attack',
    );
  });

  it('7 dump attack: a checker that looks for the answer anywhere', () => {
    const anywhere = failed(sum, {
      check: ({ a, b }, text) => (text.split(/\D+/).includes(`${a + b}`) ? right : wrong),
    });
    expect(anywhere).toContain('dump-attack');
  });

  it('8 uniqueness: several solutions', () => {
    expect(failed(sum, { countSolutions: () => 2 })).toEqual(sole('uniqueness'));
    expect(failed(sum, { countSolutions: () => 0 })).toEqual(sole('uniqueness'));
  });

  it('9 bounded: most attempts thrown away, and slow generation', () => {
    const wasteful: TaskDef<Sum>['generate'] = (rng, level) =>
      retry(rng, 10000, (attempt) => (attempt.chance(0.05) ? sum.generate(attempt, level) : null));
    expect(failed(sum, { generate: wasteful })).toEqual(sole('bounded'));
    expect(failed(sum, {}, { now: ticking(60) })).toEqual(['bounded', 'robustness']);
  });

  it('10 leak: answer, instance or a right example in the prompt', () => {
    const saying = (text: (i: Sum) => string) =>
      failed(sum, { prompt: (i) => [{ role: 'user', content: text(i) }] });
    expect(saying(({ a, b }) => `${a} + ${b}, for example ${a + b}`)).toEqual(sole('leak'));
    expect(saying((i) => `Add these: ${JSON.stringify(i)}`)).toEqual(sole('leak'));
    const tiny = {
      oracle: ({ a }: Sum) => `${a % 23}`,
      secondSolver: ({ a }: Sum) => `${a % 23}`,
      guessRate: 0.05,
    };
    const check = ({ a }: Sum, text: string) => compareForms(parseInteger(text), `${a % 23}`, 'a number');
    const prompt = () => [{ role: 'user' as const, content: 'Answer like <answer>5</answer>' }];
    expect(failed(sum, { ...tiny, check, prompt }, { instances: 60 })).toContain('leak');
  });

  it('11 diversity: a thousand instances at the default level, and a low declared capacity', () => {
    const few: TaskDef<Sum>['generate'] = (rng, level) => ({
      a: 10 ** (level + 2) + rng.int(0, 999),
      b: 10 ** (level + 2),
    });
    expect(failed(sum, { generate: few })).toContain('diversity');
    expect(failed(sum, { capacity: [3, 3, 3, 3, 3] })).toEqual(sole('diversity'));
    expect(failed(sum, { canon: ({ a }) => a % 1000 })).toEqual(sole('diversity'));
  });

  it('12 difficulty: flat, and falling', () => {
    expect(failed(sum, { difficulty: () => 1 })).toEqual(sole('difficulty'));
    expect(failed(sum, { difficulty: ({ a, b }) => -Math.log10(a + b) })).toEqual(sole('difficulty'));
    expect(failed(sum, { levels: sum.levels.slice(0, 4) })).toEqual(sole('difficulty'));
  });

  it('13 robustness: throws, leaves its range, or pays for rubbish', () => {
    const on = (text: string, give: () => CheckResult) =>
      failed(sum, { check: (i, answer) => (answer === text ? give() : sum.check(i, answer)) });
    expect(
      on('1e999', () => {
        throw new RangeError('too large');
      }),
    ).toEqual(sole('robustness'));
    expect(on('NaN', () => ({ ...wrong, score: Number.NaN }))).toEqual(sole('robustness'));
    expect(on('constructor', () => right)).toEqual(sole('robustness'));
  });

  it('14 serialisation: an instance that JSON changes', () => {
    const generate: TaskDef<Sum>['generate'] = (rng, level) => ({ ...sum.generate(rng, level), b: -0 });
    const oracle = ({ a, b }: Sum) => `${Object.is(b, -0) ? a : a + 1}`;
    const check = (i: Sum, text: string) => compareForms(parseInteger(text), oracle(i), 'a number');
    expect(failed(sum, { generate, oracle, check, secondSolver: oracle })).toContain('serialisation');
  });

  it('15 size: a prompt or an answer too long', () => {
    const padding = 'word '.repeat(3000);
    expect(
      failed(sum, { prompt: ({ a, b }) => [{ role: 'user', content: `${padding}${a} + ${b}` }] }),
    ).toEqual(sole('size'));
    expect(failed(sum, {}, { countTokens: () => 1001 })).toEqual(sole('size'));
  });

  it('names the check that threw and goes on', () => {
    const report = runGate(
      {
        ...sum,
        difficulty: () => {
          throw new RangeError('no proxy');
        },
      },
      options,
    );
    expect(report.checks).toHaveLength(15);
    expect(report.checks.find(({ check }) => check === 'difficulty')?.detail).toBe(
      'threw RangeError: no proxy',
    );
  });
});
