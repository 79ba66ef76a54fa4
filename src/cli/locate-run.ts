// Runs are named in `--runs-dir`, or given by the path of their directory. Here names become directories, and
// directories become what is shown to people. Whether a directory holds a usable run is for the store to say.

import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { TouchstoneError } from '../core/index.ts';

export const DEFAULT_RUNS_DIR = 'runs';

/** The directory of a run that is to be written, from its name. */
export function runDirectory(runsDir: string, name: string, cwd: string): string {
  if (!/^[^\\/\0]+$/.test(name) || name === '.' || name === '..') {
    throw new TouchstoneError('bad-config', `${JSON.stringify(name)} cannot name a run`, {
      hint: 'use letters, digits, dots and dashes; --runs-dir says where runs are',
    });
  }
  return resolve(cwd, runsDir, name);
}

/** The directory of an existing run, from its name or path. */
export function findRun(reference: string, runsDir: string, cwd: string): string {
  const candidates = [resolve(cwd, runsDir, reference), resolve(cwd, reference)];
  const found = candidates.find((dir) => existsSync(join(dir, 'run.sqlite')));
  if (found !== undefined) return found;
  throw new TouchstoneError('not-found', `no run ${reference} in ${runsDir}`, {
    hint: 'give the name of a run in --runs-dir, or the path of its directory',
  });
}

/** A path as people like it: relative to `cwd` when it is below, whole otherwise. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
}
