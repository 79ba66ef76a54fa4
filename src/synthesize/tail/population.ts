// tail.population: pairs after n units of time (arXiv 2507.13332, Table C1, Iteration). The paper gives no
// rule in full; our reading: N(0) = y, N(t) = y for t < x, and N(t) = N(t-1) + z·N(t-x) for t >= x, with 1 <=
// x <= n. Tape n holds the rows N(0), N(1), … one after the other, least significant digit first, each closed
// by `;`. Tape t is the input timeline: `w` (wait) for a unit t < x, `g` (grow) otherwise, `#` at the end.
// Three heads run over n in step: a on row t-1, b on row t-x, and the writing head; b waits on its `;` when
// its row is shorter.
//   R t5 g | C0 n7 4 n3 2 z 3 | n12 0 C1 …      10 tokens per digit, 4 per unit; waiting rows: K n7 4 | n12 4
// Carries are at most 5, as z <= 5. Lengths are ours (paper 1–10/11–25/26–50); values stay below 10^5.

import { inputOf, offsetOf, shift } from './addresses.ts';
import { defineTailTask } from './define-task.ts';
import type { Program } from './machine.ts';
import { DIGITS, descending } from './number-tapes.ts';
import type { Cell, Execution, Step, TailInstance, TailTask } from './types.ts';
import { answerSymbols } from './verify.ts';

const CLOSE = ';';
const END = '#';
/** Largest N(n): keeps a long trace near a thousand tokens. */
const LIMIT = 99_999n;
const MAX_INITIAL = 99;
const MAX_BORN = 5;

interface Growth {
  n: number;
  x: number;
  y: string;
  z: string;
}

function growthOf(input: Record<string, string>): Growth {
  return { n: Number(input.n), x: Number(input.x), y: input.y ?? '', z: input.z ?? '' };
}

/** N(0), …, N(n). */
function populations({ n, x, y, z }: Growth): bigint[] {
  const counts = [BigInt(y)];
  for (let t = 1; t <= n; t++) {
    const before = counts[t - 1] as bigint;
    counts.push(t < x ? before : before + BigInt(z) * (counts[t - x] as bigint));
  }
  return counts;
}

const rowOf = (count: bigint): string[] => [...[...String(count)].reverse(), CLOSE];

function timeline({ n, x }: Growth): string[] {
  return [...Array.from({ length: n }, (_, i) => (i + 1 < x ? 'w' : 'g')), END];
}

function execute(instance: TailInstance): Execution {
  const growth = growthOf(instance.input);
  const counts = populations(growth);
  const rows = counts.map(rowOf);
  const starts: number[] = [];
  let next = offsetOf(instance, 'n');
  for (const row of rows) {
    starts.push(next);
    next += row.length;
  }
  const cell = (t: number, i: number): Cell => {
    const row = rows[t] as string[];
    const at = Math.min(i, row.length - 1);
    return { at: `n${(starts[t] as number) + at}`, symbol: row[at] as string };
  };
  const unit = (t: number, symbol: string): Step => ({
    state: 'R',
    fetch: [{ at: `t${offsetOf(instance, 't') + t - 1}`, symbol }],
    write: [],
  });
  const steps: Step[] = [];
  for (let t = 1; t <= growth.n; t++) {
    const grows = t >= growth.x;
    steps.push(unit(t, grows ? 'g' : 'w'));
    const z = BigInt(growth.z);
    const older = grows ? (counts[t - growth.x] as bigint) : 0n;
    for (let i = 0; i < (rows[t] as string[]).length; i++) {
      const place = 10n ** BigInt(i);
      const carry = (((counts[t - 1] as bigint) % place) + z * (older % place)) / place;
      steps.push({
        state: grows ? `C${carry}` : 'K',
        fetch: grows
          ? [cell(t - 1, i), cell(t - growth.x, i), { at: 'z', symbol: growth.z }]
          : [cell(t - 1, i)],
        write: [cell(t, i)],
      });
    }
  }
  steps.push(unit(growth.n + 1, END));
  const last = (rows[growth.n] as string[]).slice(0, -1).reverse();
  return { steps, halt: 'HALT', answer: descending('n', last, starts[growth.n] as number) };
}

