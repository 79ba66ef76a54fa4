import { describe, expect, it } from 'vitest';
import { createRng } from '../core/index.ts';
import { checkRecipe } from './check-recipe.ts';
import { drawPrompts } from './reinforce.ts';
import { recipeSchema } from './schema.ts';
import { createTaskSource } from './task-source.ts';

const compare = { task: 'tail.compare', warmUp: [1, 2], train: [1, 2], evaluate: [1, 2] };

function check(fields: object): void {
  const recipe = recipeSchema.parse({ title: 'T', tasks: [compare], addressSpace: 8, ...fields });
  checkRecipe(recipe, createTaskSource(recipe));
}

describe('checkRecipe', () => {
  it('takes the defaults', () => {
    expect(() => check({})).not.toThrow();
  });

  it.each([
    ['k beyond the samples', { evaluation: { k: 8, samples: 4 } }, 'evaluation.k is 8'],
    ['greedy rollouts', { reinforce: { sampling: { temperature: 0 } } }, 'temperature is 0'],
    ['a policy that never thaws', { reinforce: { steps: 5, config: { freezeSteps: 5 } } }, 'still frozen'],
    ['a task named twice', { tasks: [compare, { ...compare, train: [2, 3] }] }, 'names tail.compare twice'],
    ['a model without room for the prompt', { model: { maxPositions: 4 } }, 'the model has 4'],
    ['heads that cannot be shared', { model: { heads: 4, kvHeads: 3 } }, '4 heads cannot share 3'],
  ])('refuses %s', (_, fields, told) => {
    expect(() => check(fields)).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringContaining(told) }),
    );
  });

  it('takes a policy that thaws for the last step', () => {
    expect(() => check({ reinforce: { steps: 5, config: { freezeSteps: 4 } } })).not.toThrow();
  });
});

describe('drawPrompts', () => {
  const pool = [...new Array<number>(6).fill(0), 1, 1, 2, 3, 4];

  it('gives as many different prompts as wanted, or all there are', () => {
    for (let step = 0; step < 50; step++) {
      const drawn = drawPrompts(createRng('draw', step), pool, 3);
      expect(new Set(drawn).size).toBe(3);
    }
    expect(drawPrompts(createRng('draw'), pool, 9).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('draws repeated prompts more often', () => {
    const firsts = Array.from(
      { length: 2000 },
      (_, step) => drawPrompts(createRng('share', step), pool, 1)[0],
    );
    expect(firsts.filter((first) => first === 0).length / 2000).toBeCloseTo(6 / 11, 1);
  });
});
