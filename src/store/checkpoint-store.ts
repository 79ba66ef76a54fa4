// Checkpoint directories of a run: `checkpoints/<phase>-<step>/` with a manifest of sizes and SHA-256 sums.
// A checkpoint is written under a temporary name, synced, renamed and only then registered, so a registered
// one is whole; directories that no record names are leftovers of a crash and go when the store is opened.
// Per phase the newest `keepLast` and the best `keepBest` by score stay: a later phase may start from either.

import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TouchstoneError } from '../core/index.ts';
import { CHECKPOINTS_DIR } from './database.ts';
import { syncPath } from './durable-files.ts';
import type { CheckpointRecord } from './run-record.ts';
import { checkpointId, type RunStore } from './run-store.ts';
import { systemCode, translateFault } from './store-fault.ts';

const MANIFEST_FILE = 'manifest.json';

export interface CheckpointStoreOptions {
  /** How many of the newest checkpoints of each phase stay. Default 2: one to fall back to. */
  keepLast?: number;
  /** How many of the best-scored checkpoints of each phase stay besides. Default 1. */
  keepBest?: number;
}

export interface SaveCheckpoint {
  phase: string;
  step: number;
  /** Higher is better. */
  score?: number;
  /** Writes the files of the checkpoint into an empty directory. */
  write(dir: string): void | Promise<void>;
}

/** A checkpoint whose files are there and whole. */
export interface UsableCheckpoint extends CheckpointRecord {
  /** Where its files are. */
  directory: string;
}

export interface CheckpointStore {
  save(checkpoint: SaveCheckpoint): Promise<UsableCheckpoint>;
  /** The best-scored usable checkpoint of a phase, else its newest. */
  best(phase: string): Promise<UsableCheckpoint | undefined>;
  /** The newest usable checkpoint, of one phase where given; damaged ones are passed over with a warning. */
  latest(phase?: string): Promise<UsableCheckpoint | undefined>;
  /**
   * Rewinds the run to its newest usable checkpoint and returns it, or to the very beginning and undefined
   * when none was ever registered. 'checkpoint-missing' when there were some and none is usable.
   */
  resume(): Promise<UsableCheckpoint | undefined>;
}

interface Manifest {
  files: Record<string, { bytes: number; sha256: string }>;
}

/**
 * The checkpoints of an owned run.
 *
 * @example
 * const checkpoints = createCheckpointStore(run, { keepLast: 2 });
 * const start = await checkpoints.resume();
 * await checkpoints.save({ phase: 'rl', step: 10, write: (dir) => model.save(dir) });
 */
