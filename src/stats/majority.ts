// maj@k: the probability that the plurality answer of k samples is the correct one, exact over all k-subsets
// of the n samples, ties broken uniformly. For each number j drawn of the correct class, a small dynamic
// programme over the other classes counts how they fill k - j draws with none above j and t classes level
// with it:
//   maj@k = sum_j sum_t P(j correct, others <= j, t at j) / (t + 1)
// Class weights are binomial (p = k/n) instead of binomial coefficients: the common factor cancels and
// nothing overflows. Answers that count as one class must be merged by the caller.

import { TouchstoneError } from '../core/index.ts';
import { checkCounts } from './counts.ts';
import { binomialRow } from './hypergeometric.ts';

/**
 * Exact majority accuracy.
 *
 * @param correct number of samples with the correct answer
 * @param others numbers of samples of each other answer
 * @param k votes drawn
 * @returns a probability, or NaN when k exceeds the number of samples
 *
 * @example
 * majorityAtK(3, [1, 1], 2); // 0.6
 */
export function majorityAtK(correct: number, others: readonly number[], k: number): number {
  const n = others.reduce((sum, count) => sum + count, correct);
  checkCounts(n, correct, k);
  if (others.some((count) => !Number.isSafeInteger(count) || count < 0)) {
    throw new TouchstoneError('bad-input', `impossible class counts: ${others.join(', ')}`);
  }
  if (k > n) return Number.NaN;
  const share = k / n;
  const classRows = others.filter((count) => count > 0).map((count) => binomialRow(count, share));
  const correctRow = binomialRow(correct, share);
  let won = 0;
  for (let j = 1; j <= Math.min(correct, k); j++) won += correctRow[j] * fillBelow(classRows, j, k - j);
  return Math.min(1, won / binomialRow(n, share)[k]);
}

/** Weight of the other classes filling `draws` with none above j, each outcome divided by its ties + 1. */
function fillBelow(classRows: readonly Float64Array[], j: number, draws: number): number {
  const width = draws + 1;
  const maxTies = Math.floor(draws / j);
  let state = new Float64Array(width * (maxTies + 1));
  state[0] = 1;
  for (const row of classRows) {
    const next = new Float64Array(state.length);
    for (let ties = 0; ties <= maxTies; ties++) {
      for (let drawn = 0; drawn <= draws; drawn++) {
        const weight = state[ties * width + drawn];
        if (weight === 0) continue;
        const most = Math.min(j, row.length - 1, draws - drawn);
        for (let x = 0; x <= most; x++)
          next[(x === j ? ties + 1 : ties) * width + drawn + x] += weight * row[x];
      }
    }
    state = next;
  }
  let sum = 0;
  for (let ties = 0; ties <= maxTies; ties++) sum += state[ties * width + draws] / (ties + 1);
  return sum;
}
