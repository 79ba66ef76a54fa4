// A small byte-level BPE tokenizer in the layout of Qwen, a WordPiece and a Llama-style one, chat templates, faults.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from './tokenizer.ts';

const root = mkdtempSync(join(tmpdir(), 'touchstone-tokenizer-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dirs = 0;

function dirWith(files: Record<string, unknown>): string {
  const dir = join(root, String(dirs++));
  mkdirSync(dir);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return dir;
}

/** The printable alphabet of GPT-2 for the 256 bytes. */
function byteAlphabet(): string[] {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}

const MERGES = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'o r', 'Ġw or', 'Ġwor ld', 'l d', 'Ġwor ld'];
const VOCABULARY = [...byteAlphabet(), ...new Set(MERGES.map((merge) => merge.replace(' ', '')))];
const FIRST_SPECIAL = VOCABULARY.length;
const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<think>'];

// the pre-tokenizer pattern of Qwen2 and Qwen3
const QWEN_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const QWEN_TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: SPECIAL.map((content, i) => ({
    id: FIRST_SPECIAL + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: content !== '<think>',
  })),
  normalizer: { type: 'NFC' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: QWEN_PATTERN }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    ],
  },
  post_processor: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
  decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
    merges: MERGES,
  },
};

const CHAT_TEMPLATE = `{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role != 'system' %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}`;

const QWEN_CONFIG = {
  add_bos_token: false,
  bos_token: null,
  eos_token: '<|im_end|>',
  pad_token: { content: '<|endoftext|>', lstrip: false },
  unk_token: null,
  additional_special_tokens: ['<|im_start|>', '<|im_end|>'],
  clean_up_tokenization_spaces: false,
  tokenizer_class: 'Qwen2Tokenizer',
  chat_template: CHAT_TEMPLATE,
};

describe('a byte-level BPE in the layout of Qwen', () => {
  const dir = dirWith({
    'tokenizer.json': QWEN_TOKENIZER,
    'tokenizer_config.json': QWEN_CONFIG,
    'generation_config.json': { eos_token_id: [FIRST_SPECIAL + 2, FIRST_SPECIAL] },
  });
  const tokenizer = loadTokenizer(dir);

  it('merges by rank and keeps bytes for the rest', () => {
    const tokens = (text: string) => Array.from(tokenizer.encode(text), (id) => tokenizer.tokenOf(id));
    expect(tokens('hello world')).toEqual(['hello', 'Ġworld']);
    expect(tokens('held 42')).toEqual(['he', 'ld', 'Ġ', '4', '2']);
    expect(tokens('é')).toEqual(['Ã', '©']);
    expect(tokens("HELLO'LL")).toEqual(['H', 'E', 'L', 'L', 'O', "'", 'L', 'L']);
  });

  it('knows its special tokens', () => {
    expect(tokenizer).toMatchObject({
      vocabSize: FIRST_SPECIAL + 4,
      eosTokenIds: [FIRST_SPECIAL + 2, FIRST_SPECIAL],
      padTokenId: FIRST_SPECIAL,
    });
    expect('unkTokenId' in tokenizer || 'bosTokenId' in tokenizer).toBe(false);
    expect(tokenizer.encode('hello<|im_end|>')).toEqual(
      Int32Array.of(tokenizer.idOf('hello') ?? -1, FIRST_SPECIAL + 2),
    );
    const ids = tokenizer.encode('<think>hello<|im_end|>');
    expect(tokenizer.decode(ids)).toBe('<think>hello<|im_end|>');
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe('<think>hello');
  });

  it('drops ids beyond the vocabulary, which padded embeddings can sample', () => {
    expect(tokenizer.decode([tokenizer.idOf('hello') ?? -1, 100_000])).toBe('hello');
  });

  it('round-trips any well-formed text in normal form C', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const text = raw.normalize('NFC');
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  it('decodes any ids without failing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(FIRST_SPECIAL + 10)), (ids) => {
        expect(typeof tokenizer.decode(ids)).toBe('string');
      }),
    );
  });

  it('keeps spaces before punctuation unless the model asks to clean up', () => {
    expect(tokenizer.decode(tokenizer.encode('a , b .'))).toBe('a , b .');
    const { clean_up_tokenization_spaces, ...silent } = QWEN_CONFIG;
    const plain = loadTokenizer(
      dirWith({ 'tokenizer.json': QWEN_TOKENIZER, 'tokenizer_config.json': silent }),
    );
    expect(plain.decode(plain.encode('a , b .'))).toBe('a , b .');
    const config = { ...silent, clean_up_tokenization_spaces: true };
    const cleaning = loadTokenizer(
      dirWith({ 'tokenizer.json': QWEN_TOKENIZER, 'tokenizer_config.json': config }),
    );
    expect(cleaning.decode(cleaning.encode('a , b .'))).toBe('a, b.');
  });

  it('applies the chat template', () => {
    const messages = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'hello' },
    ];
    const prompt = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
    expect(prompt).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(tokenizer.applyChatTemplate(messages.slice(1))).toBe('<|im_start|>user\nhello<|im_end|>\n');
    const quiet = { addGenerationPrompt: true, variables: { enable_thinking: false } };
    expect(tokenizer.applyChatTemplate(messages.slice(1), quiet)).toMatch(
      /assistant\n<think>\n\n<\/think>\n\n$/,
    );
  });
});

