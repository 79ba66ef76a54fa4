// The durable record of a run that one process owns: `runs/<name>/{run.sqlite, rollouts.jsonl, checkpoints/}`.
//
// A step is committed in this order: its rollouts are appended to the JSONL file and synced, then one SQLite
// transaction records metrics, state and the byte range. A crash in between leaves bytes that no row points
// to; opening cuts them. So after kill -9 at any instant the record is exactly the first n steps.
// `rewindTo` takes the record back to a checkpoint, so that steps done again are neither lost nor doubled.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson, contentHash, type Json, TouchstoneError } from '../core/index.ts';
import { CHECKPOINTS_DIR, DATABASE_FILE, type Database, openDatabase, ROLLOUTS_FILE } from './database.ts';
import { type AppendFile, openAppendFile, syncPath } from './durable-files.ts';
import { type EvaluationSample, insertEvaluations } from './evaluation-record.ts';
import { describeDifference, recipeDifference } from './recipe-difference.ts';
import { acquireRunLock } from './run-lock.ts';
import { type CheckpointRecord, createRunRecord, type RunRecord, sha256 } from './run-record.ts';
import { corruptError, translateFault } from './store-fault.ts';

export interface OpenRunOptions {
  /** The resolved recipe: what decides the outcome of the run, and nothing else. */
  recipe: Json;
  seed: number;
  /** Identity of the recipe where it covers more than its text, e.g. data files. Default: its content hash. */
  recipeHash?: string;
  /** Whether a missing run is created (default) or 'not-found'. */
  create?: boolean;
  /** Milliseconds since 1970. Default: the system clock. */
  now?: () => number;
  /** Ceiling on the size of run.sqlite in pages of 4 KiB. */
  maxPages?: number;
}

/** Everything one step leaves behind. */
export interface StepCommit {
  phase: string;
  /** Consecutive within a phase, from any start. */
  step: number;
  metrics: Record<string, number>;
  /** Measured times and rates: kept beside the metrics and left out of the digest. */
  timings?: Record<string, number>;
  rollouts?: readonly Json[];
  /** What the loop needs to go on after this step; see `lastStep`. */
  state?: Json;
}

/** A run that this process owns. */
export interface RunStore extends RunRecord {
  commitStep(step: StepCommit): void;
  /** Names a saved checkpoint of a committed step, or of the start of a phase as step 0. */
  registerCheckpoint(entry: { phase: string; step: number; path: string; score?: number }): CheckpointRecord;
  forgetCheckpoint(id: string): void;
  /** Deletes every record made after a checkpoint, or all of them for null; returns how many steps went. */
  rewindTo(checkpoint: CheckpointRecord | string | null): number;
  setResult(key: string, value: Json): void;
  /** Records evaluation samples; those already there stay as they are. Returns how many were new. */
  recordEvaluations(phase: string, samples: readonly EvaluationSample[]): number;
  warn(text: string): void;
}

/** The name of a checkpoint. */
export function checkpointId(phase: string, step: number): string {
  return `${phase.replace(/[^A-Za-z0-9_-]+/g, '_')}-${String(step).padStart(6, '0')}`;
}

/**
 * Creates or resumes the run in `dir` and locks it. The same recipe and seed resume; others are 'bad-config'.
 *
 * @example
 * const run = openRun('runs/quickstart', { recipe: { steps: 10 }, seed: 7 });
 * run.commitStep({ phase: 'rl', step: 1, metrics: { reward: 0.5 }, rollouts: [{ text: '4' }] });
 * run.close();
 */
export function openRun(dir: string, options: OpenRunOptions): RunStore {
  if (options.create === false && !existsSync(join(dir, DATABASE_FILE))) {
    throw new TouchstoneError('not-found', `there is no run in ${dir}`, {
      hint: 'start it with touchstone run',
    });
  }
  const toClose: (() => void)[] = [];
  try {
    mkdirSync(join(dir, CHECKPOINTS_DIR), { recursive: true });
    const lock = acquireRunLock(dir, options.now);
    toClose.push(() => lock.release());
    const database = openDatabase(dir, options.maxPages === undefined ? {} : { maxPages: options.maxPages });
    toClose.push(() => database.close());
    const rollouts = openAppendFile(join(dir, ROLLOUTS_FILE));
    toClose.push(() => rollouts.close());
    checkRecipe(dir, database, options);
    cutUncommitted(dir, database, rollouts);
    syncPath(dir);
    syncPath(dirname(dir));
    const store = createRunStore(dir, database, rollouts, options.now ?? Date.now);
    return {
      ...store,
      close() {
        store.close();
        lock.release();
      },
    };
  } catch (fault) {
    for (const close of toClose.reverse()) close();
    throw translateFault(fault, dir);
  }
}

function checkRecipe(dir: string, database: Database, options: OpenRunOptions): void {
  const recipe = canonicalJson(options.recipe);
  const given = new Map([
    ['recipe', recipe],
    ['recipeHash', options.recipeHash ?? contentHash(recipe)],
    ['seed', String(options.seed)],
  ]);
  const known = new Map(
    database.all('SELECT key, value FROM meta').map((r) => [String(r.key), String(r.value)]),
  );
  if (known.size === 0) {
    database.transact(() => {
      for (const [key, value] of given) database.run('INSERT INTO meta VALUES (?, ?)', key, value);
    });
    return;
  }
  const differences = recipeDifference(JSON.parse(known.get('recipe') ?? 'null'), options.recipe);
  for (const key of ['seed', 'recipeHash']) {
    // Where the recipes differ, so do their hashes; a seed that is part of the recipe is in the list already.
    const said = key === 'seed' ? differences.some((d) => d.key === 'seed') : differences.length > 0;
    if (!said && known.get(key) !== given.get(key)) {
      differences.push({ key, was: known.get(key), now: given.get(key) });
    }
  }
  if (differences.length > 0) {
    throw new TouchstoneError(
      'bad-config',
      `run ${dir} was started with another recipe: ${describeDifference(differences)}`,
      { hint: 'give this run another --name, or restore these keys to resume it' },
    );
  }
}

