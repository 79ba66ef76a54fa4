// The reading side of a run: metrics, rollouts, results, evaluation samples, checkpoints, warnings, and the
// digest of everything in it that must not depend on when or where it ran. Works while another process writes.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { canonicalJson, type Json, TouchstoneError } from '../core/index.ts';
import { DATABASE_FILE, type Database, openDatabase, ROLLOUTS_FILE, type Row } from './database.ts';
import { type AppendFile, openAppendFile } from './durable-files.ts';
import { createEvaluationRecord, type EvaluationRecord } from './evaluation-record.ts';
import { corruptError, translateFault } from './store-fault.ts';

/** One committed step. */
export interface StepRecord {
  phase: string;
  step: number;
  /** How many steps the run had committed after this one. */
  position: number;
  state: Json | undefined;
  /** Milliseconds since 1970. */
  committedAt: number;
}

/** One value of a metric. A number that is not finite is null and says in `flag` what it was. */
export interface MetricPoint {
  step: number;
  value: number | null;
  flag?: 'nan' | 'inf' | '-inf';
}

/** A registered checkpoint. */
export interface CheckpointRecord {
  id: string;
  phase: string;
  step: number;
  position: number;
  /** Relative to the run directory. */
  path: string;
  /** What `best` compares, higher is better. */
  score: number | null;
  createdAt: number;
}

/** Something the user should know that did not stop the run. */
export interface WarningRecord {
  text: string;
  position: number;
  at: number;
}

/** What can be read of a run. */
export interface RunRecord extends EvaluationRecord {
  readonly dir: string;
  readonly name: string;
  readonly recipe: Json;
  readonly recipeHash: string;
  readonly seed: number;
  /** Number of committed steps over all phases. */
  position(): number;
  /** The newest step of a phase, or of the run. */
  lastStep(phase?: string): StepRecord | undefined;
  /** Phases that have steps, in order. */
  phases(): { phase: string; steps: number; firstStep: number; lastStep: number }[];
  metricNames(phase: string): string[];
  metricsSeries(phase: string, name: string): MetricPoint[];
  /** A wall-clock series given to `commitStep` as `timings`. */
  timingSeries(phase: string, name: string): { step: number; value: number | null }[];
  /** The rollouts of one step, as written. */
  rollouts(phase: string, step: number): Json[];
  getResult(key: string): Json | undefined;
  results(): Record<string, Json>;
  /** Oldest first. */
  checkpoints(): CheckpointRecord[];
  warnings(): WarningRecord[];
  /** SHA-256 over metrics, rollouts and evaluation samples without any time: equal for equal work. */
  contentDigest(): string;
  close(): void;
}

/** Reads a run without owning it, also while it is being written. */
export function readRun(dir: string): RunRecord {
  if (!existsSync(join(dir, DATABASE_FILE))) {
    throw new TouchstoneError('not-found', `there is no run in ${dir}`, {
      hint: 'give the name of a run or the path of its directory',
    });
  }
  const database = openDatabase(dir, { readOnly: true });
  try {
    const rollouts = openAppendFile(join(dir, ROLLOUTS_FILE), { readOnly: true });
    return createRunRecord(dir, database, rollouts);
  } catch (fault) {
    database.close();
    throw translateFault(fault, dir);
  }
}

