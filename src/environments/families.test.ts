import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../core/index.ts';
import { findTasks } from './registry.ts';
import type { TaskDef } from './task.ts';

// Known instances with answers worked by hand or taken from the places named.
const BLANK_4 = { size: 4, boxRows: 2, boxColumns: 2, diagonals: false };
const MAP = {
  nodes: ['P', 'Q', 'R', 'S'],
  edges: [
    [0, 1, 1],
    [1, 3, 5],
    [0, 2, 2],
    [2, 3, 2],
    [0, 3, 9],
  ],
  from: 0,
  to: 3,
  directed: false,
  maxEdges: 3,
};
const is = (who: number, role: string) => ({ op: 'is', who, role });

const CASES: [id: string, instance: Json, answer: string][] = [
  ['ar.chain/plus-minus', { expression: '12 - 30 + 5' }, '-13'],
  ['ar.chain/times', { expression: '7 + 3 * 4 - 2' }, '17'],
  ['ar.chain/brackets', { expression: '(2 + 3) * (7 - 9)' }, '-10'],
  ['ar.chain/unary-minus', { expression: '-4 - (-(2 - -5)) * 3' }, '17'],
  ['ar.chain/powers', { expression: '-3^2 + 10 - 2^3' }, '-7'],
  ['ar.base/convert', { ask: 'convert', numerals: ['255'], base: 10, to: 16 }, 'FF'],
  ['ar.base/add', { ask: 'add', numerals: ['1011', '110'], base: 2, to: 2 }, '10001'],
  ['ar.base/subtract', { ask: 'subtract', numerals: ['100', '1'], base: 7, to: 7 }, '66'],
  ['ar.base/negative-base', { ask: 'negative-base', numerals: ['6'], base: 10, to: -2 }, '11010'],
  ['ar.base/balanced-ternary', { ask: 'balanced-ternary', numerals: ['5'], base: 10, to: 3 }, '1TT'],
  // One pass over the list of the Wikipedia article on bubble sort.
  ['tr.sort/bubble', { values: [5, 1, 4, 2, 8], steps: 1 }, '1, 4, 2, 5, 8'],
  ['tr.sort/insertion', { values: [3, 7, 4, 9, 5], steps: 2 }, '3, 4, 7, 9, 5'],
  ['tr.sort/selection', { values: [64, 25, 12, 22, 11], steps: 2 }, '11, 12, 25, 22, 64'],
  ['tr.sort/quick-partition', { values: [2, 8, 7, 1, 3, 5, 6, 4], steps: 1 }, '2, 1, 3, 4, 7, 5, 6, 8'],
  ['gr.short/weighted', MAP, 'P R S'],
  ['gr.short/k-stops', { ...MAP, maxEdges: 1 }, 'P S'],
  // Smullyan: A says "we are both knaves".
  [
    'lo.knaves/classic',
    {
      people: ['Al', 'Bo'],
      spies: 0,
      statements: [{ by: 0, claim: { op: 'and', left: is(0, 'knave'), right: is(1, 'knave') } }],
    },
    'Al=knave, Bo=knight',
  ],
  [
    'lo.knaves/spies',
    {
      people: ['Al', 'Bo', 'Cy'],
      spies: 1,
      statements: [
        { by: 0, claim: is(1, 'knight') },
        { by: 1, claim: is(0, 'knight') },
        { by: 2, claim: is(2, 'spy') },
        { by: 2, claim: is(0, 'knave') },
        { by: 0, claim: is(2, 'spy') },
        { by: 1, claim: { op: 'or', left: is(2, 'knave'), right: is(2, 'spy') } },
      ],
    },
    'Al=knight, Bo=knight, Cy=spy',
  ],
  [
    'cs.sat/2-sat',
    {
      variables: 2,
      clauses: [
        [1, 2],
        [-1, 2],
        [-1, -2],
      ],
      odd: [],
    },
    '01',
  ],
  ['cs.sat/xor-sat', { variables: 3, clauses: [[1, 2], [2, 3], [1]], odd: [1, 1, 1] }, '101'],
  // The example with which the A::B problem was posed in 2024.
  [
    'st.rewrite/ab-tokens',
    {
      word: ['B#', 'A#', '#B', '#A', 'B#'],
      rules: [
        ['A# #A', ''],
        ['B# #B', ''],
        ['A# #B', '#B A#'],
        ['B# #A', '#A B#'],
      ],
      steps: 0,
    },
    'B#',
  ],
  // Lindenmayer's algae.
  [
    'st.rewrite/l-system',
    {
      word: ['a'],
      rules: [
        ['a', 'ab'],
        ['b', 'a'],
      ],
      steps: 5,
    },
    'abaababaabaab',
  ],
  // De Mol's Collatz tag system: aaa, abc, cbc, caaa, aaaaa.
  [
    'st.rewrite/tag-system',
    {
      word: ['a', 'a', 'a'],
      rules: [
        ['a', 'bc'],
        ['b', 'a'],
        ['c', 'aaa'],
      ],
      steps: 4,
    },
    'aaaaa',
  ],
  [
    'st.rewrite/markov',
    {
      word: [...'baba'],
      rules: [
        ['ba', 'ab'],
        ['aa', 'c'],
      ],
      steps: 0,
    },
    'cbb',
  ],
  [
    'st.edit/levenshtein',
    {
      parts: [
        ['kitten', 'sitting'],
        ['intention', 'execution'],
        ['abc', ''],
        ['a', 'a'],
      ],
    },
    '3, 5, 3, 0',
  ],
  [
    'st.edit/lcs',
    {
      parts: [
        ['ABCBDAB', 'BDCABA'],
        ['abc', 'xyz'],
        ['aaa', 'aa'],
        ['a', 'a'],
      ],
    },
    '4, 0, 2, 1',
  ],
  [
    'st.edit/lis',
    {
      parts: [
        ['0 8 4 12 2 10 6 14 1 9 5 13 3 11 7 15', ''],
        ['3 2 1', ''],
        ['1 2 3', ''],
        ['5 5 5', ''],
      ],
    },
    '6, 1, 3, 1',
  ],
  ['tr.ca/elementary', { rows: ['.....#.....'], rule: 30, steps: 2 }, '...##..#...'],
  ['tr.ca/life', { rows: ['...', '###', '...'], rule: 0, steps: 1 }, '.#.\n.#.\n.#.'],
  [
    'tr.ca/life-torus',
    { rows: ['.....', '.....', '#...#', '#....', '.....'], rule: 0, steps: 1 },
    '.....\n.....\n#...#\n#...#\n.....',
  ],
  [
    'pz.sudoku/classic',
    { ...BLANK_4, rows: ['12..', '3.1.', '..43', '4...'], marks: [] },
    '1234\n3412\n2143\n4321',
  ],
];

