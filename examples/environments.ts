// Environments: draw an item, show its prompt, verify responses. Run with: node examples/environments.ts
import { createRng, generateItem, listTasks, loadTask, outcomeReward, runGate, verifyItem } from 'touchstone';

console.log(`${listTasks().length} tasks in the registry, ${listTasks('ar.*').length} of them arithmetic`);

const task = await loadTask('ar.chain/times');
const item = generateItem(task, { seed: 7, split: 'test', level: 1, index: 0 });
console.log(item.messages.map(({ role, content }) => `${role}: ${content}`).join('\n'));

const guess = createRng(7, 'guess').int(0, 99);
const responses = {
  right: `<answer>${item.reference}</answer>`,
  wrong: `The answer is \\boxed{${item.reference}${guess}}.`,
  silent: 'I would rather not say.',
};
for (const [name, response] of Object.entries(responses)) {
  const verdict = verifyItem(item, response);
  const reward = outcomeReward(verdict, 'stop');
  console.log(`${name.padEnd(7)} ${verdict.outcome.padEnd(10)} reward ${reward.value}`);
}

// The quality gate attacks a task before it may be trained on.
const report = runGate(task, { instances: 4, draws: 50 });
const failed = report.checks.filter((check) => !check.passed).map(({ check }) => check);
console.log(
  `gate: ${report.checks.length} checks, ${failed.length === 0 ? 'all passed' : failed.join(', ')}`,
);
