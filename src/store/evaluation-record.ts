// Evaluation samples in the record: one row per (phase, item, sample index). Recording a sample again changes
// nothing, so an evaluation that was interrupted goes on with what is missing and doubles nothing.

import type { FinishReason, Json, VerdictOutcome } from '../core/index.ts';
import type { Database, Row } from './database.ts';

/** One verified response of an evaluation. */
export interface EvaluationSample {
  item: string;
  /** Which of the samples of the item, from 0. */
  index: number;
  outcome: VerdictOutcome;
  score: number;
  text: string;
  /** Number of response tokens. */
  tokens: number;
  finishReason: FinishReason;
  /** Whatever else the report shows, e.g. the evidence of the verdict. */
  detail?: Json;
}

/** How the samples of one item came out. `unclaimed` counts the outcomes that make no claim about truth. */
export interface EvaluationCounts {
  item: string;
  n: number;
  correct: number;
  incorrect: number;
  unclaimed: number;
  meanScore: number;
  meanTokens: number;
}

/** The reading side of evaluations. */
export interface EvaluationRecord {
  /** Phases that have evaluation samples, in order of first appearance. */
  evaluationPhases(): string[];
  /** The samples of a phase, or of one item of it, ordered by item and index. */
  evaluationSamples(phase: string, item?: string): EvaluationSample[];
  /** Per item, ordered by item. */
  evaluationCounts(phase: string): EvaluationCounts[];
  /** Which sample indices are there already, per item: what a resumed evaluation need not draw again. */
  evaluated(phase: string): Map<string, Set<number>>;
}

export function createEvaluationRecord(database: Database): EvaluationRecord {
  return {
    evaluationPhases: () =>
      database
        .all('SELECT phase FROM evaluation_samples GROUP BY phase ORDER BY min(rowid)')
        .map((row) => String(row.phase)),
    evaluationSamples: (phase, item) =>
      (item === undefined
        ? database.all('SELECT * FROM evaluation_samples WHERE phase = ? ORDER BY item, sample', phase)
        : database.all(
            'SELECT * FROM evaluation_samples WHERE phase = ? AND item = ? ORDER BY sample',
            phase,
            item,
          )
      ).map(toSample),
    evaluationCounts: (phase) =>
      database
        .all(
          `SELECT item, count(*) AS n, sum(outcome = 'correct') AS correct, sum(outcome = 'incorrect') AS incorrect,
             avg(score) AS score, avg(tokens) AS tokens
           FROM evaluation_samples WHERE phase = ? GROUP BY item ORDER BY item`,
          phase,
        )
        .map((row) => {
          const n = Number(row.n);
          const correct = Number(row.correct);
          const incorrect = Number(row.incorrect);
          return {
            item: String(row.item),
            n,
            correct,
            incorrect,
            unclaimed: n - correct - incorrect,
            meanScore: Number(row.score),
            meanTokens: Number(row.tokens),
          };
        }),
    evaluated: (phase) => {
      const out = new Map<string, Set<number>>();
      for (const row of database.all('SELECT item, sample FROM evaluation_samples WHERE phase = ?', phase)) {
        const item = String(row.item);
        const known = out.get(item) ?? new Set<number>();
        out.set(item, known.add(Number(row.sample)));
      }
      return out;
    },
  };
}

/** Records samples at a position inside the caller's transaction; returns how many were new. */
export function insertEvaluations(
  database: Database,
  phase: string,
  samples: readonly EvaluationSample[],
  position: number,
  at: number,
): number {
  let fresh = 0;
  for (const sample of samples) {
    fresh += database.run(
      'INSERT INTO evaluation_samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      phase,
      sample.item,
      sample.index,
      sample.outcome,
      sample.score,
      sample.text,
      sample.tokens,
      sample.finishReason,
      sample.detail === undefined ? null : JSON.stringify(sample.detail),
      position,
      at,
    );
  }
  return fresh;
}

function toSample(row: Row): EvaluationSample {
  return {
    item: String(row.item),
    index: Number(row.sample),
    outcome: String(row.outcome) as VerdictOutcome,
    score: Number(row.score),
    text: String(row.text),
    tokens: Number(row.tokens),
    finishReason: String(row.finish_reason) as FinishReason,
    ...(row.detail === null ? {} : { detail: JSON.parse(String(row.detail)) as Json }),
  };
}
