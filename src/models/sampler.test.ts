// What the sampler returns against full forward passes, and its independence of batching.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fullForwardLogits, tinyConfig, tinyModel } from '../../test/support/tiny-model.ts';
import { truncated } from '../../test/support/truncated.ts';
import { createRng } from '../core/rng.ts';
import type { Sequence } from '../engine/batch.ts';
import type { ModelConfig } from '../engine/checkpoint/model-config.ts';
import { createOnnxExecutor } from '../engine/executors/onnx/onnx-executor.ts';
import { referenceExecutor } from '../engine/executors/reference/reference-executor.ts';
import { DEFAULT_SAMPLING } from '../engine/sampling/choose-token.ts';
import type { DecoderModel } from './model.ts';
import { ProgramCache } from './program-cache.ts';
import { type GenerateRequest, type Generation, generate } from './sampler.ts';

let programs: ProgramCache;
beforeAll(async () => {
  programs = new ProgramCache(await createOnnxExecutor({ threads: 1 }));
});
afterAll(() => programs.dispose());

const STOP = 0;

/** `count` requests of `samples` samples with prompts of 1 to `longest` tokens, streams named by request. */
function makeRequests(count: number, samples: number, longest: number, seed = 0): GenerateRequest[] {
  return Array.from({ length: count }, (_, i) => {
    const rng = createRng(seed, 'prompt', i);
    return {
      prompt: Int32Array.from({ length: rng.int(1, longest) }, () => rng.int(0, 12)),
      streams: Array.from({ length: samples }, (_unused, s) => [seed, `item-${i}`, s]),
    };
  });
}

function sequencesOf(requests: readonly GenerateRequest[], generations: readonly Generation[][]): Sequence[] {
  return generations.flatMap((samples, r) => {
    const { prompt } = requests[r] as GenerateRequest;
    return samples.map(({ tokens }) => ({
      tokens: Int32Array.of(...prompt, ...tokens),
      promptLength: prompt.length,
    }));
  });
}

/** Largest difference of the sampled log-probabilities from those of a full forward pass. */
async function worstError(
  model: DecoderModel,
  requests: readonly GenerateRequest[],
  generations: readonly Generation[][],
): Promise<number> {
  const { logProbs } = await model.logProbs(sequencesOf(requests, generations));
  let worst = 0;
  generations.flat().forEach((sample, i) => {
    expect(sample.logProbs.length).toBe(sample.tokens.length);
    sample.logProbs.forEach((logProb, t) => {
      const error = Math.abs(logProb - (logProbs[i]?.[t] as number));
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    });
  });
  return worst;
}

const CONFIGS: [string, Partial<ModelConfig>][] = [
  ['rope with grouped queries', {}],
  ['rope with qk-norm, one key head', { qkNorm: true, kvHeads: 1 }],
  [
    'llama3-scaled rope',
    {
      ropeScaling: {
        kind: 'llama3',
        factor: 8,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositions: 32,
      },
    },
  ],
  ['qwen2: biases, tied', { attentionBias: true, tiedEmbeddings: true, kvHeads: 4, initializerRange: 0.3 }],
  ['nope', { position: 'nope' }],
  ['alibi', { position: 'alibi' }],
  ['hard-alibi', { position: 'hard-alibi' }],
  ['hard-alibi with windows', { position: 'hard-alibi', hardAlibiWindows: [5, 0, 1, 2] }],
];

