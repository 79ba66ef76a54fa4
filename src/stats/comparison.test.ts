import { describe, expect, it } from 'vitest';
import { createRng } from '../core/index.ts';
import { clusterBootstrap } from './bootstrap.ts';
import { comparePaired, signFlip } from './paired.ts';
import { normalQuantile, normalTail, wilsonInterval } from './wilson.ts';

describe('wilsonInterval', () => {
  it('has the normal quantiles of the tables', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.9995)).toBeCloseTo(3.290526731491926, 10);
    expect(normalQuantile(0.1)).toBeCloseTo(-1.2815515655446004, 12);
    expect(normalTail(5)).toBeCloseTo(2.866515718791939e-7, 18);
  });

  it('matches the interval of 8 in 10 (0.4902, 0.9433) and stays inside [0, 1]', () => {
    const { low, high } = wilsonInterval(8, 10);
    expect(low).toBeCloseTo(0.49016247, 7);
    expect(high).toBeCloseTo(0.94331784, 7);
    expect(wilsonInterval(0, 5).low).toBe(0);
    expect(wilsonInterval(5, 5).high).toBe(1);
    expect(wilsonInterval(0, 0).low).toBeNaN();
  });
});

describe('clusterBootstrap', () => {
  it('gives the same interval for the same stream and covers the truth about as often as it says', () => {
    const values = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const draw = () => clusterBootstrap(values, createRng(4, 'b'), { resamples: 500 });
    expect(draw()).toEqual(draw());
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const rng = createRng(9, i);
      const sample = Array.from({ length: 60 }, () => (rng.chance(0.4) ? 1 : 0));
      const { low, high } = clusterBootstrap(sample, rng.split('b'), { resamples: 300 });
      if (low <= 0.4 && high >= 0.4) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThanOrEqual(1);
  });

  it('widens when values repeat inside clusters, and leaves NaN out', () => {
    const rng = createRng(2);
    const base = Array.from({ length: 30 }, () => rng.uniform());
    const doubled = [...base, ...base];
    const names = doubled.map((_, i) => `p${i % 30}`);
    const alone = clusterBootstrap(doubled, createRng(1), { resamples: 2000 });
    const clustered = clusterBootstrap(doubled, createRng(1), { resamples: 2000, clusters: names });
    expect(clustered.clusters).toBe(30);
    expect(clustered.standardError / alone.standardError).toBeGreaterThan(1.25);
    const some = clusterBootstrap([1, Number.NaN, 0], createRng(1), { resamples: 10 });
    expect(some).toMatchObject({ mean: 0.5, values: 2, omitted: 1 });
    expect(clusterBootstrap([], createRng(1)).mean).toBeNaN();
  });
});

describe('comparePaired', () => {
  it('enumerates all signs for few questions', () => {
    const result = comparePaired([1, 1, 1, 1], [0, 0, 0, 0], createRng(1), { resamples: 100 });
    expect(result).toMatchObject({ difference: 1, pValue: 2 / 16, exact: true, wins: 4, losses: 0, ties: 0 });
  });

  it('rejects about five per cent of true nulls at the five per cent level', () => {
    let rejected = 0;
    for (let i = 0; i < 300; i++) {
      const rng = createRng(31, i);
      const totals = Float64Array.from({ length: 25 }, () => rng.normal());
      if (signFlip(totals, rng.split('p'), 400).pValue <= 0.05) rejected++;
    }
    expect(rejected / 300).toBeGreaterThan(0.015);
    expect(rejected / 300).toBeLessThan(0.095);
  });

  it('finds no difference where there is none and refuses unequal lists', () => {
    const same = comparePaired([1, 0, 1], [1, 0, 1], createRng(1), { resamples: 50 });
    expect(same).toMatchObject({ difference: 0, pValue: 1, ties: 3 });
    expect(() => comparePaired([1], [], createRng(1))).toThrow('1 values against 0');
  });
});
