// Zod issues as sentences: which key, what its value is, what was expected, and for an unknown key the nearest
// known one. Knows nothing of recipes.

import type * as z from 'zod';
import type { Json } from '../core/index.ts';
import { nearestNames } from '../environments/registry.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** One problem of a value: the path it is at and a sentence. */
export interface SchemaProblem {
  path: (string | number)[];
  text: string;
}

/** The problems of a value that a schema refused, in the order found. */
export function describeIssues(issues: readonly Issue[], schema: Schema, value: Json): SchemaProblem[] {
  return issues.flatMap((issue) => describeIssue(issue, schema, value));
}

/** `tasks.0.warmUp`, or `the recipe` for the whole. */
export function pathText(path: Path): string {
  return path.length === 0 ? 'the whole' : path.map(String).join('.');
}

function describeIssue(issue: Issue, schema: Schema, value: Json): SchemaProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      const near = nearestNames(
        key,
        known.filter((each) => each !== key), // another branch of a union may know it
      )[0];
      const advice =
        near !== undefined
          ? `did you mean ${near}?`
          : known.length > 0
            ? `known are ${known.join(', ')}`
            : 'it has no keys';
      return { path: [...path, key], text: `${pathText([...path, key])} is not a known key: ${advice}` };
    });
  }
  if (issue.code === 'invalid_union') {
    const [nearest] = issue.errors.filter(isInside).toSorted((a, b) => faults(a) - faults(b));
    if (nearest !== undefined) {
      const nested = nearest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue);
      return describeIssues(nested, schema, value);
    }
  }
  const found = valueAt(value, path);
  const state = found === undefined ? 'is missing' : `is ${brief(found)}`;
  return [{ path, text: `${pathText(path)} ${state}, expected ${expectation(issue)}` }];
}

/** Whether a branch of a union accepted the kind of value and refused something in it. */
function isInside(issues: readonly Issue[]): boolean {
  return issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');
}

function faults(issues: readonly Issue[]): number {
  return issues.reduce((n, issue) => n + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  null: 'null',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? brief(issue.values[0] as Json)
        : `one of ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array' || origin === 'set' || origin === 'tuple') return `${relation} ${limit} entries`;
  if (origin === 'string') return `${relation} ${limit} characters`;
  return `${relation} ${limit}`;
}

function brief(value: Json): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function valueAt(value: Json, path: Path): Json | undefined {
  let at: Json | undefined = value;
  for (const part of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, Json>)[part];
  }
  return at;
}

/** The keys an object schema knows at a path; empty where there is no object. */
function knownKeys(schema: Schema, path: Path): string[] {
  let at: Schema[] = unwrap(schema);
  for (const part of path) at = at.flatMap((each) => childrenOf(each, part)).flatMap(unwrap);
  return at.flatMap((each) => {
    const def = (each as z.core.$ZodTypes)._zod.def;
    return def.type === 'object' ? Object.keys(def.shape) : [];
  });
}

function childrenOf(schema: Schema, part: PropertyKey): Schema[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'object':
      return def.shape[String(part)] === undefined ? [] : [def.shape[String(part)]];
    case 'array':
      return [def.element];
    case 'tuple':
      return def.items[Number(part)] === undefined ? [] : [def.items[Number(part)]];
    case 'record':
      return [def.valueType];
    default:
      return [];
  }
}

/** The schemas a value may meet once defaults, optionality and unions are taken off. */
function unwrap(schema: Schema): Schema[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return unwrap(def.innerType);
    case 'pipe':
      return unwrap(def.in);
    case 'lazy':
      return unwrap(def.getter());
    case 'union':
      return def.options.flatMap(unwrap);
    default:
      return [schema];
  }
}
