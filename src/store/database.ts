// The SQLite file of a run: its tables, how it is opened and checked, and statements whose faults are
// translated. WAL with synchronous=FULL: a commit is on the disk when it returns, also through a power cut,
// and readers do not wait. `position` is the number of steps committed when a row was written; rewinding to
// a position deletes the rows beyond it. Wall-clock columns end in `_at` and never enter a digest.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { corruptError, translateFault } from './store-fault.ts';

/** Marks the file as ours: "tchs". */
const APPLICATION_ID = 0x74636873;
const SCHEMA_VERSION = 1;

export const DATABASE_FILE = 'run.sqlite';
export const ROLLOUTS_FILE = 'rollouts.jsonl';
export const CHECKPOINTS_DIR = 'checkpoints';

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE steps (
  position INTEGER PRIMARY KEY, phase TEXT NOT NULL, step INTEGER NOT NULL, state TEXT,
  rollout_start INTEGER NOT NULL, rollout_end INTEGER NOT NULL, rollout_sha256 TEXT NOT NULL,
  committed_at INTEGER NOT NULL, UNIQUE (phase, step)
);
CREATE TABLE metrics (
  position INTEGER NOT NULL REFERENCES steps ON DELETE CASCADE, name TEXT NOT NULL,
  value REAL, flag TEXT, PRIMARY KEY (position, name)
) WITHOUT ROWID;
CREATE TABLE timings (
  position INTEGER NOT NULL REFERENCES steps ON DELETE CASCADE, name TEXT NOT NULL,
  value REAL, PRIMARY KEY (position, name)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  id TEXT PRIMARY KEY, phase TEXT NOT NULL, step INTEGER NOT NULL, position INTEGER NOT NULL,
  path TEXT NOT NULL, score REAL, created_at INTEGER NOT NULL
);
CREATE TABLE results (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, position INTEGER NOT NULL, recorded_at INTEGER NOT NULL
);
CREATE TABLE evaluation_samples (
  phase TEXT NOT NULL, item TEXT NOT NULL, sample INTEGER NOT NULL, outcome TEXT NOT NULL, score REAL,
  text TEXT NOT NULL, tokens INTEGER NOT NULL, finish_reason TEXT NOT NULL, detail TEXT,
  position INTEGER NOT NULL, recorded_at INTEGER NOT NULL, PRIMARY KEY (phase, item, sample)
);
CREATE TABLE warnings (
  id INTEGER PRIMARY KEY, text TEXT NOT NULL, position INTEGER NOT NULL, recorded_at INTEGER NOT NULL
);
`;

export type Row = Record<string, SQLInputValue>;

/** A run's database: prepared statements are kept, faults come out as TouchstoneErrors. */
export interface Database {
  all(sql: string, ...values: SQLInputValue[]): Row[];
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  /** Executes one statement and returns the number of rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** All of `work` or nothing of it. */
  transact<T>(work: () => T): T;
  close(): void;
}

export interface OpenDatabaseOptions {
  readOnly?: boolean;
  /** Ceiling on the size of the database in pages of 4 KiB; reaching it is 'disk-full'. */
  maxPages?: number;
}

/** Opens and checks the database in `dir`, creating its tables when it is new. */
export function openDatabase(dir: string, options: OpenDatabaseOptions = {}): Database {
  const path = join(dir, DATABASE_FILE);
  const isNew = !existsSync(path) || statSync(path).size === 0;
  if (isNew && hasTraces(dir))
    throw corruptError(dir, `${DATABASE_FILE} is empty or missing, other files are not`);
  let handle: DatabaseSync | undefined;
  try {
    handle = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: 5000 });
    const opened = handle;
    if (options.readOnly !== true) {
      opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      if (options.maxPages !== undefined)
        opened.exec(`PRAGMA max_page_count = ${Math.floor(options.maxPages)}`);
    }
    checkOrCreate(opened, dir, options.readOnly ?? false);
    return wrap(opened, dir);
  } catch (fault) {
    handle?.close();
    throw translateFault(fault, dir);
  }
}

function checkOrCreate(handle: DatabaseSync, dir: string, readOnly: boolean): void {
  const pragma = (name: string) => Object.values(handle.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  const tables = handle.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").get();
  if (tables?.n === 0 && !readOnly) {
    // A crash before this commits leaves an empty database, which is created again.
    handle.exec(
      `BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID};
       PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`,
    );
    return;
  }
  if (pragma('application_id') !== APPLICATION_ID) {
    throw corruptError(dir, `${DATABASE_FILE} is not the record of a touchstone run`);
  }
  const version = pragma('user_version');
  if (version !== SCHEMA_VERSION) {
    throw corruptError(
      dir,
      `${DATABASE_FILE} has layout ${version}, this touchstone reads ${SCHEMA_VERSION}`,
    );
  }
  const finding = pragma('quick_check(1)');
  if (finding !== 'ok') throw corruptError(dir, String(finding));
}

function hasTraces(dir: string): boolean {
  const rollouts = join(dir, ROLLOUTS_FILE);
  if (existsSync(rollouts) && statSync(rollouts).size > 0) return true;
  const checkpoints = join(dir, CHECKPOINTS_DIR);
  return existsSync(checkpoints) && readdirSync(checkpoints).some((name) => !name.startsWith('.'));
}

function wrap(handle: DatabaseSync, dir: string): Database {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const fresh = handle.prepare(sql);
    statements.set(sql, fresh);
    return fresh;
  };
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (fault) {
      throw translateFault(fault, dir);
    }
  };
  return {
    all: (sql, ...values) => guard(() => prepare(sql).all(...values) as Row[]),
    get: (sql, ...values) => guard(() => prepare(sql).get(...values) as Row | undefined),
    run: (sql, ...values) => guard(() => Number(prepare(sql).run(...values).changes)),
    transact: (work) =>
      guard(() => {
        handle.exec('BEGIN IMMEDIATE');
        try {
          const out = work();
          handle.exec('COMMIT');
          return out;
        } catch (fault) {
          // A full disk makes SQLite roll back by itself; a second rollback would hide the first fault.
          if (handle.isTransaction) handle.exec('ROLLBACK');
          throw fault;
        }
      }),
    close: () => {
      if (handle.isOpen) handle.close();
    },
  };
}
