// A full disk, for the database through its page ceiling and for both files on a file system of one megabyte
// (Linux as root; elsewhere that test is skipped).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAppendFile } from './durable-files.ts';
import { openRun, type RunStore } from './run-store.ts';
import { translateFault } from './store-fault.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'full-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Commits until there is no space; returns how many steps were committed and the digest before the fault. */
function fill(run: RunStore, rolloutBytes: number): { steps: number; digest: string } {
  let digest = run.contentDigest();
  for (let step = 1; step < 5000; step++) {
    try {
      run.commitStep({
        phase: 'rl',
        step,
        metrics: { reward: step },
        rollouts: ['x'.repeat(rolloutBytes)],
        state: 's'.repeat(2000),
      });
    } catch (fault) {
      expect(fault).toMatchObject({ code: 'disk-full', retryable: true });
      return { steps: step - 1, digest };
    }
    digest = run.contentDigest();
  }
  throw new Error('the disk never filled');
}

function mountSmall(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not root, or not Linux
  }
}

describe('a full disk', () => {
  it('stops the database with disk-full and loses nothing committed', () => {
    const run = openRun(dir, { recipe: {}, seed: 1, maxPages: 40 });
    const { steps, digest } = fill(run, 10);
    expect(steps).toBeGreaterThan(5);
    expect(run.contentDigest()).toBe(digest);
    run.close();
    const again = openRun(dir, { recipe: {}, seed: 1 });
    expect(again.contentDigest()).toBe(digest);
    again.commitStep({ phase: 'rl', step: steps + 1, metrics: {}, rollouts: ['y'] });
    expect(again.rollouts('rl', steps + 1)).toEqual(['y']);
    again.close();
  });

  it.each([20_000, 10])('stops a real file system of 1 MB, rollouts of %i bytes', (rolloutBytes) => {
    if (!mountSmall()) return;
    try {
      const run = openRun(dir, { recipe: {}, seed: 1 });
      const { steps, digest } = fill(run, rolloutBytes);
      expect(steps).toBeGreaterThan(5);
      expect(run.contentDigest()).toBe(digest);
      run.close();
      execFileSync('mount', ['-o', 'remount,size=4m', dir]);
      const again = openRun(dir, { recipe: {}, seed: 1 });
      expect(again.contentDigest()).toBe(digest);
      again.commitStep({ phase: 'rl', step: steps + 1, metrics: {}, rollouts: ['y'.repeat(30_000)] });
      again.close();
    } finally {
      execFileSync('umount', [dir]);
    }
  });

  it.runIf(process.platform === 'linux')('means disk-full for the rollout file too', () => {
    const file = openAppendFile('/dev/full');
    expect.assertions(1);
    try {
      file.writeAt(0, Buffer.from('x'));
    } catch (fault) {
      expect(translateFault(fault, dir)).toMatchObject({ code: 'disk-full' });
    } finally {
      file.close();
    }
  });

  it('says so when a run directory cannot be made', () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    expect(() => openRun(join(file, 'run'), { recipe: {}, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });
});
