// Files that survive a power cut: whole-buffer writes, fsync of files and directories, and an append-only
// file whose committed length is kept elsewhere. What lies beyond that length was never committed and is cut.

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { systemCode } from './store-fault.ts';

/** An append-only file with a committed length known to the caller. */
export interface AppendFile {
  /** Bytes in the file, committed or not. */
  size(): number;
  /** Writes all of `bytes` at `offset` and waits until the disk has them. */
  writeAt(offset: number, bytes: Uint8Array): void;
  read(start: number, end: number): Buffer;
  truncate(length: number): void;
  close(): void;
}

/** Opens or creates a file for appending. */
export function openAppendFile(path: string, options: { readOnly?: boolean } = {}): AppendFile {
  const flags = options.readOnly === true ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
  const fd = openSync(path, flags, 0o644);
  let open = true;
  return {
    size: () => fstatSync(fd).size,
    writeAt(offset, bytes) {
      let done = 0;
      while (done < bytes.length) {
        done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
      }
      if (bytes.length > 0) fdatasyncSync(fd);
    },
    read(start, end) {
      const out = Buffer.alloc(end - start);
      let done = 0;
      while (done < out.length) {
        const count = readSync(fd, out, done, out.length - done, start + done);
        if (count === 0) break;
        done += count;
      }
      return out.subarray(0, done);
    },
    truncate(length) {
      ftruncateSync(fd, length);
      fsyncSync(fd);
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

/** Waits until the disk has a file, or the entries of a directory. */
export function syncPath(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (fault) {
    // Windows cannot open a directory as a file; its file system journals directory entries itself.
    if (systemCode(fault) === 'EISDIR' || (process.platform === 'win32' && systemCode(fault) === 'EPERM'))
      return;
    throw fault;
  }
  try {
    fsyncSync(fd);
  } catch (fault) {
    // Some file systems refuse to sync directories (EINVAL) and some systems refuse it on read-only handles.
    if (systemCode(fault) !== 'EINVAL' && systemCode(fault) !== 'EPERM') throw fault;
  } finally {
    closeSync(fd);
  }
}
