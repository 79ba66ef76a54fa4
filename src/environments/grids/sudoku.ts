// pz.sudoku: complete a Sudoku of size 4, 6 or 9. Variants add diagonals that hold every digit once, or cells
// marked even or odd. Clues are taken away while the solution stays unique (counted to 2 by backtracking); the
// second solver is exact cover. Killer, jigsaw, thermo and the other rule variants are left out.

import type { Rng } from '../../core/index.ts';
import { type AllDifferent, solveAllDifferent } from '../kits/all-different.ts';
import { exactCovers } from '../kits/exact-cover.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { parseGrid } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef, verifierFault } from '../task.ts';

type Grid = {
  size: number;
  boxRows: number;
  boxColumns: number;
  diagonals: boolean;
  /** Digits, `.` for empty. */
  rows: string[];
  /** `e` even, `o` odd, `.` free; empty list when unused. */
  marks: string[];
};

type Variant = 'classic' | 'diagonal' | 'even-odd';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { boxRows: 2, boxColumns: 2, clues: 9 } },
  { name: 'easy', knobs: { boxRows: 2, boxColumns: 2, clues: 6 } },
  { name: 'medium', knobs: { boxRows: 2, boxColumns: 3, clues: 18 } },
  { name: 'hard', knobs: { boxRows: 2, boxColumns: 3, clues: 12 } },
  { name: 'extreme', knobs: { boxRows: 3, boxColumns: 3, clues: 34 } },
];

const TEMPLATES: Templates = {
  en: [
    'Complete this {size}×{size} Sudoku. Every row, every column and every box of {box} holds the digits 1 to {size} once.{extra} A dot is an empty cell.\n\n{grid}{pattern}\n\nAnswer with the full grid: {size} lines of {size} digits, no spaces.',
    'Sudoku, {size} by {size}, boxes of {box}. Rows, columns and boxes contain each of 1 to {size} exactly once.{extra}\n\n{grid}{pattern}\n\nDots are to be filled in. Write the solved grid as {size} lines of {size} digits.',
    '{grid}{pattern}\n\nReplace the dots so that each row, column and box of {box} has all digits from 1 to {size}.{extra} The solution is unique. Give all {size} rows, one a line, digits only.',
  ],
  zh: [
    '完成这个 {size}×{size} 数独：每行、每列、每个 {box} 宫内，1 到 {size} 各出现一次。{extra}点表示空格。\n\n{grid}{pattern}\n\n请写出完整的盘面：{size} 行，每行 {size} 个数字，不加空格。',
    '{size}×{size} 数独，宫为 {box}。每行、每列、每宫恰好包含 1 到 {size} 各一次。{extra}\n\n{grid}{pattern}\n\n点是待填的格子。请用 {size} 行、每行 {size} 个数字写出答案。',
    '{grid}{pattern}\n\n把点换成数字，使每行、每列、每个 {box} 宫都含有 1 到 {size}。{extra}解是唯一的。请逐行写出全部 {size} 行，只写数字。',
  ],
};

const DIAGONALS = {
  en: ' Both long diagonals hold every digit once, too.',
  zh: '两条主对角线上也各含每个数字一次。',
} as const;

const PATTERN = {
  en: '\n\nParity pattern for the same cells (at an e the digit is even, at an o odd, at a dot either):\n\n',
  zh: '\n\n同一盘面的奇偶图案（e 处为偶数，o 处为奇数，点处不限）：\n\n',
} as const;

function groupsOf({ size, boxRows, boxColumns, diagonals }: Omit<Grid, 'rows' | 'marks'>): number[][] {
  const lines = Array.from({ length: size }, (_, i) => i);
  const boxOf = (cell: number) =>
    Math.floor(Math.floor(cell / size) / boxRows) * boxRows + Math.floor((cell % size) / boxColumns);
  const cells = Array.from({ length: size * size }, (_, i) => i);
  return [
    ...lines.map((r) => lines.map((c) => r * size + c)),
    ...lines.map((c) => lines.map((r) => r * size + c)),
    ...lines.map((box) => cells.filter((cell) => boxOf(cell) === box)),
    ...(diagonals ? [lines.map((i) => i * size + i), lines.map((i) => i * size + size - 1 - i)] : []),
  ];
}

/** Digits a cell may take, from its clue and mark. */
function allowedDigits(grid: Grid, cell: number): number[] {
  const clue = grid.rows[Math.floor(cell / grid.size)][cell % grid.size];
  const mark = grid.marks[Math.floor(cell / grid.size)]?.[cell % grid.size] ?? '.';
  return Array.from({ length: grid.size }, (_, i) => i + 1).filter(
    (digit) =>
      (clue === '.' || clue === `${digit}`) && (mark === '.' || (mark === 'e') === (digit % 2 === 0)),
  );
}

function puzzleOf(grid: Grid): AllDifferent {
  const allowed = Array.from({ length: grid.size ** 2 }, (_, cell) =>
    allowedDigits(grid, cell).reduce((mask, digit) => mask | (1 << (digit - 1)), 0),
  );
  return { groups: groupsOf(grid), allowed };
}

