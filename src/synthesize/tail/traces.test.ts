// Worked examples: each trace was checked by hand against the prompt and the rules in the task's file.

import { describe, expect, it } from 'vitest';
import { addition, binarySearch, compare, population, type TailInstance, wordFlip } from './index.ts';

const sum: TailInstance = {
  task: 'tail.addition',
  length: 2,
  input: { x: '97', y: '5' },
  offsets: { p: 4 },
};
const difference: TailInstance = {
  task: 'tail.compare',
  length: 3,
  input: { x: '407', y: '98' },
  offsets: { p: 2 },
};
const text: TailInstance = {
  task: 'tail.word-flip',
  length: 4,
  input: { text: 'a bz' },
  offsets: { p: 7 },
};
const pairs: TailInstance = {
  task: 'tail.population',
  length: 3,
  input: { n: '3', x: '2', y: '4', z: '3' },
  offsets: { n: 5, t: 9 },
};
const list: TailInstance = {
  task: 'tail.binary-search',
  length: 5,
  input: { values: '3 8 21 40 77', target: '40' },
  offsets: { s: 6, b: 2 },
};

describe('addition: 97 + 5 = 102', () => {
  it('writes one record per place with the carry as state', () => {
    expect(addition.prompt(sum)).toBe('add p6 _ p5 9 p4 7 + q6 _ q5 _ q4 5 :');
    expect(addition.trace(sum)).toMatchInlineSnapshot(
      `"C0 p4 7 q4 5 | o4 2 C1 p5 9 q5 _ | o5 0 C1 p6 _ q6 _ | o6 1 HALT = o6 1 o5 0 o4 2"`,
    );
  });
  it('adds decimals with the point as a cell', () => {
    const decimal = { ...sum, input: { x: '9.5', y: '12.75' } };
    expect(addition.prompt(decimal)).toBe(
      'add p9 _ p8 _ p7 9 p6 . p5 5 p4 _ + q9 _ q8 1 q7 2 q6 . q5 7 q4 5 :',
    );
    expect(addition.trace(decimal)).toMatchInlineSnapshot(
      `"C0 p4 _ q4 5 | o4 5 C0 p5 5 q5 7 | o5 2 C1 p6 . q6 . | o6 . C1 p7 9 q7 2 | o7 2 C1 p8 _ q8 1 | o8 2 C0 p9 _ q9 _ | HALT = o8 2 o7 2 o6 . o5 2 o4 5"`,
    );
    expect(addition.answer(decimal)).toBe('22.25');
  });
});

describe('compare: 407 with 98', () => {
  it('walks from the top place with the relation as state', () => {
    expect(compare.prompt(difference)).toBe('compare p5 4 p4 0 p3 7 p2 # with q5 _ q4 9 q3 8 q2 # :');
    expect(compare.trace(difference)).toMatchInlineSnapshot(
      `"LEN p5 4 q5 _ | GT p4 0 q4 9 | GT p3 7 q3 8 | GT p2 # q2 # | HALT = first"`,
    );
  });
});

describe('word flip: "a bz"', () => {
  it('reads from the last cell to the first', () => {
    expect(wordFlip.prompt(text)).toBe('flip p7 a p8 ~ p9 b p10 z :');
    expect(wordFlip.trace(text)).toMatchInlineSnapshot(`"= p10 z p9 b p8 ~ p7 a"`);
    expect(wordFlip.answer(text)).toBe('zb a');
  });
});

describe('population: 4 pairs, three born per unit from unit 2: 4, 4, 16, 28', () => {
  it('adds rows digit by digit with two heads', () => {
    expect(population.prompt(pairs)).toBe('grow n5 4 n6 ; born z 3 time t9 w t10 g t11 g t12 # :');
    expect(population.trace(pairs)).toMatchInlineSnapshot(
      `"R t9 w | K n5 4 | n7 4 K n6 ; | n8 ; R t10 g | C0 n7 4 n5 4 z 3 | n9 6 C1 n8 ; n6 ; z 3 | n10 1 C0 n8 ; n6 ; z 3 | n11 ; R t11 g | C0 n9 6 n7 4 z 3 | n12 8 C1 n10 1 n8 ; z 3 | n13 2 C0 n11 ; n8 ; z 3 | n14 ; R t12 # | HALT = n13 2 n12 8"`,
    );
  });
});

