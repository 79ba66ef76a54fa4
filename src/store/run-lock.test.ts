import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireRunLock, readLockHolder } from './run-lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A process that holds the lock until it is killed. */
async function startHolder(): Promise<ChildProcess> {
  const script = `
    import { acquireRunLock } from ${JSON.stringify(new URL('./run-lock.ts', import.meta.url).href)};
    acquireRunLock(${JSON.stringify(dir)}); // nobody keeps the result, the lock must hold all the same
    globalThis.gc();
    process.stdout.write('held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('run lock', () => {
  it('is exclusive within a process and free after release', () => {
    const lock = acquireRunLock(dir, () => 0);
    expect(() => acquireRunLock(dir)).toThrow(
      expect.objectContaining({
        code: 'run-locked',
        message: `run ${dir} is in use by process ${process.pid} on ${hostname()} since 1970-01-01T00:00:00.000Z`,
      }),
    );
    lock.release();
    lock.release();
    acquireRunLock(dir).release();
  });

  it('names the process that holds it and is free the moment that process is killed', async () => {
    for (let round = 0; round < 3; round++) {
      const child = await startHolder();
      const gone = once(child, 'exit');
      try {
        expect(() => acquireRunLock(dir)).toThrow(`process ${child.pid} on ${hostname()}`);
        expect(readLockHolder(dir)?.pid).toBe(child.pid);
      } finally {
        child.kill('SIGKILL');
        await gone;
      }
      acquireRunLock(dir).release();
    }
  });
});
