// Made tokenizers: exact round trips, unknown words, the files on disk, refused vocabularies.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from './tokenizer.ts';
import { createCharTokenizer, createWordTokenizer } from './word-level.ts';

const root = mkdtempSync(join(tmpdir(), 'touchstone-words-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = () => join(root, String(dirs++));

describe('word level', () => {
  const words = [
    '1',
    '12',
    '+',
    '=',
    'Tape[3]',
    'x_1',
    '\\(',
    '▁',
    'ä',
    '数',
    '👍🏽',
    '__proto__',
    'constructor',
    "don't",
    '.',
    ',',
    'a\nb',
    '\t',
  ];
  const dir = newDir();
  const tokenizer = createWordTokenizer(words, { dir });

  it('numbers special tokens first, then the words in order', () => {
    expect(['<pad>', '<eos>', '<unk>', ...words].map((word) => tokenizer.idOf(word))).toEqual(
      Array.from({ length: words.length + 3 }, (_, i) => i),
    );
    expect(tokenizer).toMatchObject({
      vocabSize: words.length + 3,
      padTokenId: 0,
      eosTokenIds: [1],
      unkTokenId: 2,
    });
    expect(tokenizer.idOf('absent')).toBeUndefined();
    expect(tokenizer.tokenOf(4)).toBe('12');
  });

  it('encodes known words, marks unknown ones, knows special tokens in the text', () => {
    expect(tokenizer.encode('1 + 12 =')).toEqual(Int32Array.of(3, 5, 4, 6));
    expect(tokenizer.encode('1 + 13')).toEqual(Int32Array.of(3, 5, 2));
    expect(tokenizer.encode('1+12')).toEqual(Int32Array.of(2));
    expect(tokenizer.encode('1 <eos> <pad>')).toEqual(Int32Array.of(3, 1, 0));
    expect(tokenizer.encode('')).toEqual(new Int32Array(0));
  });

  it('decodes with and without special tokens', () => {
    expect(tokenizer.decode([3, 5, 2, 1])).toBe('1 + <unk> <eos>');
    expect(tokenizer.decode([3, 0, 5, 1], { skipSpecialTokens: true })).toBe('1 +');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([1], { skipSpecialTokens: true })).toBe('');
    expect(tokenizer.decode(Int32Array.of(3, 999, -1, 5))).toBe('1 +');
  });

  it('round-trips every text of known words and every sequence of ids', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words)), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text.join(' ')))).toBe(text.join(' '));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(words.length + 2)), (ids) => {
        expect([...tokenizer.encode(tokenizer.decode(ids))]).toEqual(ids);
      }),
    );
  });

  it('round-trips any vocabulary', () => {
    const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).filter((text) => !/ /.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 12 }), (vocabulary) => {
        const made = createWordTokenizer(vocabulary, { dir: newDir() });
        const text = [...vocabulary, ...vocabulary.toReversed()].join(' ');
        expect(made.encode(text).length).toBe(2 * vocabulary.length);
        expect(made.decode(made.encode(text))).toBe(text);
      }),
      { numRuns: 40 },
    );
  });

  it('writes files that load the same tokenizer', () => {
    const loaded = loadTokenizer(dir);
    expect(loaded.encode('x_1 = 1')).toEqual(tokenizer.encode('x_1 = 1'));
    const json = JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8'));
    expect(json.model).toMatchObject({ type: 'WordLevel', unk_token: '<unk>' });
    expect(json.pre_tokenizer).toEqual({
      type: 'Split',
      pattern: { Regex: ' ' },
      behavior: 'Removed',
      invert: false,
    });
    expect(JSON.parse(readFileSync(join(dir, 'tokenizer_config.json'), 'utf8'))).toMatchObject({
      tokenizer_class: 'PreTrainedTokenizerFast',
      pad_token: '<pad>',
      eos_token: '<eos>',
      unk_token: '<unk>',
    });
  });

  it('has a chat template whose prompt plus response is the whole conversation', () => {
    const question = { role: 'user' as const, content: '1 + 1 =' };
    const answer = { role: 'assistant' as const, content: '12' };
    const prompt = tokenizer.applyChatTemplate([question], { addGenerationPrompt: true });
    expect(tokenizer.encode(prompt)).toEqual(tokenizer.encode('1 + 1 ='));
    expect(prompt + answer.content).toBe('1 + 1 = 12');
    const whole = tokenizer.applyChatTemplate([question, answer, question]);
    expect(whole).toBe('1 + 1 = 12 <eos> 1 + 1 =');
    expect(tokenizer.applyChatTemplate([], { addGenerationPrompt: true })).toBe('');
    const own = createWordTokenizer(words, { dir: newDir(), chatTemplate: '{{ messages[0].content }} =' });
    expect(own.applyChatTemplate([{ role: 'user', content: '1' }])).toBe('1 =');
  });

  it.each<[string[], RegExp]>([
    [['a', ''], /entry "" is empty/],
    [['a', 'a'], /entry "a" occurs twice/],
    [['a b'], /entry "a b" holds a space/],
    [['<eos>'], /entry "<eos>" holds a special token/],
    [['x<pad>'], /holds a special token/],
    [['\ud800'], /not valid Unicode/],
  ])('refuses the vocabulary %o', (vocabulary, message) => {
    expect(() => createWordTokenizer(vocabulary, { dir: newDir() })).toThrow(message);
    expect(() => createWordTokenizer(vocabulary, { dir: newDir() })).toThrow(
      expect.objectContaining({ code: 'bad-input' }),
    );
  });
});

describe('char level', () => {
  const characters = '0123456789+= \n\t.,👍ä';
  const tokenizer = createCharTokenizer(characters, { dir: newDir() });

  it('gives every character its id, spaces and line breaks included', () => {
    expect(tokenizer.encode('1+2')).toEqual(Int32Array.of(4, 13, 5));
    expect(tokenizer.encode(' \n👍')).toEqual(Int32Array.of(15, 16, 20));
    expect(tokenizer.encode('1a2')).toEqual(Int32Array.of(4, 2, 5));
    expect(tokenizer.encode('1<eos>')).toEqual(Int32Array.of(4, 1));
    expect(tokenizer.vocabSize).toBe([...characters].length + 3);
  });

  it('round-trips every text of known characters', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...characters)), (list) => {
        expect(tokenizer.decode(tokenizer.encode(list.join('')))).toBe(list.join(''));
      }),
    );
  });

  it('chats without separators', () => {
    const messages = [
      { role: 'user' as const, content: '1+1=' },
      { role: 'assistant' as const, content: '2' },
    ];
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true })).toBe('1+1=2<eos>');
  });

  it('refuses entries of several characters', () => {
    expect(() => createCharTokenizer(['a', 'bc'], { dir: newDir() })).toThrow(
      /"bc" is not a single character/,
    );
  });
});