describe.each(CONFIGS)('sampling agrees with full forward passes: %s', (_label, changes) => {
  const requests = makeRequests(6, 2, 20);

  it('at temperature 1', async () => {
    const model = tinyModel(tinyConfig(changes), programs);
    const options = { maxNewTokens: 24, stopTokens: [STOP], slots: 8 };
    const generations = await generate(model, requests, options);
    expect(await worstError(model, requests, generations)).toBeLessThan(1e-4);
  });

  it('with temperature, top-k, top-p and min-p', async () => {
    const model = tinyModel(tinyConfig(changes), programs);
    const sampling = { temperature: 0.8, topK: 6, topP: 0.9, minP: 0.03 };
    const few = requests.slice(0, 3);
    const generations = await generate(model, few, {
      ...sampling,
      maxNewTokens: 12,
      stopTokens: [STOP],
      slots: 8,
    });
    const sequences = sequencesOf(few, generations);
    for (const [i, sample] of generations.flat().entries()) {
      const { tokens, promptLength } = sequences[i] as Sequence;
      const logits = await fullForwardLogits(model, tokens);
      sample.tokens.forEach((token, t) => {
        const want = truncated(logits[promptLength + t - 1] as number[], {
          ...DEFAULT_SAMPLING,
          ...sampling,
        });
        expect(Math.abs(Math.log(want.get(token) ?? 0) - (sample.logProbs[t] as number))).toBeLessThan(1e-4);
      });
    }
  });

  it('when greedy', async () => {
    const model = tinyModel(tinyConfig(changes), programs);
    const few = makeRequests(3, 1, 20);
    const generations = await generate(model, few, {
      temperature: 0,
      maxNewTokens: 12,
      stopTokens: [],
      slots: 8,
    });
    for (const [i, { tokens, promptLength }] of sequencesOf(few, generations).entries()) {
      const logits = await fullForwardLogits(model, tokens);
      const likeliest = Array.from({ length: 12 }, (_, t) => {
        const row = logits[promptLength + t - 1] as number[];
        return row.indexOf(Math.max(...row));
      });
      expect([...(generations[i]?.[0]?.tokens ?? [])]).toEqual(likeliest);
      expect([...(generations[i]?.[0]?.logProbs ?? [])]).toEqual(new Array(12).fill(0));
    }
  });
});

describe('what is sampled', () => {
  const requests = makeRequests(20, 4, 24, 1);
  const options = { maxNewTokens: 30, stopTokens: [STOP] };

  it('does not depend on the number of slots, the order of requests or what else is sampled', async () => {
    const model = tinyModel(tinyConfig(), programs);
    const base = await generate(model, requests, { ...options, slots: 64 });
    const tokens = (generations: readonly Generation[][]) =>
      generations.map((samples) => samples.map((sample) => [...sample.tokens]));
    for (const slots of [1, 8, 17, 256]) {
      const few = slots === 1 ? requests.slice(0, 5) : requests;
      const again = await generate(model, few, { ...options, slots });
      expect(tokens(again)).toEqual(tokens(base).slice(0, few.length));
      again.flat().forEach((sample, i) => {
        sample.logProbs.forEach((logProb, t) => {
          expect(Math.abs(logProb - (base.flat()[i]?.logProbs[t] as number))).toBeLessThan(1e-4);
        });
      });
    }
    const order = createRng(5).shuffle([...requests.keys()]);
    const shuffled = await generate(
      model,
      order.map((i) => requests[i] as GenerateRequest),
      { ...options, slots: 8 },
    );
    expect(tokens(shuffled)).toEqual(order.map((i) => tokens(base)[i]));
    const backwards = requests.map(({ prompt, streams }) => ({ prompt, streams: streams.toReversed() }));
    const reversed = await generate(model, backwards, { ...options, slots: 16 });
    expect(tokens(reversed)).toEqual(tokens(base).map((samples) => samples.toReversed()));
  });

  it('is the same on the reference executor', async () => {
    const few = requests.slice(0, 3);
    const short = { ...options, maxNewTokens: 8 };
    const fast = await generate(tinyModel(tinyConfig(), programs), few, short);
    const oracle = tinyModel(tinyConfig(), new ProgramCache(referenceExecutor));
    const exact = await generate(oracle, few, short);
    expect(exact.flat().map(({ tokens }) => [...tokens])).toEqual(
      fast.flat().map(({ tokens }) => [...tokens]),
    );
  });

  it('differs between streams and is repeated by the same stream', async () => {
    const model = tinyModel(tinyConfig(), programs);
    const prompt = Int32Array.of(3, 1, 4);
    const streams = [
      [1, 'a'],
      [1, 'b'],
      [1, 'a'],
    ];
    const [[a, b, again]] = (await generate(model, [{ prompt, streams }], {
      ...options,
      stopTokens: [],
    })) as [[Generation, Generation, Generation]];
    expect(again).toEqual(a);
    expect(b.tokens).not.toEqual(a.tokens);
  });

  it('has the frequencies of the model', async () => {
    const model = tinyModel(tinyConfig({ initializerRange: 0.3 }), programs);
    const prompt = Int32Array.of(3, 1, 4, 1, 5);
    const draws = 4000;
    const streams = Array.from({ length: draws }, (_, s) => ['frequencies', s]);
    const [samples = []] = await generate(model, [{ prompt, streams }], { maxNewTokens: 1, stopTokens: [] });
    const [logits = []] = (await fullForwardLogits(model, prompt)).slice(-1);
    const want = truncated(logits, DEFAULT_SAMPLING);
    let chi2 = 0;
    for (const [token, p] of want) {
      const count = samples.filter(({ tokens }) => tokens[0] === token).length;
      chi2 += (count - p * draws) ** 2 / (p * draws);
    }
    expect(chi2).toBeLessThan(32.9); // 99.9 % point at 12 degrees of freedom
  });
});

