// kill -9 at random moments: what is on the disk is always the first n steps of the work, and going on to the
// end gives the record of a run that was never killed, byte for byte.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { createRng } from '../core/index.ts';
import { readRun } from './run-record.ts';
import { openRun } from './run-store.ts';

const CHILD = fileURLToPath(new URL('./fixtures/commit-loop.mjs', import.meta.url));
const STEPS = 60;
const KILLS = 24;
const root = mkdtempSync(join(tmpdir(), 'kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function start(dir: string): Promise<{ child: ChildProcess; exit: Promise<unknown[]> }> {
  const child = spawn(process.execPath, [CHILD, dir, String(STEPS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exit]);
  return { child, exit };
}

it('loses and doubles nothing', { timeout: 120_000 }, async () => {
  const whole = join(root, 'whole');
  await (await start(whole)).exit;
  const reference = readRun(whole);
  const digest = reference.contentDigest();
  const lines = readFileSync(join(whole, 'rollouts.jsonl'));
  expect(reference.position()).toBe(2 * STEPS);

  const broken = join(root, 'broken');
  const rng = createRng('kill-nine');
  const reached: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, exit } = await start(broken);
    // Fast steps take a millisecond or two; a quarter of the kills come at once, in the rewind or first step.
    await new Promise((resolve) => setTimeout(resolve, rng.chance(0.25) ? 0 : rng.int(1, 60)));
    child.kill('SIGKILL');
    await exit;

    const run = openRun(broken, { recipe: { total: STEPS }, seed: 1 });
    reached.push(run.position());
    for (const { phase, steps, firstStep, lastStep } of run.phases()) {
      expect([firstStep, lastStep]).toEqual([1, steps]);
      for (const name of ['reward', 'loss']) {
        expect(run.metricsSeries(phase, name)).toEqual(reference.metricsSeries(phase, name).slice(0, steps));
      }
    }
    const written = readFileSync(join(broken, 'rollouts.jsonl'));
    expect(written.equals(lines.subarray(0, written.length))).toBe(true);
    run.contentDigest(); // reads every committed rollout and compares its sum
    run.close();
  }
  expect(new Set(reached).size).toBeGreaterThan(3);

  await (await start(broken)).exit;
  const survivor = readRun(broken);
  expect(survivor.getResult('done')).toBe(true);
  expect(survivor.contentDigest()).toBe(digest);
  expect(readFileSync(join(broken, 'rollouts.jsonl')).equals(lines)).toBe(true);
  expect(survivor.evaluationSamples('rl')).toEqual(reference.evaluationSamples('rl'));
  survivor.close();
  reference.close();
});
