import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Item, TouchstoneError } from '../core/index.ts';
import { singleTurnEpisode } from './episode.ts';
import { goldenHash } from './gate/truth.ts';
import {
  createRegistry,
  findTasks,
  listTasks,
  loadedTask,
  loadTask,
  matchesId,
  registry,
} from './registry.ts';
import { generateItem, SPLITS, splitOf, verifyItem } from './sampler.ts';
import { verifierFault } from './task.ts';

describe('registry', () => {
  it('lists by pattern without loading and loads what is asked for', async () => {
    expect(listTasks('ar.*')).toHaveLength(13);
    expect(listTasks('*/classic')).toEqual(['lo.knaves/classic', 'pz.sudoku/classic']);
    expect(listTasks('tr.ca/life*')).toEqual(['tr.ca/life', 'tr.ca/life-torus']);
    expect(listTasks('lo.knaves')).toHaveLength(4);
    expect((await loadTask('st.edit/lis')).id).toBe('st.edit/lis');
    expect(loadedTask('st.edit/lis').kind).toBe('U');
  });

  it('loads a family once, and only when one of its tasks is asked for', async () => {
    let loads = 0;
    const { tasks } = await import('./strings/edit.ts');
    const load = () => {
      loads++;
      return Promise.resolve(tasks);
    };
    const own = createRegistry([{ family: 'st.edit', group: 'strings', variants: ['lcs', 'lis'], load }]);
    expect(own.list()).toHaveLength(2);
    expect(loads).toBe(0);
    await own.find('*');
    await own.load('st.edit/lcs');
    expect(loads).toBe(1);
    expect(() => own.register({ family: 'st.edit', group: 'x', variants: [], load })).toThrow(
      /registered twice/,
    );
  });

  it('proposes the nearest names', async () => {
    const failure = await loadTask('ar.chian/time').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TouchstoneError);
    expect(failure).toMatchObject({ code: 'not-found', message: 'no task ar.chian/time' });
    expect((failure as TouchstoneError).hint).toMatch(/did you mean ar\.chain\/times/);
    await expect(findTasks('zz.*')).rejects.toMatchObject({ code: 'not-found' });
    const fresh = createRegistry(registry.families());
    expect(() => fresh.loaded('ar.chain/times')).toThrow(/is not loaded/);
  });

  it('matches globs', () => {
    expect(matchesId('a*c*', 'abcd/x')).toBe(true);
    expect(matchesId('a*c', 'abcd/x')).toBe(false);
    expect(matchesId('*.chain/*-*', 'ar.chain/plus-minus')).toBe(true);
    expect(matchesId(`${'*a'.repeat(40)}b`, `${'a'.repeat(5000)}/x`)).toBe(false);
  });

  it('agrees with the modules, and every task has what §5.4 asks for', async () => {
    const tasks = await findTasks('*');
    for (const entry of registry.families()) {
      const ids = (await entry.load()).map((task) => task.id);
      expect(ids).toEqual(entry.variants.map((variant) => `${entry.family}/${variant}`));
    }
    for (const task of tasks) {
      expect(task.levels.length).toBeGreaterThanOrEqual(5);
      expect(task.capacity).toHaveLength(task.levels.length);
      expect(task.templates).toBeGreaterThanOrEqual(3);
      expect(task.guessRate).toBeLessThanOrEqual(0.1);
    }
    expect(
      new Set(tasks.filter((task) => task.languages.includes('zh')).map((t) => t.id.split('/')[0])).size,
    ).toBe(4);
  });
});

