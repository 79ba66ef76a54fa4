import { describe, expect, it } from 'vitest';
import { parseThreads } from './option-values.ts';

describe('parseThreads', () => {
  it('takes what a machine may have', () => {
    expect(['1', '16', '1024'].map(parseThreads)).toEqual([1, 16, 1024]);
  });

  it.each(['0', '1025', '100000', '-1', '1.5', 'two'])('refuses %s', (text) => {
    expect(() => parseThreads(text)).toThrow('Use a whole number');
  });
});
