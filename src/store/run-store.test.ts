import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EvaluationSample } from './evaluation-record.ts';
import { readRun } from './run-record.ts';
import { openRun, type RunStore } from './run-store.ts';

let dir: string;
let opened: RunStore[];
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'run-')), 'first');
  opened = [];
});
afterEach(() => {
  for (const run of opened) run.close();
  rmSync(join(dir, '..'), { recursive: true, force: true });
});

function open(recipe: Parameters<typeof openRun>[1]['recipe'] = { rl: { steps: 10 } }, extra = {}): RunStore {
  const run = openRun(dir, { recipe, seed: 7, ...extra });
  opened.push(run);
  return run;
}

function commit(run: RunStore, phase: string, step: number, text = `answer ${step}`): void {
  run.commitStep({ phase, step, metrics: { reward: step / 10 }, rollouts: [{ text }], state: { at: step } });
}

const sample = (item: string, index: number, outcome: EvaluationSample['outcome']): EvaluationSample => ({
  item,
  index,
  outcome,
  score: outcome === 'correct' ? 1 : 0,
  text: `${item}#${index}`,
  tokens: 4 + index,
  finishReason: 'stop',
});

describe('openRun', () => {
  it('resumes under the same recipe, whatever the order of its keys', () => {
    const run = open({ a: 1, b: { c: [1, 2] } });
    commit(run, 'rl', 1);
    run.close();
    const again = open({ b: { c: [1, 2] }, a: 1 });
    expect(again.lastStep()).toMatchObject({ phase: 'rl', step: 1, position: 1, state: { at: 1 } });
    expect(again.rollouts('rl', 1)).toEqual([{ text: 'answer 1' }]);
  });

  it('refuses another recipe or seed, names what differs, and leaves the run unlocked', () => {
    open({ rl: { steps: 10, rate: 0.1 }, task: 'a' }).close();
    expect(() => open({ rl: { steps: 20, rate: 0.1 }, mode: 'fast' }, { seed: 8 })).toThrow(
      expect.objectContaining({
        code: 'bad-config',
        message: `run ${dir} was started with another recipe: mode (was missing, now "fast"), rl.steps (was 10, now 20), task (was "a", now missing), seed (was "7", now "8")`,
        hint: 'give this run another --name, or restore these keys to resume it',
      }),
    );
    open({ rl: { steps: 10, rate: 0.1 }, task: 'a' });
  });

  it('says once that a seed inside the recipe differs', () => {
    open({ seed: 7 }).close();
    expect(() => open({ seed: 8 }, { seed: 8 })).toThrow(/recipe: seed \(was 7, now 8\)$/);
    expect(() => open({ seed: 7 }, { recipeHash: 'data-2' })).toThrow(/recipe: recipeHash \(/);
  });

  it('is exclusive, and says not-found where it may not create', () => {
    expect(() => open({}, { create: false })).toThrow(expect.objectContaining({ code: 'not-found' }));
    open();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'run-locked' }));
  });

  it('can be read while it is written', () => {
    const run = open();
    commit(run, 'rl', 1);
    const reader = readRun(dir);
    commit(run, 'rl', 2);
    expect(reader.metricsSeries('rl', 'reward')).toEqual([
      { step: 1, value: 0.1 },
      { step: 2, value: 0.2 },
    ]);
    expect(reader.contentDigest()).toBe(run.contentDigest());
    reader.close();
    expect(() => readRun(join(dir, 'none'))).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('commitStep', () => {
  it('flags numbers that are not finite', () => {
    const run = open();
    run.commitStep({ phase: 'rl', step: 0, metrics: { a: Number.NaN, b: Infinity, c: -Infinity, d: 0 } });
    expect(run.metricNames('rl')).toEqual(['a', 'b', 'c', 'd']);
    expect(run.metricsSeries('rl', 'a')).toEqual([{ step: 0, value: null, flag: 'nan' }]);
    expect(run.metricsSeries('rl', 'b')).toEqual([{ step: 0, value: null, flag: 'inf' }]);
    expect(run.metricsSeries('rl', 'c')).toEqual([{ step: 0, value: null, flag: '-inf' }]);
    expect(run.metricsSeries('rl', 'd')).toEqual([{ step: 0, value: 0 }]);
  });

  it('refuses a step twice or out of order, per phase', () => {
    const run = open();
    commit(run, 'warm-up', 1);
    commit(run, 'rl', 5);
    expect(() => commit(run, 'rl', 5)).toThrow('step 5 of rl cannot follow step 5');
    expect(() => commit(run, 'rl', 7)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    commit(run, 'warm-up', 2);
    expect(run.phases()).toEqual([
      { phase: 'warm-up', steps: 2, firstStep: 1, lastStep: 2 },
      { phase: 'rl', steps: 1, firstStep: 5, lastStep: 5 },
    ]);
  });

  it('has one JSONL line per rollout, and a torn write beyond them vanishes on opening', () => {
    const run = open();
    run.commitStep({ phase: 'rl', step: 1, metrics: {}, rollouts: [{ text: 'a\nb' }, 3] });
    run.close();
    const path = join(dir, 'rollouts.jsonl');
    const whole = readFileSync(path, 'utf8');
    expect(whole).toBe(
      '{"phase":"rl","step":1,"index":0,"rollout":{"text":"a\\nb"}}\n{"phase":"rl","step":1,"index":1,"rollout":3}\n',
    );
    appendFileSync(path, '{"phase":"rl","step":2,"ind');
    const again = open();
    expect(readFileSync(path, 'utf8')).toBe(whole);
    commit(again, 'rl', 2);
    expect(again.rollouts('rl', 2)).toEqual([{ text: 'answer 2' }]);
  });

  it('keeps times out of the digest and content in it', () => {
    let count = 0;
    const digest = (now: number, seconds: number, text: string) => {
      const run = openRun(join(dir, '..', `run-${count++}`), { recipe: {}, seed: 1, now: () => now });
      run.commitStep({ phase: 'rl', step: 1, metrics: { x: 1 }, timings: { seconds }, rollouts: [text] });
      run.recordEvaluations('after', [sample('i', 0, 'correct')]);
      const out = run.contentDigest();
      expect(run.timingSeries('rl', 'seconds')).toEqual([{ step: 1, value: seconds }]);
      run.close();
      return out;
    };
    expect(digest(1, 2, 'a')).toBe(digest(3, 4, 'a'));
    expect(digest(1, 2, 'b')).not.toBe(digest(1, 2, 'a'));
  });
});

describe('rewindTo', () => {
  it('takes back everything after a checkpoint and nothing before it', () => {
    const run = open();
    commit(run, 'warm-up', 1);
    run.recordEvaluations('before', [sample('i', 0, 'correct')]);
    run.setResult('before', { accuracy: 1 });
    commit(run, 'rl', 1);
    const digest = run.contentDigest();
    const checkpoint = run.registerCheckpoint({ phase: 'rl', step: 1, path: 'checkpoints/rl-000001' });
    commit(run, 'rl', 2);
    commit(run, 'rl', 3);
    run.registerCheckpoint({ phase: 'rl', step: 3, path: 'checkpoints/rl-000003' });
    run.recordEvaluations('after', [sample('i', 0, 'incorrect')]);
    run.setResult('after', 0);
    expect(run.rewindTo(checkpoint)).toBe(2);
    expect(run.contentDigest()).toBe(digest);
    expect(run.results()).toEqual({ before: { accuracy: 1 } });
    expect(run.checkpoints().map((c) => c.id)).toEqual(['rl-000001']);
    expect(run.evaluationPhases()).toEqual(['before']);
    commit(run, 'rl', 2);
    expect(run.rollouts('rl', 2)).toEqual([{ text: 'answer 2' }]);
    expect(() => run.rewindTo('rl-000003')).toThrow(expect.objectContaining({ code: 'checkpoint-missing' }));
    expect(run.rewindTo(null)).toBe(3);
    expect(run.results()).toEqual({});
    expect(statSync(join(dir, 'rollouts.jsonl')).size).toBe(0);
  });

  it('registers step 0 at the start of a phase and refuses a step without a record', () => {
    const run = open();
    commit(run, 'warm-up', 1);
    expect(run.registerCheckpoint({ phase: 'rl', step: 0, path: 'x' }).position).toBe(1);
    expect(() => run.registerCheckpoint({ phase: 'rl', step: 4, path: 'x' })).toThrow('step 4 of rl');
  });
});

describe('evaluations', () => {
  it('counts per item, and recording again doubles nothing', () => {
    const run = open();
    const samples = [sample('b', 0, 'correct'), sample('b', 1, 'timeout'), sample('a', 0, 'incorrect')];
    expect(run.recordEvaluations('after', samples)).toBe(3);
    expect(run.recordEvaluations('after', [...samples, sample('a', 1, 'correct')])).toBe(1);
    expect(run.evaluationCounts('after')).toEqual([
      { item: 'a', n: 2, correct: 1, incorrect: 1, unclaimed: 0, meanScore: 0.5, meanTokens: 4.5 },
      { item: 'b', n: 2, correct: 1, incorrect: 0, unclaimed: 1, meanScore: 0.5, meanTokens: 4.5 },
    ]);
    expect(run.evaluationSamples('after', 'b')).toEqual(samples.slice(0, 2));
    expect(run.evaluated('after')).toEqual(
      new Map(Object.entries({ b: new Set([0, 1]), a: new Set([0, 1]) })),
    );
    expect(run.evaluationCounts('before')).toEqual([]);
  });
});

describe('a damaged record', () => {
  const damages: [string, (path: (name: string) => string) => void][] = [
    ['random bytes', (path) => writeFileSync(path('run.sqlite'), Buffer.alloc(9000, 'no database at all '))],
    ['truncated to half', (path) => truncateSync(path('run.sqlite'), 4096 * 5)],
    ['truncated to nothing', (path) => truncateSync(path('run.sqlite'), 0)],
    ['a missing database', (path) => rmSync(path('run.sqlite'))],
    ['short rollouts', (path) => truncateSync(path('rollouts.jsonl'), 3)],
  ];
  it.each(damages)('is store-corrupt with a remedy: %s', (_, damage) => {
    const run = open();
    for (let step = 1; step <= 50; step++) commit(run, 'rl', step);
    run.close();
    damage((name) => join(dir, name));
    expect(() => open()).toThrow(
      expect.objectContaining({ code: 'store-corrupt', hint: expect.stringContaining('backup') }),
    );
  });

  it('is noticed in the middle of the rollouts when they are read', () => {
    const run = open();
    commit(run, 'rl', 1);
    run.close();
    const path = join(dir, 'rollouts.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('answer', 'anwser'));
    expect(() => open().contentDigest()).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
  });
});
