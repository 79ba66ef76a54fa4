// The public surface: what each entry of the package exports, name by name. A change of the snapshot is a change
// that users see and belongs in CHANGELOG.md.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const ROOT = resolve(import.meta.dirname, '..');

const entrySchema = z.strictObject({
  'touchstone-source': z.string(),
  types: z.string(),
  import: z.string(),
});
const packageSchema = z.looseObject({
  exports: z.record(z.string(), z.union([z.string(), entrySchema])),
});

const { exports } = packageSchema.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
const entries = Object.entries(exports).flatMap(([name, entry]) =>
  typeof entry === 'string' ? [] : [{ name, entry }],
);

describe('package exports', () => {
  it.each(entries)('$name is the source, its types and its compiled form', ({ entry }) => {
    const source = entry['touchstone-source'];
    expect(existsSync(join(ROOT, source)), source).toBe(true);
    const compiled = source.replace('./src/', './dist/');
    expect(entry.import).toBe(compiled.replace(/\.ts$/, '.js'));
    expect(entry.types).toBe(compiled.replace(/\.ts$/, '.d.ts'));
  });

  it.each(entries)('$name exports these names', async ({ entry }) => {
    const module: object = await import(join(ROOT, entry['touchstone-source']));
    const names = Object.keys(module).sort();
    expect(names.join('\n')).toMatchSnapshot();
  });

  it.each(entries)('$name holds nothing but re-exports', ({ name, entry }) => {
    // The table of methods stands in its own index; no entry defines anything itself.
    const text = readFileSync(join(ROOT, entry['touchstone-source']), 'utf8');
    const definitions = text.match(/^export (?:const|function|class|default|\*).*$/gm) ?? [];
    expect(definitions, name).toEqual([]);
  });
});
