// tr.ca: cellular automata. Elementary rules on a ring of cells, Conway's Life with dead borders, Life on a torus;
// the answer is the grid after k steps. The oracle counts neighbours cell by cell; the second solver spreads from
// the live cells (Life) or computes all cells at once on bit strings (elementary).

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { parseGrid } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef } from '../task.ts';

type World = { rows: string[]; rule: number; steps: number };

type Variant = 'elementary' | 'life' | 'life-torus';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { size: 4, width: 11, steps: 1 } },
  { name: 'easy', knobs: { size: 5, width: 13, steps: 2 } },
  { name: 'medium', knobs: { size: 7, width: 19, steps: 3 } },
  { name: 'hard', knobs: { size: 9, width: 25, steps: 4 } },
  { name: 'extreme', knobs: { size: 12, width: 33, steps: 6 } },
];

/** Elementary rules with neither trivial nor constant behaviour. */
const RULES = [
  18, 22, 26, 30, 41, 45, 54, 57, 60, 62, 73, 86, 89, 90, 101, 102, 105, 106, 110, 122, 124, 126, 135, 150,
];

const TEMPLATES: Templates = {
  en: [
    '{law}\n\nStart:\n{grid}\n\nShow the state after {steps} step(s). Use # and . as above, one line per row.',
    'Simulate {steps} step(s) of this automaton.\n\n{law}\n\n{grid}\n\nWrite the resulting state with # for live and . for dead cells, one line per row.',
    'State (# live, . dead):\n{grid}\n\n{law}\n\nWhat does it look like after {steps} step(s)? Same notation, one line per row.',
  ],
};

const LIFE =
  "Conway's Life: a live cell (#) with two or three live neighbours among the eight around it stays alive, a dead cell (.) with exactly three becomes alive, every other cell is dead. All cells change at once.";

function law(variant: Variant, rule: number): string {
  if (variant === 'life') return `${LIFE} Cells outside the grid are dead.`;
  if (variant === 'life-torus') return `${LIFE} The grid wraps around at all four borders.`;
  const table = [7, 6, 5, 4, 3, 2, 1, 0].map(
    (code) =>
      `${[4, 2, 1].map((bit) => (code & bit ? '#' : '.')).join('')} -> ${rule & (1 << code) ? '#' : '.'}`,
  );
  return `A row of cells on a ring (the last cell is the left neighbour of the first). The new cell depends on left neighbour, cell and right neighbour:\n${table.join('\n')}\nAll cells change at once.`;
}

function step(variant: Variant, rows: readonly string[], rule: number): string[] {
  const height = rows.length;
  const width = rows[0].length;
  const live = (r: number, c: number): number => {
    if (variant === 'life' && (r < 0 || c < 0 || r >= height || c >= width)) return 0;
    return rows[(r + height) % height][(c + width) % width] === '#' ? 1 : 0;
  };
  return rows.map((row, r) =>
    [...row]
      .map((_, c) => {
        if (variant === 'elementary') {
          return (rule >> (4 * live(r, c - 1) + 2 * live(r, c) + live(r, c + 1))) & 1 ? '#' : '.';
        }
        let around = -live(r, c);
        for (let dr = -1; dr <= 1; dr++) for (let dc = -1; dc <= 1; dc++) around += live(r + dr, c + dc);
        return around === 3 || (around === 2 && live(r, c) === 1) ? '#' : '.';
      })
      .join(''),
  );
}

function run(variant: Variant, world: World): string[] {
  let rows = world.rows;
  for (let i = 0; i < world.steps; i++) rows = step(variant, rows, world.rule);
  return rows;
}

/** Life from the live cells outward; elementary rules by shifting whole bit strings. */
function bySpreading(variant: Variant, { rows, rule, steps }: World): string[] {
  const height = rows.length;
  const width = rows[0].length;
  if (variant === 'elementary') {
    const full = (1n << BigInt(width)) - 1n;
    let bits = BigInt(`0b${rows[0].replaceAll('#', '1').replaceAll('.', '0')}`);
    for (let i = 0; i < steps; i++) {
      const left = (bits >> 1n) | ((bits & 1n) << BigInt(width - 1));
      const right = ((bits << 1n) & full) | (bits >> BigInt(width - 1));
      let next = 0n;
      for (let code = 0; code < 8; code++) {
        if (!(rule & (1 << code))) continue;
        next |=
          (code & 4 ? left : ~left & full) &
          (code & 2 ? bits : ~bits & full) &
          (code & 1 ? right : ~right & full);
      }
      bits = next;
    }
    return [bits.toString(2).padStart(width, '0').replaceAll('1', '#').replaceAll('0', '.')];
  }
  let alive = new Set<number>();
  [...rows.join('')].forEach((cell, at) => {
    if (cell === '#') alive.add(at);
  });
  for (let i = 0; i < steps; i++) {
    const count = new Map<number, number>();
    for (const cell of alive) {
      for (let k = 0; k < 9; k++) {
        let r = Math.floor(cell / width) + Math.floor(k / 3) - 1;
        let c = (cell % width) + (k % 3) - 1;
        if (variant === 'life-torus') [r, c] = [(r + height) % height, (c + width) % width];
        if (k !== 4 && r >= 0 && c >= 0 && r < height && c < width) {
          count.set(r * width + c, (count.get(r * width + c) ?? 0) + 1);
        }
      }
    }
    alive = new Set(
      [...count].filter(([cell, n]) => n === 3 || (n === 2 && alive.has(cell))).map(([cell]) => cell),
    );
  }
  return rows.map((row, r) => [...row].map((_, c) => (alive.has(r * width + c) ? '#' : '.')).join(''));
}

function draw(variant: Variant, rng: Rng, level: number): World | null {
  const line = variant === 'elementary';
  const width = knob(LEVELS, level, line ? 'width' : 'size');
  const row = () => Array.from({ length: width }, () => (rng.chance(0.42) ? '#' : '.')).join('');
  const rows = Array.from({ length: line ? 1 : width }, row);
  const world = { rows, rule: line ? rng.pick(RULES) : 0, steps: knob(LEVELS, level, 'steps') };
  const end = run(variant, world).join('\n');
  const live = [...end].filter((cell) => cell === '#').length;
  return end === rows.join('\n') || live < 3 || live > 0.9 * width * rows.length ? null : world;
}

function task(variant: Variant): TaskDef<World> {
  return {
    id: `tr.ca/${variant}`,
    version: 1,
    group: 'grids',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.05,
    capacity: [12, 16, 20, 28, 36],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) => retry(rng, 200, (attempt) => draw(variant, attempt, level)),
    prompt: (world, template, language) =>
      compose(TEMPLATES, template, language, {
        law: law(variant, world.rule),
        grid: world.rows.join('\n'),
        steps: `${world.steps}`,
      }),
    oracle: (world) => run(variant, world).join('\n'),
    check: (world, answer) => {
      const grid = parseGrid(answer, '#.', world.rows.length, world.rows[0].length);
      return compareForms(grid?.join('\n') ?? null, run(variant, world).join('\n'), 'a grid of # and .');
    },
    difficulty: ({ rows, steps }) => rows.length * rows[0].length * steps,
    attacks: ({ rows }) => [
      rows.join('\n'),
      rows.map((row) => '.'.repeat(row.length)).join('\n'),
      rows.map((row) => '#'.repeat(row.length)).join('\n'),
      rows.join(''),
    ],
    secondSolver: (world) => bySpreading(variant, world).join('\n'),
  };
}

/** Cellular automata after a few steps. */
export const tasks: readonly TaskDef[] = (['elementary', 'life', 'life-torus'] as const).map(task);