describe('known instances', () => {
  const tasks = new Map<string, TaskDef>();
  beforeAll(async () => {
    for (const task of await findTasks('*')) tasks.set(task.id, task);
  });

  it.each(CASES)('%s %j', (id, instance, answer) => {
    const task = tasks.get(id) as TaskDef;
    expect(task.check(instance, answer)).toMatchObject({ score: 1 });
    expect(task.oracle(instance)).toBe(answer);
    if (task.secondSolver) expect(task.check(instance, task.secondSolver(instance)).score).toBe(1);
    if (task.countSolutions) expect(task.countSolutions(instance)).toBe(1);
  });

  it('ar.target accepts the fractional solution of 3 3 8 8 and nothing that bends the rules', () => {
    const task = tasks.get('ar.target/arbitrary') as TaskDef;
    const instance = { numbers: [3, 3, 8, 8], target: 24, operators: '+-*/', all: true };
    expect(task.check(instance, '8 / (3 - 8 / 3)').score).toBe(1);
    expect(task.check(instance, '8 ÷ (3 − 8 ÷ 3)').score).toBe(1);
    for (const [answer, reason] of [
      ['8 * 3', 'uses too few of the numbers'],
      ['24', 'uses 24 more often than given'],
      ['8 * 3 * 8 / 8', 'uses 8 more often than given'],
      ['8 / (3 - 3) * 8', 'has no value'],
      ['8 + 8 + 3 + 3', 'equals 22'],
      ['8 * 3 + 8 ^ 3', 'uses an operator not allowed'],
      ['-3 - -3 + 8 * 8', 'uses an operator not allowed'],
      ['88 - 33', 'uses 88 more often than given'],
    ]) {
      expect(task.check(instance, answer)).toMatchObject({ score: 0, reason });
    }
  });

  it('lo.knaves reads Chinese roles and any order, and each person once', () => {
    const task = tasks.get('lo.knaves/classic') as TaskDef;
    const instance = CASES.find(([id]) => id === 'lo.knaves/classic')?.[1] ?? null;
    expect(task.check(instance, 'Bo=骑士，Al=无赖').score).toBe(1);
    expect(task.check(instance, 'Al: knave\nBo: knight').score).toBe(1);
    for (const bad of [
      'Al=knave',
      'Al=knave, Al=knave',
      'Al=knave, Bo=knight, Bo=knave',
      'Al=constructor, Bo=knight',
    ]) {
      expect(task.check(instance, bad)).toMatchObject({ score: 0, parsed: null });
    }
  });

  it('gr.short accepts arrows and rejects longer, broken and reversed routes', () => {
    const task = tasks.get('gr.short/weighted') as TaskDef;
    expect(task.check(MAP, 'P → R → S').score).toBe(1);
    expect(task.check(MAP, 'P Q S').reason).toBe('length 6, but 4 is possible');
    expect(task.check(MAP, 'P S').reason).toBe('length 9, but 4 is possible');
    expect(task.check(MAP, 'Q R S').reason).toBe('wrong ends');
    expect(task.check({ ...MAP, directed: true }, 'P R Q S').reason).toBe('no road from R to Q');
    expect(task.check(MAP, 'P R S or P Q S').score).toBe(0);
  });
});