function show(size: number, values: readonly number[]): string {
  return Array.from({ length: size }, (_, r) =>
    values
      .slice(r * size, (r + 1) * size)
      .map((value) => value + 1)
      .join(''),
  ).join('\n');
}

/** Up to two solutions by exact cover. */
function byCover(grid: Grid): string[] {
  const groups = groupsOf(grid);
  const rows: string[][] = [];
  const placed: [number, number][] = [];
  for (let cell = 0; cell < grid.size ** 2; cell++) {
    for (const digit of allowedDigits(grid, cell)) {
      const inGroups = groups.flatMap((group, g) =>
        group.includes(cell) ? [`group ${g} has ${digit}`] : [],
      );
      rows.push([`cell ${cell}`, ...inGroups]);
      placed.push([cell, digit]);
    }
  }
  const columns = [
    ...Array.from({ length: grid.size ** 2 }, (_, cell) => `cell ${cell}`),
    ...groups.flatMap((_, g) => Array.from({ length: grid.size }, (__, i) => `group ${g} has ${i + 1}`)),
  ];
  return exactCovers(columns, rows, 2).map((cover) => {
    const values = new Array<number>(grid.size ** 2).fill(-1);
    for (const row of cover) values[placed[row][0]] = placed[row][1] - 1;
    return show(grid.size, values);
  });
}

function draw(variant: Variant, rng: Rng, level: number): Grid {
  const boxRows = knob(LEVELS, level, 'boxRows');
  const boxColumns = knob(LEVELS, level, 'boxColumns');
  const size = boxRows * boxColumns;
  const empty = Array.from({ length: size }, () => '.'.repeat(size));
  const blank: Grid = {
    size,
    boxRows,
    boxColumns,
    diagonals: variant === 'diagonal',
    rows: empty,
    marks: [],
  };
  const [full] = solveAllDifferent(puzzleOf(blank), 1, rng).solutions;
  const solution = show(size, full).split('\n');
  const marked = (cell: string) => (rng.chance(0.35) ? (Number(cell) % 2 === 0 ? 'e' : 'o') : '.');
  const marks = variant === 'even-odd' ? solution.map((row) => [...row].map(marked).join('')) : [];
  const cells = solution.map((row) => [...row]);
  const current = (): Grid => ({ ...blank, rows: cells.map((row) => row.join('')), marks });
  let left = size * size;
  for (const cell of rng.shuffle(Array.from({ length: size * size }, (_, i) => i))) {
    if (left <= knob(LEVELS, level, 'clues')) break;
    const row = cells[Math.floor(cell / size)];
    const held = row[cell % size];
    row[cell % size] = '.';
    if (solveAllDifferent(puzzleOf(current()), 2).solutions.length === 1) left--;
    else row[cell % size] = held;
  }
  return current();
}

function oracle(grid: Grid): string {
  const [values] = solveAllDifferent(puzzleOf(grid), 1).solutions;
  if (values === undefined) throw verifierFault('the grid has no solution');
  return show(grid.size, values);
}

/** Digits renamed in order of first appearance; grids with parity marks are left as they are. */
function canon(grid: Grid): Grid {
  if (grid.marks.length > 0) return grid;
  const names = new Map<string, string>();
  const rename = (cell: string) => {
    if (cell === '.') return cell;
    if (!names.has(cell)) names.set(cell, `${names.size + 1}`);
    return names.get(cell) as string;
  };
  return { ...grid, rows: grid.rows.map((row) => [...row].map(rename).join('')) };
}

function task(variant: Variant): TaskDef<Grid> {
  return {
    id: `pz.sudoku/${variant}`,
    version: 1,
    group: 'grids',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.05,
    capacity: [11, 11, 20, 24, 60],
    templates: 3,
    languages: ['en', 'zh'],
    generate: (rng, level) => draw(variant, rng, level),
    prompt: (grid, template, language) =>
      compose(TEMPLATES, template, language, {
        size: `${grid.size}`,
        box: `${grid.boxRows}×${grid.boxColumns}`,
        grid: grid.rows.join('\n'),
        extra: grid.diagonals ? DIAGONALS[language] : '',
        pattern: grid.marks.length > 0 ? PATTERN[language] + grid.marks.join('\n') : '',
      }),
    oracle,
    check: (grid, answer) => {
      const digits = '123456789'.slice(0, grid.size);
      const rows = parseGrid(answer, digits, grid.size, grid.size);
      return compareForms(rows?.join('\n') ?? null, oracle(grid), `${grid.size} rows of ${grid.size} digits`);
    },
    difficulty: ({ rows }) => [...rows.join('')].filter((cell) => cell === '.').length,
    attacks: ({ rows, size }) => [
      rows.map((row) => row.replaceAll('.', '1')).join('\n'),
      rows.map((row) => row.replaceAll('.', `${size}`)).join('\n'),
      rows.map(() => '123456789'.slice(0, size)).join('\n'),
    ],
    canon,
    secondSolver: (grid) => byCover(grid)[0] ?? '',
    countSolutions: (grid) => byCover(grid).length,
  };
}

/** Number placement with a unique solution. */
export const tasks: readonly TaskDef[] = (['classic', 'diagonal', 'even-odd'] as const).map(task);
