import { describe, expect, it } from 'vitest';
import type { Verdict, VerdictOutcome } from '../core/index.ts';
import { outcomeReward } from './outcome.ts';

const verdict = (outcome: VerdictOutcome, score: number): Verdict => ({
  outcome,
  score,
  evidence: { stage: 'rules', reason: 'test' },
});

describe('outcomeReward', () => {
  it.each([
    ['correct', 1, 1],
    ['incorrect', 0, 0],
    ['incorrect', 0.4, 0.4],
    ['invalid', 0, 0],
    ['unverifiable', 0, null],
    ['timeout', 0, null],
    ['error', 0, null],
  ] as const)('%s with score %f gives %s', (outcome, score, value) => {
    expect(outcomeReward(verdict(outcome, score), 'stop').value).toBe(value);
  });

  it('does not pay for a response that was cut off, even if it reads as correct', () => {
    expect(outcomeReward(verdict('correct', 1), 'length')).toEqual({
      value: 0,
      parts: { truncated: 0 },
      source: 'outcome/rules',
    });
  });

  it('cannot score a generation that failed', () => {
    expect(outcomeReward(verdict('correct', 1), 'error').value).toBeNull();
  });
});
