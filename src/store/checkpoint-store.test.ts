import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCheckpointStore } from './checkpoint-store.ts';
import { openRun, type RunStore } from './run-store.ts';

let dir: string;
let run: RunStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  run = openRun(dir, { recipe: {}, seed: 1 });
});
afterEach(() => {
  run.close();
  rmSync(dir, { recursive: true, force: true });
});

const commit = (phase: string, step: number) => run.commitStep({ phase, step, metrics: { step } });
const write = (text: string) => (at: string) => {
  mkdirSync(join(at, 'model'));
  writeFileSync(join(at, 'model', 'weights.bin'), text);
};
const present = () => readdirSync(join(dir, 'checkpoints')).sort();
const weights = (id: string) => join(dir, 'checkpoints', id, 'model', 'weights.bin');

/** Steps 1 to `count`, each with a checkpoint. */
async function train(count: number, scores: number[] = [], keepLast = 2): Promise<void> {
  const store = createCheckpointStore(run, { keepLast });
  for (let step = 1; step <= count; step++) {
    commit('rl', step);
    const score = scores[step - 1];
    await store.save({
      phase: 'rl',
      step,
      write: write(`w${step}`),
      ...(score === undefined ? {} : { score }),
    });
  }
}

describe('checkpoints', () => {
  it('keeps the newest and the best of each phase', async () => {
    const store = createCheckpointStore(run, { keepLast: 2 });
    commit('warm-up', 1);
    await store.save({ phase: 'warm-up', step: 1, write: write('warm') });
    await train(5, [0.1, 0.9, 0.3, 0.2, 0.1]);
    expect(present()).toEqual(['rl-000002', 'rl-000004', 'rl-000005', 'warm-up-000001']);
    expect((await store.best('rl'))?.step).toBe(2);
    expect((await store.best('warm-up'))?.step).toBe(1);
    expect((await store.latest('rl'))?.step).toBe(5);
    expect(await store.latest('none')).toBeUndefined();
  });

  it('leaves nothing of a write that failed, and the fault comes through', async () => {
    await train(1);
    const store = createCheckpointStore(run);
    const failing = () => {
      throw new Error('out of ideas');
    };
    await expect(store.save({ phase: 'rl', step: 1, write: failing })).rejects.toThrow('out of ideas');
    expect(present()).toEqual(['rl-000001']);
    expect((await store.latest())?.step).toBe(1);
  });

  it('removes the leftovers of interrupted writes when opened', async () => {
    await train(1);
    mkdirSync(join(dir, 'checkpoints', '.writing-rl-000002'));
    mkdirSync(join(dir, 'checkpoints', 'rl-000002')); // renamed, never registered
    createCheckpointStore(run);
    expect(present()).toEqual(['rl-000001']);
  });

  it('resumes from the newest and takes back the steps after it', async () => {
    await train(3);
    commit('rl', 4);
    const start = await createCheckpointStore(run).resume();
    expect(start).toMatchObject({ id: 'rl-000003', position: 3 });
    expect(readFileSync(join(String(start?.directory), 'model', 'weights.bin'), 'utf8')).toBe('w3');
    expect(run.lastStep()?.step).toBe(3);
  });

  it('starts from the very beginning when nothing was saved', async () => {
    commit('rl', 1);
    expect(await createCheckpointStore(run).resume()).toBeUndefined();
    expect(run.position()).toBe(0);
  });

  const damages: [string, string, () => void][] = [
    [
      'deleted',
      'its directory is missing',
      () => rmSync(join(dir, 'checkpoints', 'rl-000003'), { recursive: true }),
    ],
    ['file deleted', 'a file is not readable (ENOENT)', () => rmSync(weights('rl-000003'))],
    ['cut', 'model/weights.bin has 1 bytes instead of 2', () => writeFileSync(weights('rl-000003'), 'w')],
    ['altered', 'model/weights.bin has other contents', () => writeFileSync(weights('rl-000003'), 'w4')],
    [
      'manifest garbled',
      'manifest.json is not readable',
      () => writeFileSync(join(dir, 'checkpoints', 'rl-000003', 'manifest.json'), '{"fi'),
    ],
  ];
  it.each(damages)('falls back to the one before when the newest is %s', async (_, words, damage) => {
    await train(3);
    damage();
    const store = createCheckpointStore(run);
    expect(await store.resume()).toMatchObject({ id: 'rl-000002' });
    expect(run.lastStep()?.step).toBe(2);
    expect(run.warnings()).toHaveLength(1);
    expect(run.warnings()[0]?.text).toContain(`checkpoint rl-000003 cannot be used: ${words}`);
    expect(existsSync(join(dir, 'checkpoints', 'rl-000003'))).toBe(false);
  });

  it('is checkpoint-missing when none is left, and takes nothing back', async () => {
    await train(3);
    rmSync(join(dir, 'checkpoints'), { recursive: true });
    mkdirSync(join(dir, 'checkpoints'));
    await expect(createCheckpointStore(run).resume()).rejects.toMatchObject({ code: 'checkpoint-missing' });
    expect(run.position()).toBe(3);
  });
});
