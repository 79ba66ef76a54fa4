// Files and directories that appear whole or not at all.
//
// A file is written under a temporary name, flushed and renamed. A directory cannot replace a non-empty one in a
// single rename, so replacing takes two: `dir` -> `dir.old-<id>`, then `dir.tmp-<id>` -> `dir`. The first happens
// only after the new directory is complete and flushed, so a crash between the two leaves both complete;
// recoverDirectory, called before every read and write, then finishes the replacement. A crash earlier leaves the
// old directory in place, a crash later the new one.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TouchstoneError } from '../../core/errors.ts';

/** Unfinished directories of killed processes are removed once they have been untouched for a day. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * Writes a file so that `path` holds either its old content or the whole new one.
 *
 * @param fill writes the content to the open file
 * @throws TouchstoneError 'disk-full' when the disk has no room; other faults of the file system pass through
 */
export function writeFileAtomic(path: string, fill: (fd: number) => void): void {
  const temporary = `${path}.tmp-${randomBytes(6).toString('hex')}`;
  try {
    const fd = openSync(temporary, 'wx');
    try {
      fill(fd);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    flushDirectory(dirname(path));
  } catch (fault) {
    rmSync(temporary, { force: true });
    throw storageFault(fault, path);
  }
}

/** Writes a small text file atomically; see writeFileAtomic. */
export function writeTextAtomic(path: string, text: string): void {
  writeFileAtomic(path, (fd) => writeFully(fd, new TextEncoder().encode(text), 0));
}

/**
 * Writes all bytes at a position; `write` alone may stop early.
 *
 * @param position byte offset in the file
 */
export function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/**
 * Creates or replaces a directory so that a reader who calls recoverDirectory sees the old or the new one, whole.
 *
 * @param fill writes the files into the staging directory it is given
 * @throws TouchstoneError 'disk-full'; whatever `fill` throws passes through and leaves `dir` as it was
 */
export function replaceDirectory(dir: string, fill: (stagingDir: string) => void): void {
  const target = resolve(dir);
  recoverDirectory(target);
  const id = randomBytes(6).toString('hex');
  const staging = `${target}.tmp-${id}`;
  const old = `${target}.old-${id}`;
  try {
    mkdirSync(staging, { recursive: true });
    fill(staging);
    flushDirectory(staging);
    if (existsSync(target)) renameSync(target, old);
  } catch (fault) {
    rmSync(staging, { recursive: true, force: true });
    throw storageFault(fault, target);
  }
  putInPlace(staging, target);
  flushDirectory(dirname(target));
  removeLeftovers(target);
}

/**
 * Finishes a replacement that a crash cut short between its two renames; does nothing when `dir` exists.
 *
 * @throws errors of the file system, for instance when the parent directory is read-only
 */
export function recoverDirectory(dir: string): void {
  const target = resolve(dir);
  if (existsSync(target)) return;
  const old = siblings(target, 'old')[0];
  if (old === undefined) return;
  const staging = old.replace(/\.old-([0-9a-f]+)$/, '.tmp-$1');
  putInPlace(existsSync(staging) ? staging : old, target);
  rmSync(old, { recursive: true, force: true });
}

/** The fault of a write as the caller should see it: 'disk-full' for no space or quota, otherwise itself. */
export function storageFault(fault: unknown, path: string): unknown {
  const code = fault instanceof Error && 'code' in fault ? fault.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return fault;
  return new TouchstoneError('disk-full', `no space left on the disk to write ${path}`, {
    cause: fault,
    hint: 'free some space and try again; what was there before is intact',
    retryable: true,
  });
}

/** A reader may have finished the replacement in our stead; then the target is already in place. */
function putInPlace(source: string, target: string): void {
  try {
    renameSync(source, target);
  } catch (fault) {
    if (existsSync(source) || !existsSync(target)) throw fault;
  }
}

function removeLeftovers(target: string): void {
  const stale = siblings(target, 'tmp').filter((path) => {
    const status = statSync(path, { throwIfNoEntry: false });
    return status !== undefined && Date.now() - status.mtimeMs > STALE_MILLISECONDS;
  });
  for (const path of [...siblings(target, 'old'), ...stale]) rmSync(path, { recursive: true, force: true });
}

/** Directories `<target>.<kind>-<id>` beside the target, sorted. */
function siblings(target: string, kind: 'old' | 'tmp'): string[] {
  const parent = dirname(target);
  if (!existsSync(parent)) return [];
  const prefix = `${basename(target)}.${kind}-`;
  const names = readdirSync(parent).filter(
    (name) => name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(name.slice(prefix.length)),
  );
  return names.sort().map((name) => join(parent, name));
}

/** Makes renames inside a directory survive a power cut. Windows cannot open directories and needs none of it. */
function flushDirectory(dir: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
