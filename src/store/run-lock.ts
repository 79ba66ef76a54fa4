// One process owns a run. The lock is an EXCLUSIVE transaction held open on a small SQLite file, that is, a
// lock of the operating system: the kernel releases it when the process ends, however it ends, so there is no
// stale lock to clean up. Who holds it is told by a side file that is information only and decides nothing.
// Limits: the locks of some network file systems do not reach other hosts; keep runs on a local disk.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TouchstoneError } from '../core/index.ts';
import { isBusy, translateFault } from './store-fault.ts';

/** Who holds a run. */
export interface LockHolder {
  pid: number;
  host: string;
  /** ISO 8601 time at which the lock was taken. */
  since: string;
}

/** A held lock; `release` may be called more than once. */
export interface RunLock {
  readonly holder: LockHolder;
  release(): void;
}

const LOCK_FILE = 'run.lock';
const HOLDER_FILE = 'run.lock.json';
/** Locks of this process. Without a reference the garbage collector closes the file and with it the lock. */
const held = new Set<DatabaseSync>();

/** The holder last written in a run directory, which may be gone by now; undefined when none is readable. */
export function readLockHolder(dir: string): LockHolder | undefined {
  let text: string;
  try {
    text = readFileSync(join(dir, HOLDER_FILE), 'utf8');
  } catch {
    return undefined; // not written yet: the holder is between taking the lock and saying so
  }
  const match = /^\{"pid":(\d+),"host":("[^"]*"),"since":"([0-9TZ:.+-]+)"\}\s*$/.exec(text);
  if (match === null) return undefined;
  return { pid: Number(match[1]), host: JSON.parse(match[2]), since: match[3] };
}

/**
 * Takes the lock of a run directory or throws 'run-locked' at once; it never waits.
 *
 * @example
 * const lock = acquireRunLock('runs/quickstart');
 * try { work(); } finally { lock.release(); }
 */
export function acquireRunLock(dir: string, now: () => number = Date.now): RunLock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(dir, LOCK_FILE), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (fault) {
    database?.close();
    if (isBusy(fault)) throw lockedError(dir, fault);
    throw translateFault(fault, dir);
  }
  const locked = database;
  held.add(locked);
  const holder: LockHolder = { pid: process.pid, host: hostname(), since: new Date(now()).toISOString() };
  try {
    const draft = join(dir, `${HOLDER_FILE}.${process.pid}`);
    writeFileSync(draft, `${JSON.stringify(holder)}\n`);
    renameSync(draft, join(dir, HOLDER_FILE));
  } catch (fault) {
    unlock(locked);
    throw translateFault(fault, dir);
  }
  let released = false;
  return {
    holder,
    release() {
      if (released) return;
      released = true;
      unlock(locked);
    },
  };
}

function unlock(database: DatabaseSync): void {
  held.delete(database);
  database.close();
}

function lockedError(dir: string, cause: unknown): TouchstoneError {
  const holder = readLockHolder(dir);
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
  return new TouchstoneError('run-locked', `run ${dir} is in use by ${who}`, {
    cause,
    hint: 'wait for it, stop it, or give this run another --name',
    retryable: true,
  });
}
