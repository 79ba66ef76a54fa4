import { describe, expect, it } from 'vitest';
import { mannWhitneyGreater, median, upperTail } from './mann-whitney.ts';

describe('mannWhitneyGreater', () => {
  it('matches a case worked by hand: U = 6, mean 3, variance 3, z = 2.5 / sqrt 3', () => {
    expect(mannWhitneyGreater([3, 4, 5], [1, 2])).toBeCloseTo(0.0745, 3);
  });

  it('is 1 for equal values and near 1 for the wrong direction', () => {
    expect(mannWhitneyGreater([1, 1, 1], [1, 1, 1])).toBe(1);
    expect(mannWhitneyGreater([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeGreaterThan(0.99);
  });

  it('has the usual points of the normal tail', () => {
    expect(upperTail(1.959964)).toBeCloseTo(0.025, 6);
    expect(upperTail(-1.644854)).toBeCloseTo(0.95, 6);
    expect(upperTail(0)).toBeCloseTo(0.5, 6);
  });

  it('takes the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
