// Reruns the quickstart claim: over several seeds, OREAL and GRPO from the same kind of warm-up, held-out metrics
// before and after with intervals, and the paired comparison of the two methods. Resumable: finished runs are kept.
//   node experiments/quickstart/run.ts [--seeds 1,2,3] [--grpo-seeds 1,2,3] [--runs-dir runs] [--threads 2]
// Writes results.json and results.md beside this file.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRng } from '../../src/core/index.ts';
import { compareRuns, renderComparison } from '../../src/evaluate/compare.ts';
import { evaluationTable, summariseRun } from '../../src/recipes/summary.ts';
import { readRun } from '../../src/store/index.ts';

const K = 16;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    'grpo-seeds': { type: 'string', default: '1,2,3' },
    'runs-dir': { type: 'string', default: 'runs' },
    threads: { type: 'string' },
  },
});
const seeds = values.seeds.split(',').map(Number);
const grpoSeeds = values['grpo-seeds'].split(',').map(Number);
const root = new URL('../../', import.meta.url).pathname;

interface Row {
  recipe: string;
  seed: number;
  seconds: number;
  metrics: { name: string; before: number; after: number; low: number; high: number }[];
}

const rows: Row[] = [];
const comparisons: string[] = [];
for (const seed of seeds) {
  const recipes = ['quickstart', ...(grpoSeeds.includes(seed) ? ['quickstart-grpo'] : [])];
  const directories = recipes.map((recipe) => runOne(recipe, seed));
  const [a, b] = directories.map((directory) => {
    const run = readRun(directory);
    const summary = summariseRun(run);
    run.close();
    return summary;
  });
  if (a && b) comparisons.push(renderComparison(compareRuns(b, a, createRng(seed, 'comparison'))));
}
const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.versions.node}`;
const command = `node experiments/quickstart/run.ts ${process.argv.slice(2).join(' ')}`.trim();
writeFileSync(
  new URL('results.json', import.meta.url),
  `${JSON.stringify({ machine, command, rows }, null, 2)}\n`,
);
writeFileSync(new URL('results.md', import.meta.url), markdown());
process.stdout.write(markdown());

/** Runs or resumes one recipe and adds its row. */
function runOne(recipe: string, seed: number): string {
  const name = `${recipe}-seed${seed}`;
  const threads = values.threads === undefined ? [] : ['--threads', values.threads];
  const started = performance.now();
  const child = spawnSync(
    process.execPath,
    [
      'bin/touchstone.mjs',
      'run',
      `recipes/${recipe}`,
      '--seed',
      String(seed),
      '--name',
      name,
      '--runs-dir',
      values['runs-dir'],
      ...threads,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (child.status !== 0) throw new Error(`${name} ended with code ${child.status}`);
  const directory = join(root, values['runs-dir'], name);
  const run = readRun(directory);
  const metrics = (evaluationTable(run, K)[0]?.metrics ?? []).map(({ name: metric, before, after }) => ({
    name: metric,
    before: before?.value ?? Number.NaN,
    after: after?.value ?? Number.NaN,
    low: after?.low ?? Number.NaN,
    high: after?.high ?? Number.NaN,
  }));
  const stored = run.getResult('wall seconds');
  run.close();
  const seconds = typeof stored === 'number' ? stored : (performance.now() - started) / 1000;
  rows.push({ recipe, seed, seconds, metrics });
  return directory;
}

function markdown(): string {
  const names = rows[0]?.metrics.map(({ name }) => name) ?? [];
  const header = ['recipe', 'seed', ...names.map((name) => `${name} before → after`), 'minutes'];
  const lines = rows.map(({ recipe, seed, seconds, metrics }) => [
    recipe,
    String(seed),
    ...metrics.map(({ before, after, low, high }) => {
      return `${before.toFixed(3)} → **${after.toFixed(3)}** [${low.toFixed(3)}, ${high.toFixed(3)}]`;
    }),
    (seconds / 60).toFixed(1),
  ]);
  const table = [header, header.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
  const fences = comparisons.map((text) => `\`\`\`\n${text.trimEnd()}\n\`\`\``).join('\n\n');
  return `# Quickstart over ${seeds.length} seeds\n\n${machine}. Command: \`${command}\`.\n\n${table}\n\nIntervals are 95 % bootstrap over held-out items.\n\n## GRPO (A) against OREAL (B), per seed\n\n${fences}\n`;
}
