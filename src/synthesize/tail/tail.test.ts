// Properties of every TAIL task: traces agree with the machine and with an oracle that shares no code with
// the task, every token is in the vocabulary, every switch does what it says, every mutation is caught.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../core/rng.ts';
import { addition, binarySearch, compare, population, TAIL_TASKS, tailTask, wordFlip } from './index.ts';
import { TIER_NAMES } from './split.ts';
import type { TailInstance, TailTask, TierName, TraceOptions } from './types.ts';

const ARMS: Partial<TraceOptions>[] = [
  {},
  { linearTransition: false },
  { atomicState: false },
  { memoryFetcher: false },
  { addresses: 'fixed' },
  { addresses: 'none' },
  { style: 'styled' },
  { bar: false },
  { format: 'direct' },
  { linearTransition: false, atomicState: false, memoryFetcher: false, addresses: 'none', style: 'styled' },
  { linearTransition: false, style: 'styled', bar: false },
];

const instanceOf = (
  task: TailTask,
  tier: TierName,
  seed: number | string,
  decimals = false,
): TailInstance => {
  const rng = createRng(seed, task.id, tier);
  return task.generate(rng, rng.int(...task.tiers[tier].range), { decimals: decimals && task.hasDecimals });
};

/** Integers scaled to a common unit: the oracle of the decimal tasks. */
const exact = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(60, '0'));
};

const ORACLES: Record<string, (input: Record<string, string>, answer: string) => boolean> = {
  'tail.addition': ({ x = '', y = '' }, answer) => exact(x) + exact(y) === exact(answer),
  'tail.compare': ({ x = '', y = '' }, answer) =>
    answer === (exact(x) === exact(y) ? 'equal' : exact(x) > exact(y) ? 'first' : 'second'),
  'tail.word-flip': ({ text = '' }, answer) => text === answer.split('').reverse().join(''),
  'tail.population': ({ n = '', x = '', y = '', z = '' }, answer) => {
    // By ages instead of the recurrence: pairs old enough to reproduce bear z pairs each.
    const newcomers = [BigInt(y)];
    for (let t = 1; t <= Number(n); t++) {
      const adults = newcomers.slice(0, Math.max(0, t - Number(x) + 1)).reduce((sum, born) => sum + born, 0n);
      newcomers.push(BigInt(z) * adults);
    }
    return BigInt(answer) === newcomers.reduce((sum, born) => sum + born, 0n);
  },
  'tail.binary-search': ({ values = '', target = '' }, answer) =>
    values.split(' ')[Number(answer.slice(1))] === target,
};

/** What is wrong with the trace of an instance under an arm: the empty list when nothing is. */
function complaints(task: TailTask, instance: TailInstance, arm: Partial<TraceOptions>, words: Set<string>) {
  const trace = task.trace(instance, arm);
  const verdict = task.verifyTrace(instance, trace, arm);
  const outcome = task.verifyAnswer(instance, trace, arm).outcome;
  const strange = `${task.prompt(instance, arm)} ${trace}`.split(' ').filter((word) => !words.has(word));
  const answer = task.answer(instance, { addresses: 'none' });
  return [
    ...(verdict.valid ? [] : [`${task.canon(instance)}: ${JSON.stringify(verdict)}`]),
    ...(outcome === 'correct' ? [] : [`${task.canon(instance)}: answer is ${outcome}`]),
    ...(ORACLES[task.id]?.(instance.input, answer)
      ? []
      : [`${task.canon(instance)}: oracle against ${answer}`]),
    ...strange.map((word) => `not in the vocabulary: ${word}`),
  ];
}

describe.each(TAIL_TASKS.map((task) => [task.id, task] as const))('%s', (_id, task) => {
  it.each(TIER_NAMES)('2,000 traces of tier %s satisfy the machine and the oracle', (tier) => {
    const words = new Set(task.vocabulary());
    for (let i = 0; i < 2000; i++) {
      const found = complaints(task, instanceOf(task, tier, i, i % 2 === 1), {}, words);
      if (found.length > 0) expect(found).toEqual([]);
    }
  });

  it.each(ARMS.map((arm) => [JSON.stringify(arm), arm] as const))(
    'is closed and valid under %s',
    (_, arm) => {
      const words = new Set(task.vocabulary(arm));
      for (const tier of TIER_NAMES) {
        for (let i = 0; i < 50; i++) {
          expect(complaints(task, instanceOf(task, tier, i, i % 2 === 1), arm, words)).toEqual([]);
        }
      }
    },
  );

  it('rejects every single-word mutation, deletion and insertion, and names the record', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(...ARMS),
        fc.nat(),
        fc.nat(),
        fc.nat(2),
        (seed, arm, where, which, how) => {
          const instance = instanceOf(task, 'S', seed);
          const vocabulary = task.vocabulary(arm);
          const words = task.trace(instance, arm).split(' ');
          const at = where % words.length;
          const other = vocabulary[which % vocabulary.length] as string;
          if (how === 0 && other === words[at]) return;
          const before = words.join(' ');
          words.splice(at, how === 2 ? 0 : 1, ...(how === 1 ? [] : [other]));
          const mutated = words.join(' ');
          if (mutated === before) return;
          const verdict = task.verifyTrace(instance, mutated, arm);
          expect(verdict.valid).toBe(false);
          expect(verdict.firstError?.step).toBe(verdict.stepsRight);
          expect(verdict.firstError?.expected).not.toBe(verdict.firstError?.found);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('changes the text with every switch and keeps the problem', () => {
    const instance = instanceOf(task, 'M', 5);
    const texts = ARMS.slice(1, 7).map((arm) => task.prompt(instance, arm) + task.trace(instance, arm));
    for (const text of texts) expect(text).not.toBe(task.prompt(instance) + task.trace(instance));
    const moved = {
      ...instance,
      offsets: Object.fromEntries(Object.keys(instance.offsets).map((k) => [k, 1])),
    };
    expect(task.canon(moved)).toBe(task.canon(instance));
    expect(task.trace(moved, { addresses: 'fixed' })).toBe(task.trace(instance, { addresses: 'fixed' }));
    expect(task.trace(instance, { memoryFetcher: false }).length).toBeLessThan(task.trace(instance).length);
  });

  it('trains every address in tier S', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      const instance = instanceOf(task, 'S', `cover ${i}`);
      for (const word of `${task.prompt(instance)} ${task.trace(instance)}`.split(' ')) seen.add(word);
    }
    const untrained = task.vocabulary({ addresses: 'random-offset' }).filter((word) => !seen.has(word));
    expect(untrained.filter((word) => /^[a-z]\d+$/.test(word))).toEqual([]);
  });

  it('says invalid where there is no answer', () => {
    const instance = instanceOf(task, 'S', 9);
    for (const response of ['', 'C0 C1', '=', 'x = ', '= ? ?']) {
      expect(task.verifyAnswer(instance, response)).toMatchObject({ outcome: 'invalid', score: 0 });
    }
  });

  it('refuses what it cannot mean', () => {
    const instance = instanceOf(task, 'S', 1);
    expect(() => task.trace(instance, { format: 'direct', atomicState: false })).toThrow(
      /atomicState: false/,
    );
    expect(() => task.trace(instance, { format: 'direct', style: 'styled' })).toThrow(/styled/);
    expect(() => task.trace(instance, { style: 'verse' as never })).toThrow(/'verse'/);
    expect(() => task.generate(createRng(1), 12, { addressSpace: 5 })).toThrow(/address space has 5/);
    expect(() => task.generate(createRng(1), 0)).toThrow(/length 0/);
    expect(() => task.trace({ ...instance, task: 'tail.other' })).toThrow(/tail.other/);
  });
});