/** The record over an open database and rollout file; `close` closes both. */
export function createRunRecord(dir: string, database: Database, rollouts: AppendFile): RunRecord {
  const meta = new Map(
    database.all('SELECT key, value FROM meta').map((r) => [String(r.key), String(r.value)]),
  );
  const recipe = meta.get('recipe');
  if (recipe === undefined) throw corruptError(dir, 'it has no recipe');

  const readRollouts = (row: Row): Buffer => {
    const bytes = rollouts.read(Number(row.rollout_start), Number(row.rollout_end));
    if (sha256(bytes) !== row.rollout_sha256) {
      throw corruptError(
        dir,
        `${ROLLOUTS_FILE} does not hold what step ${row.step} of ${row.phase} committed`,
      );
    }
    return bytes;
  };

  return {
    ...createEvaluationRecord(database),
    dir,
    name: basename(dir),
    recipe: JSON.parse(recipe) as Json,
    recipeHash: meta.get('recipeHash') ?? '',
    seed: Number(meta.get('seed')),
    position: () => Number(database.get('SELECT coalesce(max(position), 0) AS p FROM steps')?.p),
    lastStep: (phase) => {
      const row =
        phase === undefined
          ? database.get('SELECT * FROM steps ORDER BY position DESC LIMIT 1')
          : database.get('SELECT * FROM steps WHERE phase = ? ORDER BY position DESC LIMIT 1', phase);
      return row === undefined ? undefined : toStep(row);
    },
    phases: () =>
      database
        .all(
          `SELECT phase, count(*) AS n, min(step) AS first, max(step) AS last FROM steps
           GROUP BY phase ORDER BY min(position)`,
        )
        .map((r) => ({
          phase: String(r.phase),
          steps: Number(r.n),
          firstStep: Number(r.first),
          lastStep: Number(r.last),
        })),
    metricNames: (phase) =>
      database
        .all(
          'SELECT DISTINCT name FROM metrics JOIN steps USING (position) WHERE phase = ? ORDER BY name',
          phase,
        )
        .map((row) => String(row.name)),
    metricsSeries: (phase, name) =>
      database
        .all(
          `SELECT step, value, flag FROM steps JOIN metrics USING (position)
           WHERE phase = ? AND name = ? ORDER BY position`,
          phase,
          name,
        )
        .map((row) => ({
          step: Number(row.step),
          value: row.value === null ? null : Number(row.value),
          ...(row.flag === null ? {} : { flag: String(row.flag) as 'nan' | 'inf' | '-inf' }),
        })),
    timingSeries: (phase, name) =>
      database
        .all(
          `SELECT step, value FROM steps JOIN timings USING (position)
           WHERE phase = ? AND name = ? ORDER BY position`,
          phase,
          name,
        )
        .map((row) => ({ step: Number(row.step), value: row.value === null ? null : Number(row.value) })),
    rollouts: (phase, step) => {
      const row = database.get('SELECT * FROM steps WHERE phase = ? AND step = ?', phase, step);
      if (row === undefined) return [];
      const lines = readRollouts(row).toString('utf8').split('\n').slice(0, -1);
      return lines.map((line) => (JSON.parse(line) as { rollout: Json }).rollout);
    },
    getResult: (key) => {
      const row = database.get('SELECT value FROM results WHERE key = ?', key);
      return row === undefined ? undefined : (JSON.parse(String(row.value)) as Json);
    },
    results: () =>
      Object.fromEntries(
        database
          .all('SELECT key, value FROM results ORDER BY key')
          .map((row) => [String(row.key), JSON.parse(String(row.value)) as Json]),
      ),
    checkpoints: () => database.all('SELECT * FROM checkpoints ORDER BY position, rowid').map(toCheckpoint),
    warnings: () =>
      database
        .all('SELECT text, position, recorded_at FROM warnings ORDER BY id')
        .map((r) => ({ text: String(r.text), position: Number(r.position), at: Number(r.recorded_at) })),
    contentDigest: () => {
      const hash = createHash('sha256');
      for (const row of database.all('SELECT * FROM steps ORDER BY position')) {
        const values = database
          .all('SELECT name, value, flag FROM metrics WHERE position = ? ORDER BY name', Number(row.position))
          .map((m) => [m.name, m.value, m.flag] as Json);
        hash.update(`step ${canonicalJson([row.phase, row.step, values] as Json)}\n`);
        hash.update(readRollouts(row));
      }
      const samples = database.all(
        `SELECT phase, item, sample, outcome, score, text, tokens, finish_reason FROM evaluation_samples
         ORDER BY phase, item, sample`,
      );
      for (const row of samples) hash.update(`sample ${canonicalJson(Object.values(row) as Json[])}\n`);
      return hash.digest('hex');
    },
    close: () => {
      rollouts.close();
      database.close();
    },
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function toStep(row: Row): StepRecord {
  return {
    phase: String(row.phase),
    step: Number(row.step),
    position: Number(row.position),
    state: row.state === null ? undefined : (JSON.parse(String(row.state)) as Json),
    committedAt: Number(row.committed_at),
  };
}

function toCheckpoint(row: Row): CheckpointRecord {
  return {
    id: String(row.id),
    phase: String(row.phase),
    step: Number(row.step),
    position: Number(row.position),
    path: String(row.path),
    score: row.score === null ? null : Number(row.score),
    createdAt: Number(row.created_at),
  };
}
