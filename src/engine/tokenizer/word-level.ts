// Tokenizers for made worlds whose words are known beforehand, written as genuine tokenizer.json files that
// transformers loads too.
//
//   word level: text = tokens separated by single spaces; one id per word
//   char level: one id per character (Unicode code point); nothing separates tokens
//
// Ids: `<pad>` 0, `<eos>` 1, `<unk>` 2, then the words in the given order. Text made of known words survives
// encode and decode exactly; unknown words become `<unk>`. The model is HF's WordLevel. Words are split by the
// regular expression " " and not by the string: @huggingface/tokenizers 0.2.0 keeps the separators of a string.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TouchstoneError } from '../../core/errors.ts';
import { writeTextAtomic } from '../checkpoint/atomic-write.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';

/** The special tokens and ids of the tokenizers made here. */
export const PAD_TOKEN = '<pad>';
export const EOS_TOKEN = '<eos>';
export const UNK_TOKEN = '<unk>';

/** Options of createWordTokenizer and createCharTokenizer. */
export interface MadeTokenizerOptions {
  /** Directory the files are written to; created when absent. */
  dir: string;
  /**
   * Jinja chat template. Default: the contents of the turns, each closed by `<eos>` if the assistant's, separated
   * by spaces (word level) or by nothing (char level).
   */
  chatTemplate?: string;
}

const SPECIAL_TOKENS = [PAD_TOKEN, EOS_TOKEN, UNK_TOKEN];

/** What a word-level and a char-level tokenizer differ in. */
interface Level {
  readonly preTokenizer: object;
  readonly decoder: object | null;
  readonly separator: string;
}

const WORDS: Level = {
  preTokenizer: { type: 'Split', pattern: { Regex: ' ' }, behavior: 'Removed', invert: false },
  decoder: null, // tokens are joined by single spaces
  separator: ' ',
};

const CHARACTERS: Level = {
  preTokenizer: { type: 'Split', pattern: { Regex: '[\\s\\S]' }, behavior: 'Isolated', invert: false },
  decoder: { type: 'Fuse' },
  separator: '',
};

/**
 * Writes and loads a tokenizer with one id per word.
 *
 * @param words distinct, not empty, without spaces and special tokens; ids follow their order from 3
 * @throws TouchstoneError 'bad-input' naming the word that cannot be used, 'disk-full'
 * @example
 * const tokenizer = createWordTokenizer(['1', '2', '+', '='], { dir: 'model' });
 * tokenizer.encode('1 + 2'); // Int32Array [3, 5, 4]
 */
export function createWordTokenizer(words: readonly string[], options: MadeTokenizerOptions): Tokenizer {
  const spaced = words.find((word) => word.includes(' '));
  if (spaced !== undefined) throw badWord(spaced, 'holds a space, which separates words');
  return createTokenizer(words, WORDS, options);
}

/**
 * Writes and loads a tokenizer with one id per character.
 *
 * @param characters every character once, as a string or list; spaces and line breaks count
 * @throws TouchstoneError 'bad-input' naming the character that cannot be used, 'disk-full'
 * @example
 * createCharTokenizer('0123456789+= ', { dir: 'model' }).encode('1+2'); // Int32Array [4, 13, 5]
 */
export function createCharTokenizer(characters: Iterable<string>, options: MadeTokenizerOptions): Tokenizer {
  const list = [...characters];
  const long = list.find((character) => [...character].length !== 1);
  if (long !== undefined) throw badWord(long, 'is not a single character');
  return createTokenizer(list, CHARACTERS, options);
}

function createTokenizer(words: readonly string[], level: Level, options: MadeTokenizerOptions): Tokenizer {
  const known = new Set<string>();
  for (const word of words) {
    if (word === '') throw badWord(word, 'is empty');
    if (!word.isWellFormed()) throw badWord(word, 'is not valid Unicode');
    if (SPECIAL_TOKENS.some((token) => word.includes(token))) throw badWord(word, 'holds a special token');
    if (known.has(word)) throw badWord(word, 'occurs twice');
    known.add(word);
  }
  const { dir, chatTemplate = defaultTemplate(level.separator) } = options;
  mkdirSync(dir, { recursive: true });
  writeTextAtomic(join(dir, 'tokenizer.json'), format(tokenizerJson(words, level)));
  writeTextAtomic(join(dir, 'tokenizer_config.json'), format(tokenizerConfig(chatTemplate)));
  return loadTokenizer(dir);
}

function tokenizerJson(words: readonly string[], level: Level): object {
  const vocabulary = [...SPECIAL_TOKENS, ...words].map((token, id) => [token, id] as const);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: level.preTokenizer,
    post_processor: null,
    decoder: level.decoder,
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary), unk_token: UNK_TOKEN },
  };
}

function tokenizerConfig(chatTemplate: string): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    pad_token: PAD_TOKEN,
    eos_token: EOS_TOKEN,
    unk_token: UNK_TOKEN,
    clean_up_tokenization_spaces: false,
    model_max_length: 1_000_000,
    chat_template: chatTemplate,
  };
}

/** Turns are joined, assistant turns end with `<eos>`; a generation prompt adds nothing but the separator. */
function defaultTemplate(separator: string): string {
  const gap = separator === '' ? '' : `{{ '${separator}' }}`;
  return (
    `{%- for message in messages -%}{%- if not loop.first -%}${gap}{%- endif -%}{{ message['content'] }}` +
    `{%- if message['role'] == 'assistant' -%}${gap}{{ eos_token }}{%- endif -%}{%- endfor -%}` +
    `{%- if add_generation_prompt and messages -%}${gap}{%- endif -%}`
  );
}

function format(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function badWord(word: string, what: string): TouchstoneError {
  return new TouchstoneError('bad-input', `vocabulary entry ${JSON.stringify(word)} ${what}`, {
    hint: 'give a list of distinct, non-empty entries',
  });
}
