// The shape of the house, read from the sources: which directory imports which (the table is the one in
// ARCHITECTURE.md), where Node and the clock may be touched, and how long a file may be.

import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** Directories that also run in a browser. `verify` counts as soon as it exists. */
const BROWSER = ['core', 'stats', 'answers', 'verify', 'environments', 'synthesize'];

/** The edges of the program: only here may the time be read. Everything else is given a clock. */
const CLOCK_EDGES = [
  'cli/',
  'store/run-lock.ts',
  'store/run-store.ts',
  'recipes/run-recipe.ts',
  // The age of left-over staging directories.
  'engine/checkpoint/atomic-write.ts',
];

/** Names of temporary files must differ between processes; no result depends on them. */
const CHANCE_EDGES = ['engine/checkpoint/atomic-write.ts'];

/** Lines of a file at most; a longer one holds more than one idea. */
const LONGEST = 500;

interface Source {
  /** Path below src, with forward slashes. */
  path: string;
  text: string;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(directory, name))
    .sort();
}

const sources: Source[] = filesBelow(SRC)
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({
    path: relative(SRC, path).replaceAll('\\', '/'),
    text: withoutComments(readFileSync(path, 'utf8')),
  }));

/** Comments become blanks. Good enough for our sources: no string there holds a comment's opening. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Every module that a file names: import, export from, import(), new URL(…, import.meta.url). */
function specifiersOf(text: string): string[] {
  const patterns = [
    /\b(?:import|export)\s[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] as string));
}

/** The rows `| \`core/\` | … | nothing |` of ARCHITECTURE.md. */
function importTable(): Map<string, Set<string>> {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z]+)\/` \|[^|]*\| ([^|]*) \|$/gm)];
  return new Map(
    rows.map(([, name, allowed]) => [
      name as string,
      new Set(allowed === 'nothing' ? [] : (allowed as string).split(', ')),
    ]),
  );
}

const areaOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] as string) : '');

describe('direction of imports', () => {
  const table = importTable();

  it('has a row for every directory of src', () => {
    const directories = new Set(sources.map(({ path }) => areaOf(path)).filter((name) => name !== ''));
    expect([...table.keys()].sort()).toEqual([...directories].sort());
  });

  it('has no arrow that runs back', () => {
    const names = [...table.keys()];
    for (const [name, allowed] of table) {
      for (const other of allowed) {
        expect(names.indexOf(other), `${name} may import ${other}, which stands below it`).toBeLessThan(
          names.indexOf(name),
        );
      }
    }
    const wrong: string[] = [];
    let arrows = 0;
    for (const { path, text } of sources) {
      const from = areaOf(path);
      if (from === '') continue;
      for (const specifier of specifiersOf(text)) {
        if (!specifier.startsWith('.')) continue;
        const target = relative(SRC, resolve(SRC, dirname(path), specifier)).replaceAll('\\', '/');
        const to = areaOf(target);
        if (to === from) continue;
        arrows++;
        if (table.get(from)?.has(to) !== true) wrong.push(`src/${path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(arrows).toBeGreaterThan(100);
  });

  it('reads every form of import', () => {
    const text = `import a from './a.ts';
      import { b,
        type C } from "./b.ts";
      import type { D } from './d.ts';
      import './e.ts';
      export { f } from './f.ts';
      const g = await import('./g.ts');`;
    expect(specifiersOf(text).sort()).toEqual(['a', 'b', 'd', 'e', 'f', 'g'].map((name) => `./${name}.ts`));
  });
});

describe('edges', () => {
  const browser = sources.filter(({ path }) => BROWSER.includes(areaOf(path)));

  it('keeps Node out of what runs in a browser', () => {
    const wrong = browser.flatMap(({ path, text }) => {
      const modules = specifiersOf(text).filter(
        (specifier) => specifier.startsWith('node:') || builtinModules.includes(specifier),
      );
      const globals = text.match(/\b(?:process\.|Buffer\b|__dirname\b|require\()/g) ?? [];
      return [...modules, ...globals].map((found) => `src/${path}: ${found}`);
    });
    expect(wrong).toEqual([]);
  });

  it('draws no randomness besides core/rng.ts', () => {
    const chance = /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/;
    const wrong = sources.filter(({ path, text }) => chance.test(text) && !CHANCE_EDGES.includes(path));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('reads the time at the edges only', () => {
    const clocks = /\bDate\.now\b|\bperformance\.now\b|\bnew Date\(\)|\bhrtime\b/;
    const wrong = sources.filter(
      ({ path, text }) => clocks.test(text) && !CLOCK_EDGES.some((edge) => path.startsWith(edge)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('files', () => {
  it(`have at most ${LONGEST} lines`, () => {
    const directories = ['src', 'test', 'bench', 'examples'];
    const long = directories
      .flatMap((name) => filesBelow(join(ROOT, name)))
      .map((path) => ({
        path: relative(ROOT, path),
        lines: readFileSync(path, 'utf8').split('\n').length - 1,
      }))
      .filter(({ lines }) => lines > LONGEST);
    expect(long).toEqual([]);
  });
});
