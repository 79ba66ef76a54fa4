// What verification says about one response. Only `correct` and `incorrect` make a claim about truth; the other
// outcomes are data about the response, the reference or ourselves, and are never silently turned into a zero.

export const VERDICT_OUTCOMES = [
  'correct',
  'incorrect',
  'invalid',
  'unverifiable',
  'timeout',
  'error',
] as const;

export type VerdictOutcome = (typeof VERDICT_OUTCOMES)[number];

/** Why a verdict is what it is. */
export interface Evidence {
  /** The text that was taken as the answer, and how it was found. */
  extracted?: { text: string; from: string };
  /** Normal forms that were compared. */
  response?: string;
  reference?: string;
  /** The stage that decided, e.g. `task-check`, `rules`, `judge`. */
  stage: string;
  reason: string;
  /** Wall time of the decision in milliseconds, when measured. */
  milliseconds?: number;
}

/** The outcome of verifying one response, with a score in [0, 1] and its evidence. */
export interface Verdict {
  outcome: VerdictOutcome;
  /** 1 for correct, 0 for incorrect, in between for graded tasks; 0 where no claim is made. */
  score: number;
  evidence: Evidence;
}

/** Whether a verdict claims truth or falsehood, so that it may enter a reward or an accuracy. */
export function isClaim(verdict: Verdict): boolean {
  return verdict.outcome === 'correct' || verdict.outcome === 'incorrect';
}
