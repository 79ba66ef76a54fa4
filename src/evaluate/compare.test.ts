import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../core/index.ts';
import { compareRuns, type RunItem, type RunSummary, renderComparison } from './compare.ts';

const FAST = { resamples: 400 };

function run(name: string, corrects: readonly number[], n = 16, group = (_: number) => 'all'): RunSummary {
  const items = corrects.map((correct, i) => ({ itemId: `item/${i}`, group: group(i), n, correct }));
  return { name, seed: 1, items };
}

function metric(result: ReturnType<typeof compareRuns>, name: string) {
  const found = result.overall.find((row) => row.metric === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe('compareRuns', () => {
  it('agrees with a calculation by hand', () => {
    // n = 16, k = 16: mG-Pass is 2 max(c/16 - 1/2, 0), pass@16 is 1 where c > 0.
    // c: A 0 8 12 16, B 4 12 16 16. avg A 36/64, B 48/64. mG A (0+0+.5+1)/4, B (0+.5+1+1)/4. pass A 3/4, B 1.
    const result = compareRuns(run('a', [0, 8, 12, 16]), run('b', [4, 12, 16, 16]), createRng(1));
    expect(metric(result, 'avg@n')).toMatchObject({ a: 0.5625, b: 0.75, wins: 3, losses: 0, items: 4 });
    expect(metric(result, 'avg@n').difference).toBeCloseTo(0.1875, 12);
    expect(metric(result, 'mG-Pass@16').difference).toBeCloseTo(0.25, 12);
    expect(metric(result, 'pass@16').difference).toBeCloseTo(0.25, 12);
    // Sign flips of (1/4, 1/4, 1/4, 0): all three equal in sign, 4 of 16 patterns.
    expect(metric(result, 'avg@n').pValue).toBe(0.25);
    expect(result.overall.map((row) => row.conclusion)).toEqual(['not-shown', 'not-shown', 'not-shown']);
    expect(result.verdict).toMatch(/^no difference shown in mG-Pass@16; about \d+ more items needed/);
  });

  it('finds a difference that is there and names the better run', () => {
    const corrects = Array.from({ length: 200 }, (_, i) => i % 12);
    const better = run(
      'new',
      corrects.map((c) => c + 4),
    );
    const result = compareRuns(run('old', corrects), better, createRng(2), FAST);
    expect(metric(result, 'avg@n')).toMatchObject({
      conclusion: 'b-better',
      sentence: 'new is better by 0.250 [0.250, 0.250] in avg@n',
    });
    expect(compareRuns(better, run('old', corrects), createRng(2), FAST).verdict).toMatch(
      /^new is better by 0\.\d+ \[0\./,
    );
  });

  it('negates under a swap of the runs', () => {
    const item = fc.record({
      n: fc.integer({ min: 1, max: 20 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const pairs = fc.array(fc.tuple(item, item, fc.nat(4), fc.boolean()), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(pairs, fc.integer(), (drawn, seed) => {
        const side = (which: 0 | 1): RunSummary => ({
          name: `run ${which}`,
          seed: which,
          items: drawn.map(([x, y, cluster, second], i): RunItem => {
            const { n, share } = which === 0 ? x : y;
            const group = second ? 'g1' : 'g2';
            return { itemId: `i${i}`, cluster: `c${cluster}`, group, n, correct: Math.round(share * n) };
          }),
        });
        const there = compareRuns(side(0), side(1), createRng(seed), { resamples: 100 });
        const back = compareRuns(side(1), side(0), createRng(seed), { resamples: 100 });
        there.overall.forEach((row, i) => {
          const other = back.overall[i];
          expect(other.difference).toBeCloseTo(-row.difference, 10);
          expect(other.low).toBeCloseTo(-row.high, 10);
          expect(other.high).toBeCloseTo(-row.low, 10);
          expect(other.pValue).toBeCloseTo(row.pValue, 10);
          expect([other.wins, other.losses]).toEqual([row.losses, row.wins]);
        });
        expect(back.groups.map((group) => group.group)).toEqual(there.groups.map((group) => group.group));
      }),
      { numRuns: 40 },
    );
  });

  it('shows no difference between a run and itself', () => {
    const same = run('same', [1, 5, 9]);
    const result = compareRuns(same, same, createRng(1), FAST);
    expect(metric(result, 'avg@n')).toMatchObject({ difference: 0, pValue: 1, conclusion: 'not-shown' });
    expect(result.verdict).toBe('no difference shown in mG-Pass@16; the runs are equal on every item');
  });

  it('does not depend on the order of items', () => {
    const a = run('a', [1, 7, 12, 3, 16]);
    const b = run('b', [4, 7, 10, 9, 16]);
    const reversed = { ...a, items: a.items.toReversed() };
    expect(compareRuns(reversed, b, createRng(3), FAST)).toEqual(compareRuns(a, b, createRng(3), FAST));
  });

  it('compares groups on their own items', () => {
    const byParity = (i: number) => (i % 2 === 0 ? 'even' : 'odd');
    const result = compareRuns(
      run('a', [0, 8, 0, 8], 16, byParity),
      run('b', [16, 8, 16, 8], 16, byParity),
      createRng(1),
      FAST,
    );
    const averages = result.groups.map(({ group, metrics }) => [
      group,
      metrics[1].difference,
      metrics[1].items,
    ]);
    expect(averages).toEqual([
      ['even', 1, 2],
      ['odd', 0, 2],
    ]);
  });

  it('warns about what does not match', () => {
    const a: RunSummary = {
      name: 'a',
      seed: 1,
      items: [
        { itemId: 'x', group: 'g', n: 8, correct: 4 },
        { itemId: 'y', group: 'g', n: 8, correct: 4 },
        { itemId: 'only a', group: 'g', n: 8, correct: 4 },
        { itemId: 'none', group: 'g', n: 0, correct: 0 },
      ],
    };
    const b: RunSummary = {
      name: 'b',
      seed: 2,
      items: [
        { itemId: 'x', group: 'other', n: 10, correct: 4 },
        { itemId: 'y', group: 'g', n: 8, correct: 4 },
        { itemId: 'none', group: 'g', n: 8, correct: 4 },
      ],
    };
    const result = compareRuns(a, b, createRng(1), FAST);
    expect(result).toMatchObject({ matched: 2, k: 8 });
    expect(result.warnings).toEqual([
      '1 item only in a, left out (only a)',
      '1 item without samples, left out (none)',
      '1 item with different group or cluster in the two runs (x)',
      '1 item sampled a different number of times in the two runs',
      'some items have fewer than 16 samples: pass@k and mG-Pass@k use k = 8',
      'only 2 independent problems: intervals are too narrow below about 30',
    ]);
  });

  it('has nothing to say about runs without common items', () => {
    const other = { ...run('b', [1]), items: [{ itemId: 'z', group: 'g', n: 1, correct: 1 }] };
    const result = compareRuns(run('a', [1]), other, createRng(1), FAST);
    expect(result.verdict).toBe('nothing to compare: the runs share no items');
    expect(renderComparison(result)).toContain('0 items in common');
  });

  it('refuses an item that occurs twice', () => {
    const twice = { ...run('a', [1]), items: [...run('a', [1]).items, ...run('a', [1]).items] };
    expect(() => compareRuns(twice, run('b', [1]), createRng(1))).toThrow(
      /item item\/0 occurs twice in run a/,
    );
  });
});

describe('renderComparison', () => {
  it('aligns its columns', () => {
    const corrects = Array.from({ length: 60 }, (_, i) => i % 12);
    const a = { ...run('cold start', corrects), tokens: 1000, wallSeconds: 60 };
    const b = {
      ...run(
        'OREAL',
        corrects.map((c) => c + 4),
      ),
      tokens: 1500,
      wallSeconds: 90,
    };
    expect(renderComparison(compareRuns(a, b, createRng(2), FAST))).toMatchInlineSnapshot(`
      "A  cold start (seed 1)
      B  OREAL (seed 1)
      60 items in common, 60 independent problems

                      A      B   B − A     95 % interval      p
      mG-Pass@16  0.063  0.292  +0.229  [+0.169, +0.288]  0.002  B better
      avg@n       0.344  0.594  +0.250  [+0.250, +0.250]  0.002  B better
      pass@16     0.917  1.000  +0.083  [+0.017, +0.167]  0.080  not shown

      observed, without a test       A      B  B / A
      tokens                     1,000  1,500  ×1.50
      tokens per correct sample  3.030  2.632  ×0.87
      wall time (s)                 60     90  ×1.50

      OREAL is better by 0.229 [0.169, 0.288] in mG-Pass@16
      one training seed each: variation between seeds is not in the intervals"
    `);
  });

  it('cannot be made to move the cursor', () => {
    const text = renderComparison(
      compareRuns(run('a\u001b[2J\r', [1]), run('b\n\nfake verdict', [2]), createRng(1), FAST),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that must not appear
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
    expect(text).not.toMatch(/^fake/m);
  });
});
