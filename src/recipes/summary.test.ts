import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRun } from '../store/index.ts';
import { PHASES } from './context.ts';
import { evaluationTable, gPassCurves, itemCounts, pairedGains, summariseRun } from './summary.ts';

describe('a run with two items and four samples each', () => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-summary-'));
  const run = openRun(join(directory, 'run'), { recipe: {}, seed: 1 });
  afterAll(() => {
    run.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const record = (phase: string, item: string, answers: (string | null)[]) =>
    run.recordEvaluations(
      phase,
      answers.map((answer, index) => ({
        item,
        index,
        outcome:
          answer === 'right'
            ? ('correct' as const)
            : answer === null
              ? ('invalid' as const)
              : ('incorrect' as const),
        score: answer === 'right' ? 1 : 0,
        text: `= ${answer}`,
        tokens: 10,
        finishReason: 'stop' as const,
        detail: { answer },
      })),
    );
  record(PHASES.before, 'a/test/n3/0', ['right', 'x', 'x', null]);
  record(PHASES.before, 'b/test/n3/0', ['x', 'y', null, null]);
  record(PHASES.after, 'a/test/n3/0', ['right', 'right', 'right', 'x']);
  record(PHASES.after, 'b/test/n3/0', ['right', 'right', 'y', 'y']);

  it('counts right answers and the classes of wrong ones', () => {
    expect(itemCounts(run, PHASES.before)).toEqual([
      { item: 'a/test/n3/0', group: 'a', n: 4, correct: 1, others: [2, 1] },
      { item: 'b/test/n3/0', group: 'b', n: 4, correct: 0, others: [1, 1, 1, 1] },
    ]);
  });

  it('tables accuracy, majority and stability, before and after', () => {
    const [all, a] = evaluationTable(run, 4);
    const value = (group: typeof all, name: string, when: 'before' | 'after') =>
      group?.metrics.find((metric) => metric.name === name)?.[when]?.value;
    expect(value(all, 'accuracy', 'before')).toBe(1 / 8);
    expect(value(all, 'accuracy', 'after')).toBe(5 / 8);
    expect(value(a, 'maj@4', 'before')).toBe(0);
    expect(value(a, 'maj@4', 'after')).toBe(1);
    expect(value(a, 'mG-Pass@4', 'after')).toBe(0.5); // all four drawn, three right: 2/4 (3 - 2)
    expect(value(a, 'G-Pass@4 at 1.0', 'after')).toBe(0);
  });

  it('pairs items for the gain', () => {
    const line = pairedGains(run, 4).find((text) => text.startsWith('accuracy'));
    expect(line).toMatch(/^accuracy: 0\.125 → 0\.625, paired difference 0\.500 /);
    expect(line).toContain('2 items');
  });

  it('draws G-Pass curves that fall with the threshold', () => {
    for (const { points } of gPassCurves(run, 4)) {
      points.slice(1).forEach((point, i) => {
        expect(point.value).toBeLessThanOrEqual(points[i]?.value ?? 0);
      });
    }
  });

  it('summarises the evaluation after training for comparisons', () => {
    expect(summariseRun(run).items).toEqual([
      { itemId: 'a/test/n3/0', group: 'a', n: 4, correct: 3 },
      { itemId: 'b/test/n3/0', group: 'b', n: 4, correct: 2 },
    ]);
  });
});