describe('generateItem', () => {
  const request = { seed: 7, split: 'train', level: 1, index: 3 } as const;

  it('is a function of its request', async () => {
    const task = await loadTask('ar.chain/times');
    const item = generateItem(task, request);
    expect(generateItem(task, request)).toEqual(item);
    expect(item.id).toBe('ar.chain/times/train/1/3');
    expect(item.reference).toBe(task.oracle(item.instance));
    expect(generateItem(task, { ...request, template: 0, language: 'zh' }).messages[0].content).toContain(
      '计算',
    );
    expect(() => generateItem(task, { ...request, level: 9 })).toThrow(/has no level 9/);
    expect(() => generateItem(task, { ...request, language: 'zh', template: 3 })).toThrow(/no template 3/);
  });

  it('keeps the splits disjoint, and neighbouring seeds apart', async () => {
    for (const task of await findTasks('*/*a*')) {
      const seen = new Map<string, string>();
      for (const split of SPLITS) {
        for (let index = 0; index < 12; index++) {
          const { instance } = generateItem(task, { ...request, level: 0, split, index });
          expect(splitOf(task, instance)).toBe(split);
          const text = canonicalJson(task.canon ? task.canon(instance) : instance);
          expect(seen.get(text) ?? split).toBe(split);
          seen.set(text, split);
        }
      }
    }
    const task = await loadTask('tr.sort/bubble');
    const drawn = (seed: number) =>
      Array.from({ length: 30 }, (_, index) =>
        canonicalJson(generateItem(task, { ...request, seed, index }).instance),
      );
    const [first, second] = [new Set(drawn(42)), drawn(43)];
    expect(second.filter((text) => first.has(text))).toEqual([]);
  });

  it('says so when a level is too small to split', async () => {
    const task = { ...(await loadTask('tr.sort/bubble')), canon: () => 1 };
    const draw = (split: (typeof SPLITS)[number]) => () => generateItem(task, { ...request, split });
    expect(
      SPLITS.filter((split) => {
        try {
          draw(split)();
          return true;
        } catch {
          return false;
        }
      }),
    ).toHaveLength(1);
  });

  it('gives the bytes it always gave', async () => {
    const hashes: Record<string, string> = {};
    for (const task of await findTasks('*')) hashes[task.id] = goldenHash(task, 10);
    expect(hashes).toMatchSnapshot();
  });
});

describe('verifyItem', () => {
  const make = async (): Promise<Item> =>
    generateItem(await loadTask('ar.chain/plus-minus'), { seed: 1, split: 'test', level: 0, index: 0 });

  it('says correct, incorrect and invalid, with evidence', async () => {
    const item = await make();
    const right = verifyItem(item, `<think>hm</think> \\boxed{${item.reference}}`);
    expect(right).toMatchObject({ outcome: 'correct', score: 1 });
    expect(right.evidence).toMatchObject({
      stage: 'task-check',
      extracted: { from: 'boxed' },
      reference: item.reference,
    });
    expect(verifyItem(item, '<answer>oops</answer>')).toMatchObject({ outcome: 'incorrect', score: 0 });
    expect(verifyItem(item, `it is ${item.reference}`)).toMatchObject({
      outcome: 'invalid',
      evidence: { stage: 'extract' },
    });
    expect(
      verifyItem(JSON.parse(JSON.stringify(item)) as Item, `<answer>${item.reference}</answer>`).outcome,
    ).toBe('correct');
  });

  it('blames itself for a fault and keeps partial scores', async () => {
    const item = await make();
    const task = await loadTask(item.task);
    const faulty = {
      ...task,
      check: () => {
        throw verifierFault('table missing');
      },
    };
    expect(verifyItem(item, '<answer>1</answer>', faulty)).toMatchObject({
      outcome: 'error',
      score: 0,
      evidence: { reason: 'checker failed: table missing' },
    });
    const graded = {
      ...task,
      check: () => ({ score: 0.4, parsed: '1', reason: 'near', parts: { near: 0.4 } }),
    };
    expect(verifyItem(item, '<answer>1</answer>', graded)).toMatchObject({
      outcome: 'incorrect',
      score: 0.4,
    });
  });
});

describe('singleTurnEpisode', () => {
  it('shows the prompt, checks once and can be restored', async () => {
    const task = await loadTask('ar.chain/plus-minus');
    const episode = singleTurnEpisode(task);
    expect(() => episode.step('early')).toThrow(/not running/);
    const { messages } = episode.reset(3, 1);
    const item = generateItem(task, { seed: 3, split: 'train', level: 1, index: 0 });
    expect(messages).toEqual(item.messages);
    const start = episode.snapshot();
    expect(await episode.step('no idea')).toMatchObject({ reward: 0, terminated: true, truncated: false });
    expect(() => episode.step('again')).toThrow(/not running/);
    const fork = singleTurnEpisode(task);
    fork.restore(start);
    expect(await fork.step(`<answer>${item.reference}</answer>`)).toMatchObject({
      reward: 1,
      info: { outcome: 'correct' },
    });
  });
});

describe('sources', () => {
  it('use no clock, no global randomness, no evaluation and no Node built-ins', () => {
    const root = new URL('.', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    expect(sources.length).toBeGreaterThan(30);
    for (const name of sources) {
      const text = readFileSync(new URL(name, root), 'utf8');
      expect(text, name).not.toMatch(
        /Math\.random|new Date|Date\.now|performance\.|new RegExp|\beval\(|'node:|localeCompare/,
      );
      expect(text.split('\n').length, name).toBeLessThanOrEqual(351);
    }
  });
});
