// Data sets and items: no repeated problem, disjoint splits, exact mixes, items that survive JSON.

import { describe, expect, it } from 'vitest';
import {
  addition,
  compare,
  demonstrateTailItem,
  makeTailDataset,
  parseMix,
  splitOf,
  TAIL_TASKS,
  tailItem,
  tailTask,
  verifyTailItem,
  verifyTailItemTrace,
  wordFlip,
} from './index.ts';

describe('makeTailDataset', () => {
  it('holds each problem once and keeps the mix', () => {
    const rows = makeTailDataset({ tasks: TAIL_TASKS, mix: '8:1:1', count: 500, seed: 1 });
    expect(new Set(rows.map((row) => row.canon)).size).toBe(500);
    for (const task of TAIL_TASKS) {
      const tiers = rows.filter((row) => row.task === task.id).map((row) => row.tier);
      expect(['S', 'M', 'L'].map((tier) => tiers.filter((each) => each === tier).length)).toEqual([
        80, 10, 10,
      ]);
    }
    expect(makeTailDataset({ tasks: TAIL_TASKS, mix: '8:1:1', count: 50, seed: 1 })).toEqual(
      rows.slice(0, 50),
    );
  });

  it('never shares a problem between splits, and obeys exclude', () => {
    const make = (split: 'train' | 'validation' | 'test', seed: number) =>
      makeTailDataset({ tasks: [addition, wordFlip], count: 400, seed, split }).map((row) => row.canon);
    const [train, validation, test] = [make('train', 1), make('validation', 2), make('test', 3)];
    expect(train.every((canon) => splitOf(canon) === 'train')).toBe(true);
    expect(new Set([...train, ...validation, ...test]).size).toBe(1200);
    const exclude = new Set(train);
    const more = makeTailDataset({ tasks: [addition, wordFlip], count: 400, seed: 1, exclude });
    expect(more.some((row) => exclude.has(row.canon))).toBe(false);
  });

  it('passes switches on', () => {
    const [row] = makeTailDataset({ tasks: [compare], count: 1, seed: 4, options: { format: 'direct' } });
    expect(row?.response).toMatch(/^= (first|second|equal)$/);
    const [decimal] = makeTailDataset({
      tasks: [addition],
      count: 1,
      seed: 4,
      decimals: true,
      addressSpace: 200,
    });
    expect(decimal?.canon).toContain('.');
  });

  it('says when problems run out, and repeats them at other offsets on request', () => {
    const few = {
      tasks: [{ ...addition, tiers: { ...addition.tiers, S: { range: [1, 1], paper: [1, 1] } } }],
    } as const;
    expect(() => makeTailDataset({ ...few, count: 200, seed: 1 })).toThrow(/no new train problem/);
    expect(makeTailDataset({ ...few, count: 200, seed: 1, distinct: false })).toHaveLength(200);
  });

  it('reads tier mixes', () => {
    expect(parseMix('5:3:2')).toEqual({ S: 0.5, M: 0.3, L: 0.2 });
    for (const mix of ['1:0', '0:0:0', '-1:1:1', 'a:b:c', ''])
      expect(() => parseMix(mix)).toThrow(/tier mix/);
  });
});

describe('tailItem', () => {
  it.each(TAIL_TASKS.map((task) => [task.id] as const))(
    '%s makes items that its demonstration solves',
    (id) => {
      const task = tailTask(id);
      for (const options of [{}, { addresses: 'none' }, { style: 'styled' }] as const) {
        const item = tailItem(task, { seed: 2, split: 'test', tier: 'M', index: 7, options });
        expect(item.id).toBe(`${id}/test/M/7`);
        const stored = JSON.parse(JSON.stringify(item));
        const response = demonstrateTailItem(stored);
        expect(verifyTailItem(stored, response)).toMatchObject({ outcome: 'correct', score: 1 });
        expect(verifyTailItemTrace(stored, response).valid).toBe(true);
        expect(verifyTailItem(stored, 'nothing').outcome).toBe('invalid');
        expect(task.extractAnswer(response)).toBe(item.reference);
      }
    },
  );

  it('draws the same item again, at a tier or at one length', () => {
    const config = { seed: 2, split: 'train', length: 9, index: 3, addressSpace: 100 } as const;
    expect(tailItem(addition, config)).toEqual(tailItem(addition, config));
    expect(tailItem(addition, config)).toMatchObject({ id: 'tail.addition/train/n9/3', level: 9 });
    expect(() => tailItem(addition, { seed: 1, split: 'train', index: 0 })).toThrow(
      /tier undefined and length undefined/,
    );
    expect(() => verifyTailItem({ ...tailItem(addition, config), instance: 3 }, '')).toThrow(/TAIL instance/);
  });
});