describe('other kinds', () => {
  it('adds the begin token of a Llama only when asked', () => {
    const bos = { id: FIRST_SPECIAL, content: '<|endoftext|>' };
    const json = {
      ...QWEN_TOKENIZER,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: bos.content, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: { [bos.content]: { id: bos.content, ids: [bos.id], tokens: [bos.content] } },
      },
    };
    const config = { bos_token: bos.content, eos_token: bos.content };
    const tokenizer = loadTokenizer(dirWith({ 'tokenizer.json': json, 'tokenizer_config.json': config }));
    expect(tokenizer.bosTokenId).toBe(bos.id);
    expect(tokenizer.encode('hello')).toHaveLength(1);
    expect(tokenizer.encode('hello', { addSpecialTokens: true })[0]).toBe(bos.id);
  });

  it('loads without tokenizer_config.json and without optional parts', () => {
    const { vocab } = QWEN_TOKENIZER.model;
    const json = { model: { type: 'BPE', vocab, merges: MERGES, unk_token: 'h' } };
    const tokenizer = loadTokenizer(dirWith({ 'tokenizer.json': json }));
    expect(tokenizer).toMatchObject({ eosTokenIds: [], unkTokenId: vocab.h });
    expect(tokenizer.encode('hello')).toEqual(Int32Array.of(vocab.hello));
  });

  it('says when a token has no id', () => {
    const json = { model: { type: 'WordLevel', vocab: { a: 0 } } };
    const tokenizer = loadTokenizer(dirWith({ 'tokenizer.json': json }));
    expect(() => tokenizer.encode('b')).toThrow(/"b" is not in the vocabulary/);
    expect(() => tokenizer.encode('b')).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });
});

describe('chat templates', () => {
  const user = [{ role: 'user' as const, content: 'hi' }];
  const withTemplate = (chat_template: unknown, files: Record<string, unknown> = {}) =>
    loadTokenizer(
      dirWith({
        'tokenizer.json': QWEN_TOKENIZER,
        'tokenizer_config.json': { ...QWEN_CONFIG, chat_template },
        ...files,
      }),
    );

  it('come from chat_template.jinja first, or from a list by the name default', () => {
    const file = { 'chat_template.jinja': 'file {{ eos_token }}{{ pad_token }}' };
    expect(withTemplate('config', file).applyChatTemplate(user)).toBe('file <|im_end|><|endoftext|>');
    const named = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'plain' },
    ];
    expect(withTemplate(named).applyChatTemplate(user)).toBe('plain');
  });

  it('are missed, rejected and broken with a clear error', () => {
    const none = withTemplate(undefined);
    expect(() => none.applyChatTemplate(user)).toThrow(expect.objectContaining({ code: 'bad-config' }));
    const strict = withTemplate("{{ raise_exception('roles must alternate') }}");
    expect(() => strict.applyChatTemplate(user)).toThrow(/rejects the messages: roles must alternate/);
    expect(() => strict.applyChatTemplate(user)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    const broken = withTemplate('{% if %}');
    expect(() => broken.applyChatTemplate(user)).toThrow(
      expect.objectContaining({ code: 'checkpoint-corrupt' }),
    );
  });
});

describe('damaged files', () => {
  it('are named', () => {
    const nothing = dirWith({});
    expect(() => loadTokenizer(nothing)).toThrow(
      expect.objectContaining({ code: 'checkpoint-missing', message: `${nothing} holds no tokenizer.json` }),
    );
    const corrupt = (files: Record<string, unknown>, message: RegExp) => {
      const dir = dirWith(files);
      expect(() => loadTokenizer(dir)).toThrow(message);
      expect(() => loadTokenizer(dir)).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
    };
    corrupt({ 'tokenizer.json': '{"model":' }, /tokenizer.json cannot be used/);
    corrupt({ 'tokenizer.json': {} }, /tokenizer.json cannot be used: .*model/s);
    corrupt({ 'tokenizer.json': { model: { type: 'New' } } }, /Unknown TokenizerModel type: New/);
    corrupt(
      { 'tokenizer.json': QWEN_TOKENIZER, 'tokenizer_config.json': '[]' },
      /tokenizer_config.json cannot be used/,
    );
    corrupt(
      { 'tokenizer.json': QWEN_TOKENIZER, 'generation_config.json': { eos_token_id: 'x' } },
      /generation_config.json/,
    );
  });
});
