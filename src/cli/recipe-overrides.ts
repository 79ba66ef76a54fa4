// `--set key=value`: one value of a recipe, its key a dotted path, its value read as YAML, so that `3` is a
// number, `true` a truth value and `[1, 2]` a list.

import { parse } from 'yaml';
import { type Json, TouchstoneError } from '../core/index.ts';

/** One override as given. */
export interface Override {
  path: string[];
  value: Json;
  /** The words the user wrote. */
  text: string;
}

/** Reads `key=value`. */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).split('.');
  if (equals < 1 || path.some((part) => part === '' || part === '__proto__')) {
    throw new TouchstoneError('bad-config', `--set ${text} is not of the form key=value`, {
      hint: 'write for example --set reinforce.steps=20',
    });
  }
  try {
    return { path, value: parse(text.slice(equals + 1)) as Json, text };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new TouchstoneError('bad-config', `--set ${text}: the value is not YAML: ${reason}`, {
      cause,
      hint: 'quote a text that contains special characters',
    });
  }
}

/** A copy of a recipe with an override in place; missing mappings on the way are made. */
export function applyOverride(recipe: Json, { path, value, text }: Override): Json {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(recipe)) {
    const index = Number(head);
    if (!Number.isInteger(index) || index < 0 || index > recipe.length) {
      throw new TouchstoneError('bad-config', `--set ${text}: ${head} is not a place in a list`, {
        hint: `use a number from 0 to ${recipe.length}`,
      });
    }
    const copy = recipe.slice();
    copy[index] = applyOverride(recipe[index] ?? null, { path: rest, value, text });
    return copy;
  }
  if (recipe !== null && typeof recipe !== 'object') {
    throw new TouchstoneError('bad-config', `--set ${text}: ${JSON.stringify(recipe)} has no key ${head}`, {
      hint: 'set the key above it as a whole',
    });
  }
  const held = recipe ?? {};
  return {
    ...held,
    [head]: applyOverride(Object.hasOwn(held, head) ? (held[head] as Json) : null, {
      path: rest,
      value,
      text,
    }),
  };
}
