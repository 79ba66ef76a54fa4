import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterThinking, extractAnswer, lastBoxed, unwrapAnswer } from './extract.ts';

describe('extractAnswer', () => {
  it.each([
    ['<answer>5</answer>', '5', 'answer-tag'],
    ['<answer>5</answer> or <answer>6</answer>', '6', 'answer-tag'],
    ['<think><answer>4</answer></think><answer> 5\n</answer> done', '5', 'answer-tag'],
    ['a</think>b</think>\\boxed{x^{2}}', 'x^{2}', 'boxed'],
    ['\\boxed{3} and \\boxed{4', '3', 'boxed'],
    ['\\boxed{1} <answer>2</answer> \\boxed{3}', '2', 'answer-tag'],
    ['{ \\boxed{7} }', '7', 'boxed'],
    ['\\boxed{\\{1\\}}', '\\{1\\}', 'boxed'],
    ['<answer>```text\n42\n```</answer>', '42', 'answer-tag'],
    ['<answer>\\(42\\)</answer>', '42', 'answer-tag'],
    ['<answer>\\boxed{\\text{42}}</answer>', '\\boxed{\\text{42}}', 'answer-tag'],
    ['<answer></answer>', '', 'answer-tag'],
    ['<answer>5</answer><answer>6', '5', 'answer-tag'],
    ['<answer>5</answer> end </answer>', '5', 'answer-tag'],
    ['</answer> <answer>6 \\boxed{5}', '5', 'boxed'],
  ])('%s', (response, text, from) => {
    expect(extractAnswer(response)).toEqual({ text, from });
  });

  it.each([
    'the answer is 5',
    '<think><answer>5</answer>',
    '<answer>5',
    '5</answer>',
    '<answer>5</answer></think>',
    '',
  ])('finds nothing in %j', (response) => {
    expect(extractAnswer(response)).toBeNull();
  });

  it('keeps an answer given before a new thought is opened', () => {
    expect(afterThinking('a</think>b<think>c')).toBe('b');
  });

  it('never throws and only returns text of the response', () => {
    const piece = fc.constantFrom(
      '<answer>',
      '</answer>',
      '</think>',
      '<think>',
      '\\boxed{',
      '{',
      '}',
      '\\',
      'x',
      '$',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (parts) => {
        const response = parts.join('');
        const found = extractAnswer(response);
        return found === null || response.includes(found.text);
      }),
    );
  });

  it('finds any answer without tags or wrappers, whatever came before', () => {
    const plain = fc.string({ maxLength: 30 }).filter((text) => !/[<>\\$`*]/.test(text));
    fc.assert(
      fc.property(fc.string(), plain, plain, (before, answer, after) => {
        const response = `${before}</think><answer>${answer}</answer>${after}`;
        return extractAnswer(response)?.text === answer.trim();
      }),
    );
  });

  it('is linear: a megabyte of openings takes no longer than its length allows', () => {
    for (const piece of ['<answer>', '\\boxed{', '{', '</answer>', '$', '```', '\\text{']) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      expect(() => extractAnswer(text)).not.toThrow();
      expect(() => unwrapAnswer(text)).not.toThrow();
      expect(() => lastBoxed(text)).not.toThrow();
    }
  });
});
