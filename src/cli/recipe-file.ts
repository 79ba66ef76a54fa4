// Recipes from YAML files: found by path or by the name of a built-in one, overridden by --set, checked against a
// schema. Every complaint names the file and line, or the --set, that it is about.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type * as z from 'zod';
import { type Json, TouchstoneError } from '../core/index.ts';
import { shownPath } from './locate-run.ts';
import { PACKAGE_ROOT } from './package-root.ts';
import { applyOverride, type Override, parseOverride } from './recipe-overrides.ts';
import { describeIssues } from './schema-text.ts';

/** A recipe that passed its schema. */
export interface LoadedRecipe<T> {
  recipe: T;
  path: string;
  /** The file name without its ending. */
  name: string;
  /** The file as written, without overrides. */
  text: string;
}

export interface LoadRecipeOptions {
  /** `key=value` each, applied in order. */
  overrides?: readonly string[];
  cwd?: string;
}

const ENDINGS = ['', '.yaml', '.yml'];

/**
 * Reads a recipe.
 *
 * @example
 * const { recipe } = loadRecipe('recipes/quickstart', recipeSchema, { overrides: ['reinforce.steps=20'] });
 */
export function loadRecipe<S extends z.ZodType>(
  reference: string,
  schema: S,
  options: LoadRecipeOptions = {},
): LoadedRecipe<z.output<S>> {
  const cwd = options.cwd ?? process.cwd();
  const overrides = (options.overrides ?? []).map(parseOverride);
  const path = resolveRecipe(reference, cwd);
  const shown = shownPath(path, cwd);
  const text = readFileSync(path, 'utf8');
  const { document, lines } = parseYaml(text, shown);
  const value = overrides.reduce(applyOverride, document.toJS() as Json);
  const result = schema.safeParse(value);
  if (!result.success) {
    const problems = describeIssues(result.error.issues, schema, value).map(
      ({ path: at, text: problem }) => `${sourceOf(at, overrides, document, lines, shown)}: ${problem}`,
    );
    throw new TouchstoneError('bad-config', [...new Set(problems)].join('\n  '), {
      hint: 'touchstone run quickstart --dry-run shows every key with its value',
    });
  }
  return { recipe: result.data, path, name: basename(path).replace(/\.ya?ml$/, ''), text };
}

/** The file a reference means: a path as given, or a built-in recipe by name; endings may be left out. */
export function resolveRecipe(reference: string, cwd: string): string {
  const candidates = [
    resolve(cwd, reference),
    ...(isAbsolute(reference)
      ? []
      : [join(PACKAGE_ROOT, reference), join(PACKAGE_ROOT, 'recipes', reference)]),
  ];
  for (const candidate of candidates) {
    for (const ending of ENDINGS) {
      const path = candidate + ending;
      if (existsSync(path) && statSync(path).isFile()) return path;
    }
  }
  throw new TouchstoneError('not-found', `no recipe ${reference}`, {
    hint: `give a YAML file, or a built-in recipe: ${builtInRecipes().join(', ') || 'none is installed'}`,
  });
}

function builtInRecipes(): string[] {
  const dir = join(PACKAGE_ROOT, 'recipes');
  if (!existsSync(dir)) return [];
  const names = readdirSync(dir).filter((name) => /\.ya?ml$/.test(name));
  return names.map((name) => `recipes/${name.replace(/\.ya?ml$/, '')}`).sort();
}

function parseYaml(text: string, shown: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new TouchstoneError('bad-config', `${shown}:${line}:${col}: ${fault.message}`, {
      cause: fault,
      hint: 'recipes are YAML; check quotes, colons and indentation at this place',
    });
  }
  return { document, lines };
}

/** Where a path of the recipe was written: `--set …`, or file and line of the innermost key that is there. */
function sourceOf(
  path: readonly (string | number)[],
  overrides: readonly Override[],
  document: Document,
  lines: LineCounter,
  shown: string,
): string {
  const override = overrides.findLast(({ path: set }) =>
    set.every((part, i) => i >= path.length || part === String(path[i])),
  );
  if (override !== undefined && override.path.length <= path.length) return `--set ${override.text}`;
  let offset: number | undefined;
  let at: unknown = document.contents;
  for (const part of path) {
    const next = descend(at, part);
    if (next === undefined) break;
    offset = next.offset ?? offset;
    at = next.node;
  }
  return offset === undefined ? shown : `${shown}:${lines.linePos(offset).line}`;
}

function descend(
  node: unknown,
  part: string | number,
): { node: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
    return pair === undefined ? undefined : { node: pair.value, offset: (pair.key as Node).range?.[0] };
  }
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return item === undefined ? undefined : { node: item, offset: (item as Node).range?.[0] };
  }
  return undefined;
}
