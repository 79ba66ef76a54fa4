// Text to token ids and back, from the tokenizer.json and tokenizer_config.json of a model directory.
//
// The work is done by @huggingface/tokenizers, and chat templates by @huggingface/jinja. This file adds what they
// leave open: reading the files, special tokens, ids beyond the vocabulary (dropped, as transformers does; padded
// embedding matrices can sample them), and errors that name the file. By default nothing is added to or taken from
// the text, so decode(encode(text)) is the text wherever the tokenizer itself is lossless.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { TouchstoneError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';

/** Text to token ids and back. */
export interface Tokenizer {
  /** One more than the largest token id; embedding matrices may be larger. */
  readonly vocabSize: number;
  /** Tokens that end a response; the tokenizer's own first, then those of generation_config.json. */
  readonly eosTokenIds: readonly number[];
  readonly bosTokenId?: number;
  readonly padTokenId?: number;
  /** What unknown text encodes to; byte-level tokenizers have none. */
  readonly unkTokenId?: number;
  /**
   * Token ids of a text, [length].
   *
   * `addSpecialTokens` adds what the tokenizer puts around a text, such as Llama's begin token; default false.
   * Special tokens spelled out in the text are always recognised. Throws 'bad-input' when a token has no id.
   */
  encode(text: string, options?: { addSpecialTokens?: boolean }): Int32Array;
  /** Text of token ids; `skipSpecialTokens` (default false) leaves special tokens out. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  idOf(token: string): number | undefined;
  /** The token as the vocabulary spells it, for byte-level tokenizers in their byte alphabet. */
  tokenOf(id: number): string | undefined;
  /**
   * The prompt text of a conversation; encode it without addSpecialTokens.
   *
   * @param options.addGenerationPrompt ends with the opening of the assistant's turn; default false
   * @param options.variables further template variables, such as enable_thinking
   * @throws TouchstoneError 'bad-config' when there is no template, 'bad-input' when it rejects the messages
   */
  applyChatTemplate(messages: readonly Message[], options?: ChatTemplateOptions): string;
}

/** Options of Tokenizer.applyChatTemplate. */
export interface ChatTemplateOptions {
  addGenerationPrompt?: boolean;
  variables?: Record<string, unknown>;
}

const tokenSchema = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)])
  .nullish();

const configSchema = z.looseObject({
  bos_token: tokenSchema,
  eos_token: tokenSchema,
  pad_token: tokenSchema,
  unk_token: tokenSchema,
  additional_special_tokens: z.array(tokenSchema).nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

const vocabularySchema = z.looseObject({
  model: z.looseObject({ unk_token: z.string().nullish() }),
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string() })).nullish(),
});

const generationSchema = z.looseObject({
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});

/** Keys the library insists on; older files leave some out. */
const EMPTY_PARTS = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

/**
 * Loads the tokenizer of a model directory: tokenizer.json, and where present tokenizer_config.json,
 * chat_template.jinja and generation_config.json.
 *
 * @throws TouchstoneError 'checkpoint-missing', 'checkpoint-corrupt' naming the file
 */
export function loadTokenizer(dir: string): Tokenizer {
  const path = join(dir, 'tokenizer.json');
  const configPath = join(dir, 'tokenizer_config.json');
  if (!existsSync(path)) {
    throw new TouchstoneError('checkpoint-missing', `${dir} holds no tokenizer.json`, {
      hint: 'older models carry only vocab files; save them once with a fast tokenizer of transformers',
    });
  }
  const vocabulary = readJson(path, vocabularySchema);
  const config = existsSync(configPath) ? readJson(configPath, configSchema) : {};
  const added = vocabulary.added_tokens ?? [];
  const inner = parsing(path, () => {
    const strings = {
      ...config,
      unk_token: vocabulary.model.unk_token ?? config.unk_token,
      additional_special_tokens: config.additional_special_tokens ?? [],
    };
    return new HuggingFaceTokenizer({ ...EMPTY_PARTS, ...vocabulary, added_tokens: added }, strings);
  });
  const template = chatTemplateOf(dir, config.chat_template);
  return tokenizerOf(inner, config, {
    template,
    generationEos: generationEosOf(dir),
    dir,
  });
}

interface Surroundings {
  readonly template: string | undefined;
  readonly generationEos: readonly number[];
  readonly dir: string;
}

