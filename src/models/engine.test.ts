import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyConfig } from '../../test/support/tiny-model.ts';
import { createRng } from '../core/index.ts';
import type { Sequence } from '../engine/batch.ts';
import { DEFAULT_OPTIMISER } from '../engine/optimiser.ts';
import type { Engine } from './engine.ts';
import { startEngine } from './worker-engine.ts';

const CONFIG = tinyConfig({
  architecture: 'qwen3',
  vocabSize: 19,
  headDim: 8,
  normEpsilon: 1e-6,
  qkNorm: true,
  tiedEmbeddings: true,
  maxPositions: 64,
  eosTokenIds: [1],
  initializerRange: 0.1,
});

function sequences(seed: number, count: number): Sequence[] {
  const rng = createRng(seed, 'sequences');
  return Array.from({ length: count }, () => ({
    tokens: Int32Array.from({ length: rng.int(4, 20) }, () => rng.int(0, 18)),
    promptLength: 2,
  }));
}

describe('the engine in a worker thread', () => {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-engine-'));
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine({ executor: 'onnx', threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const trainStep = async (name: string, step: number) => {
    const batch = sequences(step, 6);
    await engine.accumulate(
      name,
      batch,
      batch.map((s) => new Float32Array(s.tokens.length - 2).fill(-0.02)),
    );
    return engine.step(name, 1e-2, DEFAULT_OPTIMISER);
  };

  it('resumes bit for bit: save, reload and train on equals training on', async () => {
    await engine.createModel('a', CONFIG, 7);
    for (let step = 0; step < 3; step++) await trainStep('a', step);
    await engine.saveModel('a', join(directory, 'checkpoint'), { training: true });
    await engine.resumeModel('b', join(directory, 'checkpoint'));
    for (let step = 3; step < 6; step++) {
      expect(await trainStep('b', step)).toEqual(await trainStep('a', step));
    }
    const probe = sequences(99, 5);
    expect(await engine.logProbs('b', probe)).toEqual(await engine.logProbs('a', probe));
  });

  it('does not block the caller while it computes', async () => {
    await engine.createModel('c', CONFIG, 1);
    const work = engine.logProbs('c', sequences(5, 400));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await work;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('makes a reward model with a zero head from a language model', async () => {
    await engine.createModel('d', CONFIG, 1);
    const info = await engine.copyModel('d', 'reward', 'score');
    expect(info.config.head).toBe('score');
    const scores = await engine.scores('reward', sequences(3, 2));
    expect(scores.flatMap((row) => [...row]).every((score) => score === 0)).toBe(true);
  });

  it('copies share nothing: training one leaves the other', async () => {
    await engine.createModel('e', CONFIG, 2);
    await engine.copyModel('e', 'frozen');
    const probe = sequences(4, 2);
    const before = await engine.logProbs('frozen', probe);
    await trainStep('e', 0);
    expect(await engine.logProbs('frozen', probe)).toEqual(before);
  });

  it('sends errors back as errors, with code and remedy, and goes on serving', async () => {
    await expect(engine.logProbs('nobody', [])).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.any(String),
    });
    await expect(engine.loadModel('x', join(directory, 'absent'))).rejects.toMatchObject({
      code: 'checkpoint-missing',
    });
    await expect(engine.createModel('x', { ...CONFIG, headDim: 7 }, 1)).rejects.toMatchObject({
      code: 'bad-config',
    });
    expect((await engine.status()).executor).toBe('onnx');
  });
});
