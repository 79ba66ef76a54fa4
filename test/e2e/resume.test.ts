// Whole runs of the real command line: killed at many moments, stopped, locked, damaged and misconfigured. However a
// run comes to its end, its record is the one of a run that was never disturbed.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/index.ts';
import { openRun, readRun } from '../../src/store/index.ts';

const ENTRY = fileURLToPath(new URL('../../bin/touchstone.mjs', import.meta.url));
const RECIPE = fileURLToPath(new URL('./tiny.yaml', import.meta.url));
const runs = mkdtempSync(join(tmpdir(), 'touchstone-e2e-'));

interface Ended {
  code: number | null;
  output: string;
}

/** When to send a signal: as soon as the output matches, or after some milliseconds. */
interface Stop {
  at: RegExp | number;
  signal: NodeJS.Signals;
}

function touchstone(parameters: readonly string[], stop?: Stop): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRY, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let sent = false;
    const send = () => {
      if (!sent && stop) child.kill(stop.signal);
      sent = true;
    };
    const timer = typeof stop?.at === 'number' ? setTimeout(send, stop.at) : undefined;
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      if (stop?.at instanceof RegExp && stop.at.test(output)) send();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

function run(name: string, extra: readonly string[] = [], stop?: Stop): Promise<Ended> {
  return touchstone(['run', RECIPE, '--threads', '1', '--runs-dir', runs, '--name', name, ...extra], stop);
}

/** Everything that must not depend on how a run came to its end. */
function recordOf(name: string) {
  const directory = join(runs, name);
  const record = readRun(directory);
  try {
    return {
      digest: record.contentDigest(),
      before: record.evaluationCounts('evaluation-before'),
      after: record.evaluationCounts('evaluation-after'),
      phases: record.phases(),
      rollouts: readFileSync(join(directory, 'rollouts.jsonl'), 'utf8'),
    };
  } finally {
    record.close();
  }
}

function copyRun(to: string): string {
  cpSync(join(runs, 'whole'), join(runs, to), { recursive: true });
  return join(runs, to);
}

