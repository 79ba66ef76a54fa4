// The outcome reward: 1 for a correct response, 0 for an incorrect one. A response that was cut off or holds no
// answer failed to answer, so it earns 0 as well, under a name of its own; verdicts that say nothing about the
// response (unverifiable, timeout, error) give null, which no baseline counts.

import type { FinishReason, Reward, Verdict } from '../core/index.ts';

/**
 * @param finishReason `length` = generation was cut off; such a response is never counted as correct
 */
export function outcomeReward(verdict: Verdict, finishReason: FinishReason): Reward {
  const source = `outcome/${verdict.evidence.stage}`;
  if (finishReason === 'error') return { value: null, parts: {}, source };
  if (finishReason === 'length') return { value: 0, parts: { truncated: 0 }, source };
  switch (verdict.outcome) {
    case 'correct':
      return { value: verdict.score, parts: { outcome: verdict.score }, source };
    case 'incorrect':
      return { value: verdict.score, parts: { outcome: verdict.score }, source };
    case 'invalid':
      return { value: 0, parts: { invalid: 0 }, source };
    case 'unverifiable':
    case 'timeout':
    case 'error':
      return { value: null, parts: {}, source };
  }
}