describe('binary search: 40 in 3 8 21 40 77', () => {
  it('finds the middle by two heads and keeps bounds as pointers', () => {
    expect(binarySearch.prompt(list)).toBe('find k 40 in s6 3 s7 8 s8 21 s9 40 s10 77 from b2 s6 e2 s10 :');
    expect(binarySearch.trace(list)).toMatchInlineSnapshot(
      `"M s6 3 s10 77 | M s7 8 s9 40 | M s8 21 s8 21 | T s8 21 k 40 | G b2 s6 e2 s10 | b3 s9 e3 s10 M s9 40 s10 77 | T s9 40 k 40 | HALT = s9"`,
    );
  });
  it('shows pointers as values without addresses, and answers by index', () => {
    const options = { addresses: 'none' } as const;
    expect(binarySearch.prompt(list, options)).toBe('find k 40 in 3 8 21 40 77 from 3 77 :');
    expect(binarySearch.trace(list, options)).toMatchInlineSnapshot(
      `"M 3 77 | M 8 40 | M 21 21 | T 21 k 40 | G 3 77 | 40 77 M 40 77 | T 40 k 40 | HALT = s3"`,
    );
  });
});

describe('switches, on 97 + 5', () => {
  it('leaves out every other record without linear transition', () => {
    expect(addition.trace(sum, { linearTransition: false })).toMatchInlineSnapshot(
      `"C0 p4 7 q4 5 | o4 2 C1 p6 _ q6 _ | o6 1 HALT = o6 1 o5 0 o4 2"`,
    );
  });
  it('merges two steps per record without atomic state', () => {
    expect(addition.trace(sum, { atomicState: false })).toMatchInlineSnapshot(
      `"C0 p4 7 q4 5 p5 9 q5 _ | o4 2 o5 0 C1 p6 _ q6 _ | o6 1 HALT = o6 1 o5 0 o4 2"`,
    );
  });
  it('writes without fetching', () => {
    expect(addition.trace(sum, { memoryFetcher: false })).toMatchInlineSnapshot(
      `"C0 | o4 2 C1 | o5 0 C1 | o6 1 HALT = o6 1 o5 0 o4 2"`,
    );
  });
  it('drops or fixes addresses', () => {
    expect(addition.trace(sum, { addresses: 'none' })).toMatchInlineSnapshot(
      `"C0 7 5 | 2 C1 9 _ | 0 C1 _ _ | 1 HALT = 1 0 2"`,
    );
    expect(addition.trace(sum, { addresses: 'fixed' })).toMatchInlineSnapshot(
      `"C0 p0 7 q0 5 | o0 2 C1 p1 9 q1 _ | o1 0 C1 p2 _ q2 _ | o2 1 HALT = o2 1 o1 0 o0 2"`,
    );
  });
  it('drops the bar, or everything but the answer', () => {
    expect(addition.trace(sum, { bar: false })).toMatchInlineSnapshot(
      `"C0 p4 7 q4 5 o4 2 C1 p5 9 q5 _ o5 0 C1 p6 _ q6 _ o6 1 HALT = o6 1 o5 0 o4 2"`,
    );
    expect(addition.trace(sum, { format: 'direct' })).toMatchInlineSnapshot(`"= 1 0 2"`);
  });
  it('tells the same run in prose', () => {
    expect(addition.trace(sum, { style: 'styled' })).toMatchInlineSnapshot(
      `"in state C0 , at p4 we read 7 , at q4 we read 5 , so at o4 we write 2 , in state C1 , at p5 we read 9 , at q5 we read _ , so at o5 we write 0 , in state C1 , at p6 we read _ , at q6 we read _ , so at o6 we write 1 , in state HALT , so the answer is = o6 1 o5 0 o4 2"`,
    );
  });
  it('acts on the answer cells of word flip', () => {
    expect(wordFlip.trace(text, { linearTransition: false })).toMatchInlineSnapshot(`"= p10 z b p8 ~ a"`);
    expect(wordFlip.trace(text, { atomicState: false })).toMatchInlineSnapshot(`"= p10 p9 z b p8 p7 ~ a"`);
    expect(wordFlip.trace(text, { memoryFetcher: false })).toMatchInlineSnapshot(`"= z b ~ a"`);
    expect(wordFlip.trace(text, { style: 'styled' })).toMatchInlineSnapshot(
      `"so the answer is = at p10 we read z , at p9 we read b , at p8 we read ~ , at p7 we read a ,"`,
    );
  });
});
