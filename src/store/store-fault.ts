// What a fault of SQLite or the file system means to the user: no space, a damaged record, or a place that
// cannot be written. Anything else passes through unchanged, because it is a mistake of ours.

import { statfsSync } from 'node:fs';
import { TouchstoneError } from '../core/index.ts';

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/** Below this a fault of input or output is taken for a full disk: SQLite cannot grow its index by one step. */
const FULL_BELOW_BYTES = 65536;

/** The primary SQLite result code of a fault, or undefined when it does not come from SQLite. */
export function sqliteCode(fault: unknown): number | undefined {
  if (!(fault instanceof Error) || !('errcode' in fault) || typeof fault.errcode !== 'number')
    return undefined;
  return fault.errcode & 0xff;
}

/** The system error name of a fault, e.g. `ENOSPC`. */
export function systemCode(fault: unknown): string | undefined {
  return fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : undefined;
}

/** Whether a fault says that another connection holds the lock. */
export function isBusy(fault: unknown): boolean {
  const code = sqliteCode(fault);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** The error of a damaged record. */
export function corruptError(dir: string, what: string, cause?: unknown): TouchstoneError {
  return new TouchstoneError('store-corrupt', `the record of run ${dir} is damaged: ${what}`, {
    cause,
    hint: 'restore the directory from a backup, or start again under another --name',
  });
}

/** The error of a full disk. */
export function fullError(dir: string, cause?: unknown): TouchstoneError {
  return new TouchstoneError('disk-full', `no space left to record run ${dir}`, {
    cause,
    hint: 'free some space and start the same command again; everything committed so far is kept',
    retryable: true,
  });
}

/** The TouchstoneError for a fault met while using the store at `dir`; a fault without a meaning comes back as is. */
export function translateFault(fault: unknown, dir: string): unknown {
  if (fault instanceof TouchstoneError) return fault;
  const system = systemCode(fault);
  if (system === 'ENOSPC' || system === 'EDQUOT' || system === 'EFBIG') return fullError(dir, fault);
  if (system === 'EACCES' || system === 'EPERM' || system === 'EROFS' || system === 'ENOTDIR') {
    return unwritableError(dir, fault);
  }
  if (system === 'EIO') return corruptError(dir, 'the disk reports an input or output error', fault);
  switch (sqliteCode(fault)) {
    case SQLITE_FULL:
      return fullError(dir, fault);
    case SQLITE_IOERR:
      return isFull(dir)
        ? fullError(dir, fault)
        : corruptError(dir, 'the disk reports an input or output error', fault);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return corruptError(dir, fault instanceof Error ? fault.message : String(fault), fault);
    case SQLITE_CANTOPEN:
      return isFull(dir) ? fullError(dir, fault) : unwritableError(dir, fault);
    case SQLITE_READONLY:
      return unwritableError(dir, fault);
    default:
      return fault;
  }
}

function unwritableError(dir: string, cause: unknown): TouchstoneError {
  return new TouchstoneError('bad-config', `run directory ${dir} cannot be opened for writing`, {
    cause,
    hint: 'check its permissions or choose another --runs-dir',
  });
}

function isFull(dir: string): boolean {
  try {
    const space = statfsSync(dir);
    return space.bavail * space.bsize < FULL_BELOW_BYTES;
  } catch {
    return false; // the directory is gone or the system does not tell: not known to be full
  }
}
