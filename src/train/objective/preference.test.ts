import { describe, expect, it } from 'vitest';
import { createRng } from '../../core/index.ts';
import { ktoLoss, preferenceLoss, preferenceSchema } from './preference.ts';

describe('preference losses', () => {
  const losses = ['dpo', 'cdpo', 'robust', 'hinge', 'ipo-sum', 'ipo-mean', 'simpo', 'orpo'] as const;

  it.each(losses)('%s has the finite difference as derivative', (loss) => {
    const config = preferenceSchema.parse({ loss, beta: 0.7 });
    const rng = createRng(5, loss);
    for (let trial = 0; trial < 20; trial++) {
      const w = -1 - 10 * rng.uniform();
      const l = -1 - 10 * rng.uniform();
      const at = (chosen: number, rejected: number) =>
        preferenceLoss(config, {
          chosen: { logProb: chosen, reference: -5, tokens: 4 },
          rejected: { logProb: rejected, reference: -4, tokens: 7 },
        });
      const got = at(w, l);
      expect((at(w + 1e-6, l).loss - at(w - 1e-6, l).loss) / 2e-6).toBeCloseTo(got.chosen, 6);
      expect((at(w, l + 1e-6).loss - at(w, l - 1e-6).loss) / 2e-6).toBeCloseTo(got.rejected, 6);
    }
  });

  it('kto too, and dpo is ln 2 at the reference', () => {
    for (const desirable of [true, false]) {
      const at = (logProb: number) => ktoLoss({ logProb, reference: -5, desirable }, { beta: 0.4, z0: 0.3 });
      expect((at(-4 + 1e-6).loss - at(-4 - 1e-6).loss) / 2e-6).toBeCloseTo(at(-4).coefficient, 7);
    }
    const side = { logProb: -3, reference: -3, tokens: 2 };
    expect(preferenceLoss(preferenceSchema.parse({}), { chosen: side, rejected: side }).loss).toBeCloseTo(
      Math.LN2,
      15,
    );
    expect(() =>
      preferenceLoss(preferenceSchema.parse({}), { chosen: { logProb: -1, tokens: 1 }, rejected: side }),
    ).toThrow('needs reference');
  });
});
