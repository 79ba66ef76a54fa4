// Comparing two runs on the same items: differences with intervals, and what may be concluded.
// Run with: node examples/compare-runs.ts
import { compareRuns, createRng, type RunSummary, renderComparison } from 'touchstone';

/** Counts of correct samples, as an evaluation records them: 60 items of 16 samples, solved with a given chance. */
function evaluation(name: string, chance: number): RunSummary {
  const items = Array.from({ length: 60 }, (_, i) => {
    const rng = createRng('items', name, i);
    // Some items are harder than others, for both runs alike.
    const difficulty = createRng('difficulty', i).at(0);
    const draws = Array.from({ length: 16 }, () => rng.chance(Math.min(1, chance * 2 * difficulty)));
    return {
      itemId: `item-${i}`,
      group: i % 2 === 0 ? 'even' : 'odd',
      n: 16,
      correct: draws.filter(Boolean).length,
    };
  });
  return { name, seed: 1, items };
}

const comparison = compareRuns(evaluation('grpo', 0.45), evaluation('oreal', 0.6), createRng('compare'), {
  resamples: 2000,
});
console.log(renderComparison(comparison));
console.log(comparison.verdict);
