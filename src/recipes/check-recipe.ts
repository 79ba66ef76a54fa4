// What a recipe says that could only fail, or silently achieve nothing, after the work has begun. Checked before the
// run directory is made, so that a corrected recipe can take the same name.

import { TouchstoneError } from '../core/index.ts';
import { loadModelConfig } from '../engine/checkpoint/model-checkpoint.ts';
import { type ModelConfig, validateModelConfig } from '../engine/checkpoint/model-config.ts';
import { loadTokenizer, type Tokenizer } from '../engine/tokenizer/tokenizer.ts';
import { resolveMethod } from './reinforce.ts';
import type { Recipe } from './schema.ts';
import type { Purpose, TaskSource } from './task-source.ts';

/** Items of a purpose whose lengths are looked at; their lengths vary over the whole range. */
const PROBES = 64;
/** Ids of a made tokenizer before its words: padding, end, unknown. */
const SPECIAL_TOKENS = 3;

/** @throws TouchstoneError 'bad-config' naming key and remedy, or what is wrong with `model.checkpoint` */
export function checkRecipe(recipe: Recipe, tasks: TaskSource): void {
  const { method, config } = resolveMethod(recipe);
  const { reinforce, evaluation } = recipe;
  if (evaluation.k > evaluation.samples) {
    throw new TouchstoneError(
      'bad-config',
      `evaluation.k is ${evaluation.k} with evaluation.samples ${evaluation.samples}`,
      { hint: 'draw at least k samples per item' },
    );
  }
  if (reinforce.sampling.temperature === 0) {
    throw new TouchstoneError('bad-config', 'reinforce.sampling.temperature is 0', {
      hint: 'all samples of a prompt would be the same; use 1, or another number above 0',
    });
  }
  if (!method.trainsPolicy(reinforce.steps - 1, config)) {
    throw new TouchstoneError(
      'bad-config',
      `the policy is still frozen in the last of ${reinforce.steps} reinforce.steps`,
      { hint: 'lower reinforce.config.freezeSteps or raise reinforce.steps' },
    );
  }
  const { checkpoint } = recipe.model;
  if (checkpoint === null) {
    const made = { vocabSize: tasks.vocabulary.length + SPECIAL_TOKENS, eosTokenIds: [1], padTokenId: 0 };
    const model = modelConfig(recipe, made);
    validateModelConfig(model);
    checkLengths(tasks, model, (texts) => texts.join(' ').split(' ').length);
  } else {
    const tokenizer = loadTokenizer(checkpoint);
    checkLengths(tasks, loadModelConfig(checkpoint), ([prompt = '', ...rest]) => {
      const message = { role: 'user' as const, content: prompt };
      const rendered = tokenizer.applyChatTemplate([message], { addGenerationPrompt: true });
      return [rendered, ...rest].reduce((sum, text) => sum + tokenizer.encode(text).length, 0);
    });
  }
}

/** Prompts must leave room for an answer, demonstrations must fit whole. */
function checkLengths(
  tasks: TaskSource,
  { maxPositions }: ModelConfig,
  count: (texts: readonly string[]) => number,
): void {
  for (const purpose of ['warmUp', 'train', 'evaluate'] as const satisfies readonly Purpose[]) {
    for (let index = 0; index < PROBES; index++) {
      const item = tasks.item(purpose, index);
      const prompt = item.messages.map(({ content }) => content).join(' ');
      const needed = count(purpose === 'warmUp' ? [prompt, tasks.demonstrate(item)] : [prompt]) + 1;
      if (needed <= maxPositions) continue;
      throw new TouchstoneError(
        'bad-config',
        `item ${item.id} needs ${needed} positions, the model has ${maxPositions}`,
        { hint: `raise model.maxPositions, or shorten ${purpose} of this task` },
      );
    }
  }
}

/** The configuration of the policy: that of the checkpoint, or of a new model with the recipe's sizes. */
export function modelConfig(
  recipe: Recipe,
  tokenizer: Pick<Tokenizer, 'vocabSize' | 'eosTokenIds' | 'padTokenId'>,
): ModelConfig {
  const { checkpoint, windows, ...sizes } = recipe.model;
  if (checkpoint !== null) return loadModelConfig(checkpoint);
  return {
    ...sizes,
    architecture: 'touchstone',
    vocabSize: tokenizer.vocabSize,
    normEpsilon: 1e-6,
    ropeTheta: 10_000,
    ropeScaling: null,
    ...(windows === null ? {} : { hardAlibiWindows: windows }),
    attentionBias: false,
    attentionOutputBias: false,
    mlpBias: false,
    head: 'lm',
    eosTokenIds: [...tokenizer.eosTokenIds],
    ...(tokenizer.padTokenId === undefined ? {} : { padTokenId: tokenizer.padTokenId }),
    initializerRange: 0.02,
  };
}