function tokenizerOf(
  inner: HuggingFaceTokenizer,
  config: z.infer<typeof configSchema> | Record<string, never>,
  { template, generationEos, dir }: Surroundings,
): Tokenizer {
  const vocabSize = inner.model?.vocab.length ?? 0;
  const idOf = (token: string | null | undefined) => (token == null ? undefined : inner.token_to_id(token));
  const bosTokenId = idOf(config.bos_token);
  const padTokenId = idOf(config.pad_token);
  const unkTokenId = inner.model?.unk_token_id;
  const eosTokenId = idOf(config.eos_token);
  const eosTokenIds = [...new Set([...(eosTokenId === undefined ? [] : [eosTokenId]), ...generationEos])];
  const cleanUp = config.clean_up_tokenization_spaces ?? false;
  let parsedTemplate: Template | undefined;
  return {
    vocabSize,
    eosTokenIds,
    ...(bosTokenId === undefined ? {} : { bosTokenId }),
    ...(padTokenId === undefined ? {} : { padTokenId }),
    ...(unkTokenId === undefined ? {} : { unkTokenId }),
    encode(text, { addSpecialTokens = false } = {}) {
      const { ids, tokens } = inner.encode(text, { add_special_tokens: addSpecialTokens });
      // The library's type promises numbers, but without an unknown token there may be undefined among them.
      const lost = (ids as (number | undefined)[]).indexOf(undefined);
      if (lost < 0) return Int32Array.from(ids);
      throw new TouchstoneError('bad-input', `${JSON.stringify(tokens[lost])} is not in the vocabulary`, {
        hint: `the tokenizer in ${dir} has no unknown token; use only its own tokens`,
      });
    },
    decode(ids, { skipSpecialTokens = false } = {}) {
      const known = Array.from(ids).filter((id) => inner.id_to_token(id) !== undefined);
      if (known.length === 0) return '';
      return inner.decode(known, {
        skip_special_tokens: skipSpecialTokens,
        clean_up_tokenization_spaces: cleanUp,
      });
    },
    idOf,
    tokenOf: (id) => inner.id_to_token(id),
    applyChatTemplate(messages, { addGenerationPrompt = false, variables = {} } = {}) {
      if (template === undefined) {
        throw new TouchstoneError('bad-config', `the tokenizer in ${dir} has no chat template`, {
          hint: 'use a chat model, or add chat_template.jinja beside its tokenizer.json',
        });
      }
      parsedTemplate ??= parsing(join(dir, 'chat template'), () => new Template(template));
      try {
        return parsedTemplate.render({
          bos_token: config.bos_token ?? '',
          eos_token: config.eos_token ?? '',
          pad_token: config.pad_token ?? '',
          unk_token: config.unk_token ?? '',
          ...variables,
          messages,
          add_generation_prompt: addGenerationPrompt,
        });
      } catch (cause) {
        // raise_exception of the template, or a type error inside it
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new TouchstoneError(
          'bad-input',
          `the chat template in ${dir} rejects the messages: ${reason}`,
          {
            cause,
            hint: 'most templates want an optional system turn, then user and assistant in alternation',
          },
        );
      }
    },
  };
}

/** chat_template.jinja goes before the template inside tokenizer_config.json, as in transformers. */
function chatTemplateOf(
  dir: string,
  inConfig: string | { name: string; template: string }[] | null | undefined,
): string | undefined {
  const path = join(dir, 'chat_template.jinja');
  if (existsSync(path)) return parsing(path, () => readFileSync(path, 'utf8'));
  if (!Array.isArray(inConfig)) return inConfig ?? undefined;
  return (inConfig.find(({ name }) => name === 'default') ?? inConfig[0])?.template;
}

/** End tokens of generation_config.json; chat models name there what ends a turn beside what ends a text. */
function generationEosOf(dir: string): number[] {
  const path = join(dir, 'generation_config.json');
  if (!existsSync(path)) return [];
  return [readJson(path, generationSchema).eos_token_id ?? []].flat();
}

function readJson<Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> {
  return parsing(path, () => schema.parse(JSON.parse(readFileSync(path, 'utf8'))));
}

/** Runs a step that fails only when the content of `path` is damaged or not understood. */
function parsing<Result>(path: string, step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    // SyntaxError of JSON, ZodError, Error of the tokenizer or template library, or the file cannot be read
    const reason =
      cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : '';
    throw new TouchstoneError('checkpoint-corrupt', `${path} cannot be used: ${reason}`, {
      cause,
      hint: 'download the file again; if it is intact, its kind of tokenizer is not supported',
    });
  }
}
