// A process that saves models over and over is killed at random moments. Whatever remains must load, and all of it
// must come from one save: every weight of save k holds k, in every shard.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRng } from '../../core/rng.ts';
import { loadModelCheckpoint, parameterShapes, saveModelCheckpoint } from './model-checkpoint.ts';
import type { ModelConfig } from './model-config.ts';

const CONFIG: ModelConfig = {
  architecture: 'llama',
  vocabSize: 50,
  hiddenSize: 16,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  feedForwardSize: 32,
  normEpsilon: 1e-5,
  ropeTheta: 1e4,
  ropeScaling: null,
  position: 'rope',
  qkNorm: false,
  attentionBias: false,
  attentionOutputBias: false,
  mlpBias: false,
  tiedEmbeddings: true,
  maxPositions: 64,
  head: 'lm',
  eosTokenIds: [1],
  initializerRange: 0.02,
};

const weightsFilledWith = (value: number) =>
  new Map(
    [...parameterShapes(CONFIG)].map(([name, shape]) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
      return [name, { shape, data }];
    }),
  );

/** Saves with values first, first + 1, ... until killed. */
const SAVER = `
  const { parameterShapes, saveModelCheckpoint } = await import(process.env.MODULE);
  const config = JSON.parse(process.env.CONFIG);
  const shapes = parameterShapes(config);
  for (let k = Number(process.env.FIRST); ; k++) {
    const weights = new Map([...shapes].map(([name, shape]) =>
      [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(k) }]));
    saveModelCheckpoint(process.env.DIR, config, weights, { maxShardBytes: 3000 });
    if (k % 8 === 0) process.stdout.write('.');
  }`;

it('a killed save leaves the old model or the new one', async () => {
  const root = mkdtempSync(join(tmpdir(), 'touchstone-crash-'));
  const dir = join(root, 'model');
  const rng = createRng('crash test');
  saveModelCheckpoint(dir, CONFIG, weightsFilledWith(0));
  let last = 0;
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', SAVER], {
      env: {
        ...process.env,
        MODULE: new URL('./model-checkpoint.ts', import.meta.url).href,
        CONFIG: JSON.stringify(CONFIG),
        DIR: dir,
        FIRST: String(last + 1),
      },
    });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    await Promise.race([ended, new Promise((resolve) => child.stdout.once('data', resolve))]);
    await new Promise((resolve) => setTimeout(resolve, 60 * rng.uniform()));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const { weights } = loadModelCheckpoint(dir);
    const values = new Set([...weights.values()].flatMap(({ data }) => [...data]));
    expect(values.size).toBe(1);
    const [value] = values;
    expect(value).toBeGreaterThan(last);
    last = value;
  }
  rmSync(root, { recursive: true, force: true });
});
