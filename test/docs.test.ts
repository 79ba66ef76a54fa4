// The reference pages say what the code does: every error code, every recipe field with its true default.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { recipeSchema } from '../src/recipes/schema.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** First and second cell of the rows `| \`name\` | \`value\` | … |`; cells without backquotes as they are. */
function rows(markdown: string): [string, string][] {
  return [...markdown.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm)].map(([, name, value]) => [
    name as string,
    (value as string).replaceAll('`', ''),
  ]);
}

describe('docs/errors.md', () => {
  it('explains every code, and none that does not exist', () => {
    const declared = read('src/core/errors.ts').match(/type ErrorCode =([^;]*);/)?.[1] ?? '';
    const codes = [...declared.matchAll(/'([^']+)'/g)].map((match) => match[1]);
    const documented = rows(read('docs/errors.md')).map(([name]) => name);
    expect(documented).toEqual(codes);
  });
});

describe('docs/recipes.md', () => {
  it('names every field with its default', () => {
    const range: [number, number] = [1, 2];
    const task = { task: 'tail.addition', warmUp: range, train: range, evaluate: range };
    const recipe = recipeSchema.parse({ title: 'defaults', tasks: [task] });
    const expected = new Map<string, unknown>([
      ...Object.keys(task).map((key) => [key, 'required'] as const),
    ]);
    for (const [key, value] of Object.entries(recipe)) {
      if (key === 'title' || key === 'tasks') expected.set(key, 'required');
      else if (value === null || typeof value !== 'object') expected.set(key, value);
      else for (const [field, inner] of Object.entries(value)) expected.set(`${key}.${field}`, inner);
    }
    // One table stands for both places where sampling is configured.
    expect(recipe.reinforce.sampling).toEqual(recipe.evaluation.sampling);
    for (const [field, value] of Object.entries(recipe.reinforce.sampling))
      expected.set(`sampling.${field}`, value);
    expected.delete('reinforce.sampling');
    expected.delete('evaluation.sampling');
    const documented = new Map(rows(read('docs/recipes.md')).map(([name, value]) => [name, parse(value)]));
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(expected));
  });
});