/** Changes one byte in the middle of the weights of a checkpoint. */
function damage(directory: string, checkpoint: string): void {
  const policy = join(directory, 'checkpoints', checkpoint, 'policy');
  const weights = readdirSync(policy).find((name) => name.endsWith('.safetensors'));
  const path = join(policy, weights ?? '');
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

let whole: ReturnType<typeof recordOf>;

beforeAll(async () => {
  const { code, output } = await run('whole');
  expect(output).toContain('report: ');
  expect(code).toBe(0);
  whole = recordOf('whole');
}, 120_000);

afterAll(() => rmSync(runs, { recursive: true, force: true }));

describe('a run that is disturbed', () => {
  it('has what the recipe asks for: all phases, both evaluations, token weights', () => {
    expect(whole.phases).toMatchObject([
      { phase: 'warm-up', steps: 40 },
      { phase: 'reinforce', steps: 6 },
    ]);
    expect(whole.before.map(({ n }) => n)).toEqual(new Array(8).fill(4));
    expect(whole.after.map(({ n }) => n)).toEqual(new Array(8).fill(4));
    // Something was learned from, or the comparisons below would say little.
    expect(whole.rollouts).toContain('"weights":[');
  });

  it('ends the same after kill -9 at eight moments', async () => {
    const rng = createRng('kill moments');
    const moments: (RegExp | number)[] = [
      /warm-up \d/,
      rng.int(500, 1500),
      /evaluation-before/,
      rng.int(500, 3000),
      /screening \d/,
      /reinforce \d/,
      rng.int(500, 1500),
      /reinforce \d\/6 done/,
    ];
    for (const at of moments) await run('killed', [], { at, signal: 'SIGKILL' });
    const { code } = await run('killed');
    expect(code).toBe(0);
    expect(recordOf('killed')).toEqual(whole);
  }, 120_000);

  it('stops at an interrupt with code 130 and ends the same; meanwhile nobody else may run it', async () => {
    let other: Promise<Ended> | undefined;
    const first = await run('stopped', [], { at: /warm-up \d/, signal: 'SIGINT' });
    expect(first).toMatchObject({ code: 130, output: expect.stringContaining('continues this run') });
    const owner = openRun(join(runs, 'stopped'), { recipe: readRecipe('whole'), seed: 1 });
    try {
      other = run('stopped');
      expect(await other).toMatchObject({ code: 1, output: expect.stringContaining('error[run-locked]') });
    } finally {
      owner.close();
    }
    expect((await run('stopped', [], { at: /reinforce \d/, signal: 'SIGINT' })).output).toContain(
      'continuing after step',
    );
    expect((await run('stopped')).code).toBe(0);
    expect(recordOf('stopped')).toEqual(whole);
  }, 120_000);

  it('falls back from a damaged checkpoint and ends the same', async () => {
    damage(copyRun('damaged'), 'reinforce-000006');
    const { code, output } = await run('damaged');
    expect(output).toContain('continuing after step 4 of reinforce');
    expect(code).toBe(0);
    expect(recordOf('damaged')).toEqual(whole);
  }, 60_000);

  it('does not take an earlier policy for the reference when that of warm-up is damaged', async () => {
    damage(copyRun('reference-gone'), 'warm-up-000040');
    const { code, output } = await run('reference-gone');
    expect(output).toMatch(/error\[checkpoint-missing\].*warm-up.*\n {2}hint: .*--name/);
    expect(code).toBe(1);
    expect(recordOf('reference-gone')).toEqual(whole);
  }, 60_000);

  it('says again that screening kept nothing, instead of training on nothing', async () => {
    const directory = copyRun('nothing-kept');
    const store = openRun(directory, { recipe: readRecipe('whole'), seed: 1 });
    store.rewindTo('warm-up-000040');
    store.setResult('screened pool', []);
    store.close();
    const { code, output } = await run('nothing-kept');
    expect(output).toContain('error[bad-config]: screening kept no training item');
    expect(code).toBe(1);
  }, 60_000);
});

function readRecipe(name: string) {
  const record = readRun(join(runs, name));
  const { recipe } = record;
  record.close();
  return recipe;
}

describe('a run that cannot be', () => {
  it('refuses another recipe under the name of an existing run and leaves it as it was', async () => {
    const { code, output } = await run('whole', ['--set', 'reinforce.steps=7']);
    expect(output).toMatch(/error\[bad-config\].*reinforce\.steps \(was 6, now 7\)\n {2}hint: .*--name/);
    expect(code).toBe(1);
    expect(recordOf('whole')).toEqual(whole);
  }, 60_000);

  it.each([
    ['an unknown key', 'warmUp.stepz=3', 'stepz'],
    ['an odd head dimension', 'model.headDim=15', 'headDim is 15'],
    ['prompts that do not fit', 'model.maxPositions=8', 'raise model.maxPositions'],
    ['a checkpoint that is not there', 'model.checkpoint=no/such/model', 'no/such/model'],
  ])(
    'refuses %s before anything is made',
    async (_, override, told) => {
      const rope = ['--set', 'model.position=rope', '--set', 'model.windows=null'];
      const { code, output } = await run('refused', [...rope, '--set', override]);
      expect(output).toContain(told);
      expect(output).toContain('hint: ');
      expect(code).toBe(1);
      expect(existsSync(join(runs, 'refused'))).toBe(false);
    },
    60_000,
  );

  it('stops when the loss is not a number, keeps the record and says what to do', async () => {
    const { code, output } = await run('diverged', ['--set', 'warmUp.learningRate=1e30']);
    expect(output).toMatch(/error\[not-finite\].*\n {2}hint: .*lower .*learning ?rate/i);
    expect(code).toBe(1);
    const record = readRun(join(runs, 'diverged'));
    expect(record.lastStep()).toMatchObject({ phase: 'warm-up', step: 1 });
    expect(record.warnings().map(({ text }) => text)).toEqual([expect.stringContaining('not-finite')]);
    record.close();
  }, 60_000);

  it('warns when the policy has collapsed and no step can teach anything', async () => {
    const rates = ['reinforce.learningRate=1e30', 'reinforce.finalLearningRate=1e30'];
    const { code, output } = await run(
      'collapsed',
      rates.flatMap((rate) => ['--set', rate]),
    );
    expect(output).toContain('warning: 4 of 6 reinforcement steps had nothing to learn from');
    expect(code).toBe(0);
  }, 60_000);

  it('stops the same way in reinforcement, behind the last good checkpoint', async () => {
    const rates = ['reinforce.learningRate=1e39', 'reinforce.finalLearningRate=1e39'];
    const { code, output } = await run(
      'diverged-later',
      rates.flatMap((rate) => ['--set', rate]),
    );
    expect(output).toContain('error[not-finite]');
    expect(code).toBe(1);
    const record = readRun(join(runs, 'diverged-later'));
    expect(record.evaluationCounts('evaluation-before')).toEqual(whole.before);
    record.close();
  }, 60_000);
});

describe('beside the run', () => {
  it('GRPO runs the same recipe; compare and report read both', async () => {
    const grpo = ['--set', 'reinforce.method=grpo', '--set', 'reinforce.config={}'];
    expect((await run('grpo', grpo)).code).toBe(0);
    const compared = await touchstone(['compare', join(runs, 'whole'), join(runs, 'grpo')]);
    expect(compared.output).toContain('mG-Pass');
    expect(compared.code).toBe(0);
    const page = join(runs, 'whole', 'report.html');
    rmSync(page);
    const reported = await touchstone(['report', join(runs, 'whole')]);
    expect(reported.code).toBe(0);
    expect(readFileSync(page, 'utf8')).toContain('Tiny');
  }, 60_000);
});