describe('when a sample ends', () => {
  const requests = makeRequests(8, 4, 10, 2);

  it('includes the stop token as the last one and nothing after it', async () => {
    const model = tinyModel(tinyConfig(), programs);
    const samples = (
      await generate(model, requests, { maxNewTokens: 40, stopTokens: [0, 5], slots: 8 })
    ).flat();
    for (const { tokens, finishReason } of samples) {
      const at = tokens.findIndex((token) => token === 0 || token === 5);
      if (finishReason === 'stop') expect(at).toBe(tokens.length - 1);
      else expect([at, tokens.length]).toEqual([-1, 40]);
    }
    expect(new Set(samples.map(({ finishReason }) => finishReason))).toContain('stop');
  });

  it('cuts at maxNewTokens and says so', async () => {
    const model = tinyModel(tinyConfig(), programs);
    for (const maxNewTokens of [1, 7]) {
      const samples = (await generate(model, requests, { maxNewTokens, stopTokens: [] })).flat();
      expect(samples.map(({ tokens, finishReason }) => [tokens.length, finishReason])).toEqual(
        samples.map(() => [maxNewTokens, 'length']),
      );
    }
  });

  it('calls a stop token drawn at the limit a stop', async () => {
    const model = tinyModel(tinyConfig(), programs);
    const every = Array.from({ length: 13 }, (_, token) => token);
    const samples = (await generate(model, requests, { maxNewTokens: 1, stopTokens: every })).flat();
    expect(new Set(samples.map(({ finishReason }) => finishReason))).toEqual(new Set(['stop']));
  });

  it("never passes the model's maximal position", async () => {
    const model = tinyModel(tinyConfig({ maxPositions: 20 }), programs);
    const generations = await generate(model, requests, { maxNewTokens: 100, stopTokens: [] });
    generations.forEach((samples, r) => {
      for (const { tokens, finishReason } of samples) {
        expect((requests[r]?.prompt.length ?? 0) + tokens.length).toBe(20);
        expect(finishReason).toBe('length');
      }
    });
    expect(await worstError(model, requests, generations)).toBeLessThan(1e-4);
  });
});

