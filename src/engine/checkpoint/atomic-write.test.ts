// Whole or not at all: faults at every step of a write, crashes between renames, leftovers, a full disk.

import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  recoverDirectory,
  replaceDirectory,
  storageFault,
  writeFully,
  writeTextAtomic,
} from './atomic-write.ts';
import { writeSafetensors } from './safetensors.ts';

const original = { ...fs };
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'touchstone-atomic-'));
});
afterEach(() => {
  restore();
  rmSync(root, { recursive: true, force: true });
});

function restore(): void {
  Object.assign(fs, {
    writeSync: original.writeSync,
    renameSync: original.renameSync,
    rmSync: original.rmSync,
  });
  syncBuiltinESMExports();
}

/** Lets the n-th call of a file system function, and all later ones, fail. */
function failFrom(name: 'writeSync' | 'renameSync', n: number, code: string): void {
  let calls = 0;
  const real = original[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      calls += 1;
      if (calls >= n) throw Object.assign(new Error(code), { code });
      return real(...args);
    },
  });
  syncBuiltinESMExports();
}

const fillWith = (text: string) => (dir: string) => {
  writeFileSync(join(dir, 'a'), text);
  writeFileSync(join(dir, 'b'), text);
};
const contentOf = (dir: string) => readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'));

describe('a file', () => {
  it('keeps its old content when the disk fills up, and leaves no temporary behind', () => {
    const path = join(root, 'f');
    writeTextAtomic(path, 'old');
    failFrom('writeSync', 1, 'ENOSPC');
    expect(() => writeTextAtomic(path, 'new')).toThrow(
      expect.objectContaining({
        code: 'disk-full',
        retryable: true,
        message: `no space left on the disk to write ${path}`,
      }),
    );
    restore();
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(root)).toEqual(['f']);
  });

  it('reports a full disk in the middle of tensors', () => {
    const path = join(root, 'w.safetensors');
    failFrom('writeSync', 2, 'ENOSPC');
    const tensors = ['a', 'b'].map((name) => ({ name, shape: [2], data: new Float32Array(2) }));
    expect(() => writeSafetensors(path, tensors)).toThrow(expect.objectContaining({ code: 'disk-full' }));
    expect(readdirSync(root)).toEqual([]);
  });

  it.runIf(existsSync('/dev/full'))('recognises what the kernel says about a full disk', () => {
    const fd = openSync('/dev/full', 'w');
    let fault: unknown;
    try {
      writeFully(fd, new Uint8Array(8), 0);
    } catch (error) {
      fault = storageFault(error, 'x');
    }
    expect(fault).toMatchObject({ code: 'disk-full' });
  });

  it('passes other faults through', () => {
    expect(() => writeTextAtomic(join(root, 'absent', 'f'), 'x')).toThrow(/ENOENT/);
  });
});

describe('a directory', () => {
  it('is created with its parents, and replaced whole', () => {
    const dir = join(root, 'deep', 'model');
    replaceDirectory(dir, fillWith('one'));
    writeFileSync(join(dir, 'extra'), 'goes away');
    replaceDirectory(dir, fillWith('two'));
    expect(contentOf(dir)).toEqual(['two', 'two']);
    expect(readdirSync(join(root, 'deep'))).toEqual(['model']);
  });

  it('stays as it was when filling fails', () => {
    const dir = join(root, 'model');
    replaceDirectory(dir, fillWith('old'));
    const fill = (staging: string) => {
      writeFileSync(join(staging, 'a'), 'new');
      throw new Error('interrupted');
    };
    expect(() => replaceDirectory(dir, fill)).toThrow('interrupted');
    expect(contentOf(dir)).toEqual(['old', 'old']);
    expect(readdirSync(root)).toEqual(['model']);
  });

  it('is the new one after a crash between the two renames', () => {
    const dir = join(root, 'model');
    replaceDirectory(dir, fillWith('old'));
    failFrom('renameSync', 2, 'EIO');
    expect(() => replaceDirectory(dir, fillWith('new'))).toThrow('EIO');
    restore();
    expect(existsSync(dir)).toBe(false);
    recoverDirectory(dir);
    expect(contentOf(dir)).toEqual(['new', 'new']);
    expect(readdirSync(root)).toEqual(['model']);
  });

  it('is the old one when the new one is gone after such a crash', () => {
    const dir = join(root, 'model');
    mkdirSync(`${dir}.old-0123456789ab`);
    fillWith('old')(`${dir}.old-0123456789ab`);
    recoverDirectory(dir);
    expect(contentOf(dir)).toEqual(['old', 'old']);
    expect(readdirSync(root)).toEqual(['model']);
  });

  it('is replaced after such a crash without a load between', () => {
    const dir = join(root, 'model');
    replaceDirectory(dir, fillWith('old'));
    failFrom('renameSync', 2, 'EIO');
    expect(() => replaceDirectory(dir, fillWith('new'))).toThrow('EIO');
    restore();
    replaceDirectory(dir, fillWith('newer'));
    expect(contentOf(dir)).toEqual(['newer', 'newer']);
    expect(readdirSync(root)).toEqual(['model']);
  });

  it('clears leftovers of dead writers, but neither fresh work nor foreign names', () => {
    const dir = join(root, 'model');
    for (const name of [
      'model.old-aaaaaaaaaaaa',
      'model.tmp-bbbbbbbbbbbb',
      'model.tmp-cccccccccccc',
      'model.old-notes',
    ]) {
      mkdirSync(join(root, name));
    }
    mkdirSync(dir);
    utimesSync(join(root, 'model.tmp-bbbbbbbbbbbb'), 1, 1);
    replaceDirectory(dir, fillWith('new'));
    expect(readdirSync(root)).toEqual(['model', 'model.old-notes', 'model.tmp-cccccccccccc']);
  });

  it('recovers nothing where there is nothing', () => {
    recoverDirectory(join(root, 'absent', 'model'));
    recoverDirectory(join(root, 'model'));
    expect(readdirSync(root)).toEqual([]);
  });
});
