// Stable identities: canonical JSON and a 128-bit content hash that is the same in Node and in a browser.
// For naming and deduplication only, not for security.

import type { Json } from './item.ts';
import { createRng } from './rng.ts';

/** JSON with object keys sorted by code unit, so that equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** 104 bits of hash of a text, as 26 hexadecimal digits. */
export function contentHash(text: string): string {
  const stream = createRng('content-hash', text);
  let out = '';
  for (let i = 0; i < 2; i++) {
    const bits = stream.at(i);
    const high = Math.floor(bits * 67108864);
    const low = Math.floor((bits * 67108864 - high) * 67108864);
    out += high.toString(16).padStart(7, '0').slice(-6) + low.toString(16).padStart(7, '0');
  }
  return out;
}
