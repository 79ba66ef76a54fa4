// TAIL: the trace of a Turing machine as a demonstration, checked step by step. Run with: node examples/tail-trace.ts
import {
  demonstrateTailItem,
  makeTailDataset,
  tailItem,
  tailTask,
  verifyTailItem,
  verifyTailItemTrace,
} from 'touchstone';

const task = tailTask('tail.addition');
const item = tailItem(task, { seed: 1, split: 'train', length: 3, index: 0 });
const trace = demonstrateTailItem(item);
console.log(`prompt  ${item.messages[0].content}`);
console.log(`trace   ${trace}`);

const answer = verifyTailItem(item, trace);
const steps = verifyTailItemTrace(item, trace);
console.log(`answer ${answer.outcome}, ${steps.stepsRight} of ${steps.steps} steps right`);

// A slip in one word: the answer may survive it, the check of the whole trace does not.
const words = trace.split(' ');
words[3] = words[3] === '|' ? 'HALT' : '|';
const slip = verifyTailItemTrace(item, words.join(' '));
console.log(
  `with a slip: valid ${slip.valid}, first error in step ${slip.firstError?.step} (${slip.firstError?.kind})`,
);

const rows = makeTailDataset({
  tasks: [tailTask('tail.addition'), tailTask('tail.compare')],
  seed: 1,
  split: 'train',
  count: 6,
});
console.log(`${rows.length} rows of training data, for example: ${JSON.stringify(rows[0]).slice(0, 80)}…`);
