// Two verifiers. The answer: the text after the last `=`, compared with a value that was computed without the
// trace. The trace: every record is compared with what the task's Turing machine (machine.ts) does on the
// tape of the prompt: operands must be what the tape holds, writes what the transition function says, states
// legal. Label accuracy alone lets wrong traces pass (a limit of arXiv 2507.13332 §4.2, which uses an LLM
// judge). Left out: partial credit after the first error, since a machine's later state is then undefined.

import type { Verdict } from '../../core/verdict.ts';
import { isPositional } from './addresses.ts';
import { type Slot, STYLED_WORDS } from './render.ts';
import type { TraceVerdict } from './types.ts';

const words = (text: string): string[] => text.split(' ');

/** The words after the last `=`; null without one. */
export function answerWords(response: string): string[] | null {
  const all = response.trim().split(/\s+/);
  const mark = all.lastIndexOf('=');
  return mark < 0 || mark === all.length - 1 ? null : all.slice(mark + 1);
}

/** Symbols of an answer block, without the addresses that were read and without prose. */
export function answerSymbols(response: string): string[] | null {
  const found = answerWords(response);
  if (found === null) return null;
  const symbols = found.filter((word) => !isPositional(word) && !STYLED_WORDS.includes(word));
  return symbols.length === 0 ? null : symbols;
}

/** Compares an extracted answer with the reference after normalising both. */
export function answerVerdict(
  extracted: string | null,
  reference: string,
  normalise: (answer: string) => string,
): Verdict {
  if (extracted === null) {
    const reason = 'no well-formed answer after the last `=`';
    return { outcome: 'invalid', score: 0, evidence: { stage: 'task-check', reason, reference } };
  }
  const response = normalise(extracted);
  const wanted = normalise(reference);
  const correct = response === wanted;
  return {
    outcome: correct ? 'correct' : 'incorrect',
    score: correct ? 1 : 0,
    evidence: {
      extracted: { text: extracted, from: 'after the last `=`' },
      response,
      reference: wanted,
      stage: 'task-check',
      reason: correct ? 'equal to the computed answer' : 'differs from the computed answer',
    },
  };
}

/** Checks a response record by record against the records of the machine's run. */
export function compareRecords(records: readonly (readonly Slot[])[], response: string): TraceVerdict {
  const found = words(response);
  let cursor = 0;
  for (const [step, record] of records.entries()) {
    for (const slot of record) {
      const word = found[cursor] ?? '';
      if (word !== slot.word) {
        const firstError = { step, kind: slot.kind, expected: slot.word, found: word };
        return { valid: false, firstError, stepsRight: step, steps: records.length };
      }
      cursor++;
    }
  }
  if (cursor < found.length) {
    const firstError = { step: records.length, kind: 'end', expected: '', found: found[cursor] as string };
    return { valid: false, firstError, stepsRight: records.length, steps: records.length };
  }
  return { valid: true, stepsRight: records.length, steps: records.length };
}