const digit = (symbol: string): number => (symbol === CLOSE ? 0 : Number(symbol));

const program: Program = {
  start: 'R',
  halt: 'HALT',
  heads(cells) {
    const rows = cells.filter((cell) => cell.at.startsWith('n'));
    const first = rows[0]?.at ?? 'n0';
    const units = cells.find((cell) => cell.at.startsWith('t'))?.at ?? 't0';
    return { a: first, b: first, w: shift(rows.at(-1)?.at ?? 'n0', 1), t: units };
  },
  reads(state) {
    if (state === 'R') return ['t'];
    return state === 'K' ? ['a'] : ['a', 'b', 'z'];
  },
  transition(state, [first = '', second = '', third = '']) {
    if (state === 'R') {
      if (first === END) return { next: 'HALT' };
      return { next: first === 'w' ? 'K' : 'C0', move: { t: 1 } };
    }
    if (state === 'K') {
      return { next: first === CLOSE ? 'R' : 'K', write: [['w', first]], move: { a: 1, w: 1 } };
    }
    const place = Number(state.slice(1)) + digit(first) + Number(third) * digit(second);
    if (first === CLOSE && place === 0) {
      return { next: 'R', write: [['w', CLOSE]], move: { a: 1, b: 1, w: 1 } };
    }
    return {
      next: `C${Math.floor(place / 10)}`,
      write: [['w', String(place % 10)]],
      move: { a: first === CLOSE ? 0 : 1, b: second === CLOSE ? 0 : 1, w: 1 },
    };
  },
  readOut({ heads, tape }) {
    const cells: Cell[] = [];
    for (let at = shift(heads.w ?? 'n0', -2); ; at = shift(at, -1)) {
      const symbol = tape.get(at) ?? CLOSE;
      if (symbol === CLOSE) return cells;
      cells.push({ at, symbol });
    }
  },
};

/** Population growth with a delay before reproduction. */
export const population: TailTask = defineTailTask({
  id: 'tail.population',
  class: 'iteration',
  lengthOf: 'units of time',
  tiers: {
    S: { range: [1, 8], paper: [1, 10] },
    M: { range: [9, 14], paper: [11, 25] },
    L: { range: [15, 22], paper: [26, 50] },
  },
  addressSpace: 160,
  hasDecimals: false,
  draw(rng, length) {
    for (;;) {
      const growth: Growth = {
        n: length,
        x: rng.int(1, length),
        y: String(rng.int(1, MAX_INITIAL)),
        z: String(rng.int(1, MAX_BORN)),
      };
      const total = populations(growth)[length] as bigint;
      if (total <= LIMIT) return { n: String(length), x: String(growth.x), y: growth.y, z: growth.z };
    }
  },
  cellsUsed(input) {
    const growth = growthOf(input);
    const cells = populations(growth).reduce((sum, count) => sum + rowOf(count).length, 0);
    return { n: cells, t: growth.n + 1 };
  },
  layout(instance) {
    const growth = growthOf(instance.input);
    const units = timeline(growth).map((symbol, i) => ({ at: `t${offsetOf(instance, 't') + i}`, symbol }));
    const row = rowOf(BigInt(growth.y)).map((symbol, i) => ({
      at: `n${offsetOf(instance, 'n') + i}`,
      symbol,
    }));
    return ['grow', row, 'born', [{ at: 'z', symbol: growth.z }], 'time', units, ':'];
  },
  execute,
  program,
  answer(instance) {
    return String(populations(growthOf(instance.input))[Number(inputOf(instance, 'n'))]);
  },
  readAnswer(response) {
    const text = answerSymbols(response)?.join('') ?? '';
    return /^\d+$/.test(text) ? text : null;
  },
  tapes: ['n', 't'],
  registers: ['z'],
  symbols: [...DIGITS, CLOSE, END, 'w', 'g'],
  states: ['R', 'K', 'C0', 'C1', 'C2', 'C3', 'C4', 'C5'],
  promptWords: ['grow', 'born', 'time', ':'],
});