describe('continuous batching', () => {
  it('serves many more ragged requests than slots', async () => {
    const model = tinyModel(tinyConfig(), programs);
    const requests = makeRequests(70, 2, 90, 3);
    let reported = 0;
    const options = { maxNewTokens: 40, stopTokens: [STOP, 1], slots: 12 };
    const generations = await generate(model, requests, options, (count) => {
      reported += count;
    });
    expect(generations.map((samples) => samples.length)).toEqual(requests.map(() => 2));
    expect(await worstError(model, requests, generations)).toBeLessThan(1e-4);
    expect(reported).toBe(generations.flat().reduce((sum, { tokens }) => sum + tokens.length, 0));
  });

  it.each([
    ['rope', {}],
    ['hard-alibi', { position: 'hard-alibi' as const }],
  ])('stays right while the table grows three times and shrinks twice: %s', async (_label, changes) => {
    const tables: number[][] = [];
    const onnx = await createOnnxExecutor({ threads: 1 });
    const observed = new ProgramCache({
      name: 'observed',
      compile: (program) => {
        const cache = program.inputs.find(({ name }) => name === 'keyCache.0');
        if (cache) tables.push([cache.shape[0] as number, cache.shape[2] as number]);
        return onnx.compile(program);
      },
    });
    const model = tinyModel(tinyConfig({ ...changes, maxPositions: 240 }), observed);
    // Every sequence runs to the last position, so the one with the longest prompt ends first.
    const requests = Array.from({ length: 20 }, (_, i) => ({
      prompt: Int32Array.from({ length: 1 + ((i * 7) % 20) }, (_unused, p) => (i + p) % 13),
      streams: [['long', i]],
    }));
    const generations = await generate(model, requests, { maxNewTokens: 400, stopTokens: [], slots: 32 });
    expect(tables).toEqual([
      [32, 64],
      [32, 128],
      [32, 192],
      [32, 240],
      [16, 240],
      [8, 240],
    ]);
    expect(await worstError(model, requests, generations)).toBeLessThan(1e-4);
    await observed.dispose();
  });

  it('prefills the prompt of many samples once', async () => {
    let prefilled = 0;
    const counting = new ProgramCache({
      name: 'counting',
      compile: (program) => {
        prefilled += program.inputs.find(({ name }) => name === 'last')?.shape[0] ?? 0;
        return referenceExecutor.compile(program);
      },
    });
    const model = tinyModel(tinyConfig(), counting);
    const [samples = []] = await generate(model, makeRequests(1, 12, 9), { maxNewTokens: 2, stopTokens: [] });
    expect(samples.length).toBe(12);
    expect(prefilled).toBe(1);
  });

  it('does nothing for no requests and for requests without samples', async () => {
    const model = tinyModel(tinyConfig(), programs);
    const options = { maxNewTokens: 4, stopTokens: [] };
    expect(await generate(model, [], options)).toEqual([]);
    expect(await generate(model, [{ prompt: Int32Array.of(1), streams: [] }], options)).toEqual([[]]);
  });
});

describe('faults', () => {
  const ask = (prompt: number[], changes: object = {}) =>
    generate(
      tinyModel(tinyConfig({ maxPositions: 8 }), programs),
      [{ prompt: Int32Array.from(prompt), streams: [['a']] }],
      { maxNewTokens: 4, stopTokens: [], ...changes },
    );

  it.each([
    ['an empty prompt', [], {}, 'request 0: a prompt of 0 tokens', 'the model takes 1 to 7 prompt tokens'],
    ['a prompt without room', [1, 1, 1, 1, 1, 1, 1, 1], {}, 'request 0: a prompt of 8 tokens', /1 to 7/],
    [
      'an unknown token',
      [1, 13],
      {},
      'request 0: token 13 is not in the vocabulary',
      'token ids are 0 to 12',
    ],
    ['a negative token', [-1], {}, 'request 0: token -1 is not in the vocabulary', /0 to 12/],
    ['no new tokens', [1], { maxNewTokens: 0 }, 'maxNewTokens is 0', 'use at least 1'],
    ['NaN new tokens', [1], { maxNewTokens: Number.NaN }, 'maxNewTokens is NaN', 'use at least 1'],
    ['no slots', [1], { slots: 0 }, 'slots is 0', /at least 1/],
    ['half a slot', [1], { slots: 1.5 }, 'slots is 1.5', /whole number/],
    ['a negative temperature', [1], { temperature: -1 }, 'temperature is -1', /0/],
    ['a NaN temperature', [1], { temperature: Number.NaN }, 'temperature is NaN', /0/],
    ['top-p of a percentage', [1], { topP: 90 }, 'topP is 90', /0 to 1/],
    ['a negative min-p', [1], { minP: -0.1 }, 'minP is -0.1', /0 to 1/],
    ['half a top-k', [1], { topK: 0.5 }, 'topK is 0.5', /whole number/],
  ])('are named: %s', async (_label, prompt, changes, message, hint) => {
    const fault = ask(prompt, changes);
    await expect(fault).rejects.toMatchObject({ code: 'bad-input', message });
    await expect(fault).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
  });

  it('a model whose weights are NaN says so instead of sampling', async () => {
    const model = tinyModel(tinyConfig(), programs);
    model.weights.get('model.norm.weight')?.data.fill(Number.NaN);
    const options = { maxNewTokens: 4, stopTokens: [] };
    const requests = makeRequests(2, 1, 5);
    await expect(generate(model, requests, options)).rejects.toMatchObject({ code: 'not-finite' });
  });
});
