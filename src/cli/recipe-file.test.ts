import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { TouchstoneError } from '../core/index.ts';
import { loadRecipe, resolveRecipe } from './recipe-file.ts';

const schema = z.strictObject({
  title: z.string(),
  seed: z.int().nonnegative().default(1),
  tasks: z.array(z.strictObject({ task: z.string(), lengths: z.tuple([z.int(), z.int()]) })).min(1),
  train: z
    .strictObject({
      steps: z.int().positive().default(10),
      batchSize: z.int().default(4),
      schedule: z.enum(['constant', 'cosine']).default('cosine'),
    })
    .prefault({}),
  source: z
    .union([z.strictObject({ file: z.string() }), z.strictObject({ url: z.string(), retries: z.int() })])
    .optional(),
});

const GOOD = `# a comment
title: good
tasks:
  - task: a
    lengths: [1, 2]
  - task: b
    lengths: [3, 4]
train:
  steps: 5
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'recipe-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function load(text: string, overrides: string[] = []) {
  writeFileSync(join(dir, 'r.yaml'), text);
  return loadRecipe('r', schema, { overrides, cwd: dir });
}

/** The message of the bad-config error that loading throws. */
function complaint(text: string, overrides: string[] = []): string {
  try {
    load(text, overrides);
  } catch (fault) {
    if (fault instanceof TouchstoneError && fault.code === 'bad-config') return fault.message;
    throw fault;
  }
  throw new Error('nothing was thrown');
}

describe('loadRecipe', () => {
  it('reads, completes and names a recipe', () => {
    const { recipe, name, path, text } = load(GOOD);
    expect(recipe.train).toEqual({ steps: 5, batchSize: 4, schedule: 'cosine' });
    expect([name, path, text]).toEqual(['r', join(dir, 'r.yaml'), GOOD]);
  });

  it('applies overrides in order, typed as YAML', () => {
    const { recipe } = load(GOOD, [
      'train.steps=7',
      'train.steps=8',
      'title="8"',
      'tasks.1.lengths=[5, 6]',
      'source.file=x=y',
    ]);
    expect(recipe.train.steps).toBe(8);
    expect(recipe.title).toBe('8');
    expect(recipe.tasks[1]).toEqual({ task: 'b', lengths: [5, 6] });
    expect(recipe.source).toEqual({ file: 'x=y' });
  });

  it.each([
    [
      'a value of the wrong type',
      'steps: 5',
      'steps: many',
      'r.yaml:9: train.steps is "many", expected a number',
    ],
    ['a fraction', 'steps: 5', 'steps: 1.5', 'r.yaml:9: train.steps is 1.5, expected a whole number'],
    ['a value out of bounds', 'steps: 5', 'steps: 0', 'r.yaml:9: train.steps is 0, expected more than 0'],
    ['a missing key', 'title: good\n', '', 'r.yaml: title is missing, expected a text'],
    [
      'a misspelt key',
      'steps: 5',
      'stepz: 5',
      'r.yaml:9: train.stepz is not a known key: did you mean steps?',
    ],
    [
      'a key far from all known ones',
      'steps: 5',
      'zzzzzzzzzzzzzz: 5',
      'r.yaml:9: train.zzzzzzzzzzzzzz is not a known key: known are steps, batchSize, schedule',
    ],
    [
      'a choice',
      'steps: 5',
      'schedule: linear',
      'r.yaml:9: train.schedule is "linear", expected one of constant, cosine',
    ],
    ['a list entry', '[3, 4]', '[3, x]', 'r.yaml:7: tasks.1.lengths.1 is "x", expected a number'],
    [
      'a key in a list',
      'task: b',
      'tusk: b',
      'r.yaml:6: tasks.1.task is missing, expected a text\n  r.yaml:6: tasks.1.tusk is not a known key: did you mean task?',
    ],
    [
      'a list that is none',
      'train:\n  steps: 5',
      'train: 5',
      'r.yaml:8: train is 5, expected a mapping of keys to values',
    ],
  ])('names key, value, place and remedy: %s', (_, from, to, message) => {
    expect(complaint(GOOD.replace(from, to))).toBe(message);
  });

  it('finds the branch of a union that came nearest', () => {
    expect(complaint(`${GOOD}source: { url: x, retries: often }\n`)).toBe(
      'r.yaml:10: source.retries is "often", expected a number',
    );
  });

  it('blames the --set where that is at fault', () => {
    expect(complaint(GOOD, ['train.steps=many'])).toBe(
      '--set train.steps=many: train.steps is "many", expected a number',
    );
    expect(complaint(GOOD, ['train={steps: x}'])).toContain('--set train={steps: x}: train.steps is "x"');
    expect(complaint(GOOD, ['title.sub=1'])).toBe('--set title.sub=1: "good" has no key sub');
    expect(complaint(GOOD, ['tasks.9=1'])).toBe('--set tasks.9=1: 9 is not a place in a list');
    expect(complaint(GOOD, ['nothing'])).toBe('--set nothing is not of the form key=value');
    expect(complaint(GOOD, ['__proto__.x=1'])).toContain('is not of the form');
    expect(complaint(GOOD, ['title={a'])).toContain('--set title={a: the value is not YAML');
  });

  it('gives line and column of broken YAML', () => {
    expect(complaint('title: a\ntitle: b\n')).toBe('r.yaml:2:1: Map keys must be unique');
    expect(complaint('title: "a\ntasks: [1\n')).toMatch(/^r\.yaml:\d+:\d+: /);
    expect(complaint('')).toBe('r.yaml: the whole is null, expected a mapping of keys to values');
  });
});

describe('resolveRecipe', () => {
  it('finds files with and without ending, and built-in recipes from anywhere', () => {
    writeFileSync(join(dir, 'mine.yml'), GOOD);
    expect(resolveRecipe('mine', dir)).toBe(join(dir, 'mine.yml'));
    expect(resolveRecipe(join(dir, 'mine.yml'), '/')).toBe(join(dir, 'mine.yml'));
    expect(resolveRecipe('quickstart', dir)).toBe(resolveRecipe('recipes/quickstart', dir));
    expect(() => resolveRecipe('none', dir)).toThrow(
      expect.objectContaining({ code: 'not-found', hint: expect.stringContaining('recipes/quickstart') }),
    );
  });
});