export function createCheckpointStore(run: RunStore, options: CheckpointStoreOptions = {}): CheckpointStore {
  const keepLast = Math.max(1, options.keepLast ?? 2);
  const keepBest = Math.max(0, options.keepBest ?? 1);
  const root = join(run.dir, CHECKPOINTS_DIR);
  const locate = (record: CheckpointRecord): UsableCheckpoint => ({
    ...record,
    directory: join(run.dir, record.path),
  });

  const clean = () => {
    const known = new Set(run.checkpoints().map((record) => record.path));
    for (const name of readdirSync(root)) {
      if (!known.has(`${CHECKPOINTS_DIR}/${name}`))
        rmSync(join(root, name), { recursive: true, force: true });
    }
  };

  const prune = (phase: string) => {
    const all = run.checkpoints().filter((record) => record.phase === phase);
    const scored = all.filter((record) => record.score !== null);
    scored.sort((a, b) => Number(b.score) - Number(a.score) || b.position - a.position);
    const kept = new Set([...all.slice(-keepLast), ...scored.slice(0, keepBest)].map((record) => record.id));
    for (const record of all) {
      if (kept.has(record.id)) continue;
      run.forgetCheckpoint(record.id);
      rmSync(join(run.dir, record.path), { recursive: true, force: true });
    }
  };

  const firstUsable = async (candidates: CheckpointRecord[]): Promise<UsableCheckpoint | undefined> => {
    for (const record of candidates) {
      const checkpoint = locate(record);
      const damage = await findDamage(checkpoint.directory);
      if (damage === undefined) return checkpoint;
      const text = `checkpoint ${record.id} cannot be used: ${damage}`;
      if (!run.warnings().some((warning) => warning.text === text)) run.warn(text);
    }
    return undefined;
  };
  const newestFirst = (phase?: string) =>
    run
      .checkpoints()
      .filter((record) => phase === undefined || record.phase === phase)
      .reverse();

  clean();
  return {
    async save({ phase, step, score, write }) {
      const id = checkpointId(phase, step);
      const draft = join(root, `.writing-${id}`);
      const target = join(root, id);
      try {
        rmSync(draft, { recursive: true, force: true });
        await mkdir(draft, { recursive: true });
        await write(draft);
        await seal(draft);
        run.forgetCheckpoint(id);
        rmSync(target, { recursive: true, force: true });
        renameSync(draft, target);
        syncPath(root);
      } catch (fault) {
        rmSync(draft, { recursive: true, force: true });
        throw translateFault(fault, run.dir);
      }
      const path = `${CHECKPOINTS_DIR}/${id}`;
      const record = run.registerCheckpoint({ phase, step, path, ...(score === undefined ? {} : { score }) });
      prune(phase);
      return locate(record);
    },
    best(phase) {
      const all = newestFirst(phase);
      const value = (record: CheckpointRecord) => record.score ?? Number.NEGATIVE_INFINITY;
      // Equal infinities subtract to NaN, hence the comparison; the sort is stable, so newer stays first.
      all.sort((a, b) => (value(a) === value(b) ? 0 : value(b) - value(a)));
      return firstUsable(all);
    },
    latest: (phase) => firstUsable(newestFirst(phase)),
    async resume() {
      const candidates = newestFirst();
      const found = await firstUsable(candidates);
      if (found === undefined && candidates.length > 0) {
        throw new TouchstoneError(
          'checkpoint-missing',
          `none of the ${candidates.length} checkpoints of run ${run.dir} can be used, newest ${candidates[0]?.id}`,
          { hint: 'restore the checkpoints directory from a backup, or start again under another --name' },
        );
      }
      run.rewindTo(found ?? null);
      clean();
      return found;
    },
  };
}

/** Writes the manifest and waits until the disk has every file. */
async function seal(dir: string): Promise<void> {
  const manifest: Manifest = { files: {} };
  for (const name of listFiles(dir)) {
    const path = join(dir, name);
    manifest.files[name] = { bytes: statSync(path).size, sha256: await hashFile(path) };
    syncPath(path);
  }
  await writeFile(join(dir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  syncPath(join(dir, MANIFEST_FILE));
  for (const name of listDirectories(dir)) syncPath(name);
}

/** What is wrong with a checkpoint directory, in words, or undefined when it is whole. */
async function findDamage(dir: string): Promise<string | undefined> {
  try {
    if (!existsSync(dir)) return 'its directory is missing';
    const manifest = JSON.parse(readFileSync(join(dir, MANIFEST_FILE), 'utf8')) as Manifest;
    for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
      const path = join(dir, name);
      const size = statSync(path).size;
      if (size !== bytes) return `${name} has ${size} bytes instead of ${bytes}`;
      if ((await hashFile(path)) !== sha256) return `${name} has other contents than were written`;
    }
    return undefined;
  } catch (fault) {
    if (fault instanceof SyntaxError || fault instanceof TypeError) return `${MANIFEST_FILE} is not readable`;
    if (systemCode(fault) !== undefined) return `a file is not readable (${systemCode(fault)})`;
    throw fault;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

function listFiles(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dir.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

function listDirectories(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return [dir, ...entries.filter((e) => e.isDirectory()).map((e) => join(e.parentPath, e.name))];
}