function committedBytes(database: Database): number {
  return Number(database.get('SELECT coalesce(max(rollout_end), 0) AS n FROM steps')?.n);
}

function cutUncommitted(dir: string, database: Database, rollouts: AppendFile): void {
  const committed = committedBytes(database);
  const size = rollouts.size();
  if (size < committed) {
    throw corruptError(dir, `${ROLLOUTS_FILE} has ${size} bytes, ${committed} were committed`);
  }
  if (size > committed) rollouts.truncate(committed);
}

function createRunStore(dir: string, database: Database, rollouts: AppendFile, now: () => number): RunStore {
  const record = createRunRecord(dir, database, rollouts);

  const append = (bytes: Buffer): number => {
    const start = committedBytes(database);
    try {
      if (rollouts.size() > start) rollouts.truncate(start);
      rollouts.writeAt(start, bytes);
    } catch (fault) {
      // What was written in part lies beyond the committed length: the next commit or open cuts it.
      throw translateFault(fault, dir);
    }
    return start;
  };

  return {
    ...record,
    commitStep({ phase, step, metrics, timings = {}, rollouts: list = [], state }) {
      const last = database.get('SELECT max(step) AS step FROM steps WHERE phase = ?', phase)?.step;
      if (!Number.isSafeInteger(step) || (typeof last === 'number' && step !== last + 1)) {
        throw new TouchstoneError(
          'bad-input',
          `step ${step} of ${phase} cannot follow step ${last ?? 'none'}`,
          {
            hint: 'commit the steps of a phase one after another; rewind before doing them again',
          },
        );
      }
      const lines = list.map((rollout, index) => `${JSON.stringify({ phase, step, index, rollout })}\n`);
      const bytes = Buffer.from(lines.join(''), 'utf8');
      const start = append(bytes);
      const position = record.position() + 1;
      database.transact(() => {
        database.run(
          'INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
          position,
          phase,
          step,
          state === undefined ? null : JSON.stringify(state),
          start,
          start + bytes.length,
          sha256(bytes),
          now(),
        );
        for (const [name, value] of Object.entries(metrics)) {
          const flag = flagOf(value);
          const stored = flag === null ? value : null;
          database.run('INSERT INTO metrics VALUES (?, ?, ?, ?)', position, name, stored, flag);
        }
        for (const [name, value] of Object.entries(timings)) {
          const stored = Number.isFinite(value) ? value : null;
          database.run('INSERT INTO timings VALUES (?, ?, ?)', position, name, stored);
        }
      });
    },
    registerCheckpoint({ phase, step, path, score }) {
      const row = database.get('SELECT position FROM steps WHERE phase = ? AND step = ?', phase, step);
      if (row === undefined && step !== 0) {
        throw new TouchstoneError('bad-input', `step ${step} of ${phase} has a checkpoint but no record`, {
          hint: 'commit a step before registering its checkpoint',
        });
      }
      const id = checkpointId(phase, step);
      const position = row === undefined ? record.position() : Number(row.position);
      const kept = score === undefined || !Number.isFinite(score) ? null : score;
      const at = now();
      database.run(
        'INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        phase,
        step,
        position,
        path,
        kept,
        at,
      );
      return { id, phase, step, position, path, score: kept, createdAt: at };
    },
    forgetCheckpoint: (id) => {
      database.run('DELETE FROM checkpoints WHERE id = ?', id);
    },
    rewindTo(checkpoint) {
      const position = checkpoint === null ? 0 : findPosition(record, checkpoint);
      // For the very beginning also what was recorded before the first step goes.
      const beyond = checkpoint === null ? -1 : position;
      const removed = database.transact(() => {
        for (const table of ['checkpoints', 'results', 'evaluation_samples']) {
          database.run(`DELETE FROM ${table} WHERE position > ?`, beyond);
        }
        return database.run('DELETE FROM steps WHERE position > ?', position);
      });
      cutUncommitted(dir, database, rollouts);
      return removed;
    },
    setResult(key, value) {
      database.run(
        'INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)',
        key,
        JSON.stringify(value),
        record.position(),
        now(),
      );
    },
    recordEvaluations: (phase, samples) =>
      database.transact(() => insertEvaluations(database, phase, samples, record.position(), now())),
    warn(text) {
      database.run(
        'INSERT INTO warnings (text, position, recorded_at) VALUES (?, ?, ?)',
        text,
        record.position(),
        now(),
      );
    },
  };
}

function findPosition(record: RunRecord, checkpoint: CheckpointRecord | string): number {
  const id = typeof checkpoint === 'string' ? checkpoint : checkpoint.id;
  const found = record.checkpoints().find((entry) => entry.id === id);
  if (found === undefined) {
    throw new TouchstoneError('checkpoint-missing', `run ${record.name} has no checkpoint ${id}`, {
      hint: 'use one of those listed by checkpoints()',
    });
  }
  return found.position;
}

function flagOf(value: number): 'nan' | 'inf' | '-inf' | null {
  if (Number.isFinite(value)) return null;
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}
