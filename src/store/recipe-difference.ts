// Which keys of two recipes differ, as dotted paths with both values: what a user needs to see when a run is
// resumed under another recipe.

import { canonicalJson, type Json } from '../core/index.ts';

/** One differing key; undefined stands for a missing one. */
export interface KeyDifference {
  key: string;
  was: Json | undefined;
  now: Json | undefined;
}

/** The innermost keys in which two JSON values differ, in key order. */
export function recipeDifference(was: Json | undefined, now: Json | undefined, key = ''): KeyDifference[] {
  if (isBranch(was) && isBranch(now) && Array.isArray(was) === Array.isArray(now)) {
    const left = new Map(Object.entries(was));
    const right = new Map(Object.entries(now));
    const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
    return keys.flatMap((k) => recipeDifference(left.get(k), right.get(k), key === '' ? k : `${key}.${k}`));
  }
  const same = was !== undefined && now !== undefined && canonicalJson(was) === canonicalJson(now);
  return same || (was === undefined && now === undefined)
    ? []
    : [{ key: key === '' ? '(all)' : key, was, now }];
}

/** `train.steps (was 10, now 20), seed (was 1, now missing)`; at most `limit` keys are written out. */
export function describeDifference(differences: readonly KeyDifference[], limit = 6): string {
  const show = (value: Json | undefined) => {
    if (value === undefined) return 'missing';
    const text = canonicalJson(value);
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
  };
  const shown = differences
    .slice(0, limit)
    .map(({ key, was, now }) => `${key} (was ${show(was)}, now ${show(now)})`);
  const rest = differences.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function isBranch(value: Json | undefined): value is Json[] | { [key: string]: Json } {
  return value !== null && typeof value === 'object';
}