describe('trace lengths', () => {
  const count = (text: string) => text.split(' ').length;
  it('addition: 8 tokens per place, 2 per answer digit', () => {
    for (let i = 0; i < 300; i++) {
      const instance = instanceOf(addition, 'L', i);
      const places = instance.length;
      const carried = addition.answer(instance).length > places;
      const digits = places + (carried ? 1 : 0);
      expect(count(addition.trace(instance))).toBe(8 * places + 6 + (carried ? 2 : 0) + 2 + 2 * digits);
      expect(count(addition.prompt(instance))).toBe(4 * (places + 1) + 3);
    }
  });
  it('compare: 6 tokens per place', () => {
    const instance = instanceOf(compare, 'L', 4);
    expect(count(compare.trace(instance))).toBe(6 * (instance.length + 1) + 3);
  });
  it('word flip: 2 tokens per character', () => {
    const instance = instanceOf(wordFlip, 'L', 4);
    expect(count(wordFlip.trace(instance))).toBe(2 * instance.length + 1);
  });
});

describe('answers and faults', () => {
  it('takes equal decimals as equal', () => {
    const instance: TailInstance = {
      task: 'tail.addition',
      length: 2,
      input: { x: '1.5', y: '2.5' },
      offsets: { p: 0 },
    };
    expect(addition.answer(instance)).toBe('4.0');
    expect(addition.verifyAnswer(instance, '= 4').outcome).toBe('correct');
    expect(addition.verifyAnswer(instance, '= 4 1').outcome).toBe('incorrect');
  });
  it('judges the last answer', () => {
    const instance: TailInstance = {
      task: 'tail.word-flip',
      length: 2,
      input: { text: 'ab' },
      offsets: { p: 0 },
    };
    expect(wordFlip.extractAnswer('= p1 a = p1 b p0 a')).toBe('ba');
    expect(wordFlip.verifyAnswer(instance, '= b a').outcome).toBe('correct');
  });
  it('says what is wrong with a wrong record', () => {
    const instance: TailInstance = {
      task: 'tail.addition',
      length: 1,
      input: { x: '7', y: '5' },
      offsets: { p: 3 },
    };
    const right = 'C0 p3 7 q3 5 | o3 2 C1 p4 _ q4 _ | o4 1 HALT = o4 1 o3 2';
    expect(addition.trace(instance)).toBe(right);
    const error = (response: string) => addition.verifyTrace(instance, response).firstError;
    expect(error(right.replace('q3 5', 'q3 6'))).toEqual({
      step: 0,
      kind: 'fetch',
      expected: '5',
      found: '6',
    });
    expect(error(right.replace('C1', 'C0'))).toMatchObject({ step: 1, kind: 'state', expected: 'C1' });
    expect(error(right.replace('o4 1 H', 'o4 2 H'))).toMatchObject({ step: 1, kind: 'write', found: '2' });
    expect(error(right.replace('p4', 'p5'))).toMatchObject({ step: 1, kind: 'fetch-address' });
    expect(error(right.replace('= o4 1', '= o4 2'))).toMatchObject({ step: 2, kind: 'answer' });
    expect(error(`${right} 2`)).toMatchObject({ step: 3, kind: 'end', found: '2' });
    expect(error(right.slice(0, -2))).toMatchObject({ step: 2, kind: 'answer', found: '' });
  });
  it('finds tasks by id', () => {
    expect(tailTask('tail.population')).toBe(population);
    expect(() => tailTask('tail.knapsack')).toThrow(/no TAIL task/);
    expect(() => wordFlip.generate(createRng(1), 4, { decimals: true })).toThrow(/no decimals/);
    expect(() => binarySearch.generate(createRng(1), 101)).toThrow(/at most 100|length 101/);
  });
});
