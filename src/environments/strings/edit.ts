// st.edit: edit distance, longest common subsequence, longest increasing subsequence. The answer to one pair is a
// small number that guessing hits too often, so a problem has four independent parts and all must be right. The
// oracle fills tables from the left; the second solver recurses from the right with memory (or uses patience
// sorting). Alignment scripts and Hamming balls are left out.

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { parseIntegers } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef } from '../task.ts';

/** Four parts; for lis the second text is empty and the first holds numbers separated by spaces. */
type Batch = { parts: [string, string][] };

type Variant = 'levenshtein' | 'lcs' | 'lis';

const PARTS = 4;

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { shortest: 4, longest: 7, letters: 4 } },
  { name: 'easy', knobs: { shortest: 6, longest: 10, letters: 4 } },
  { name: 'medium', knobs: { shortest: 8, longest: 14, letters: 4 } },
  { name: 'hard', knobs: { shortest: 12, longest: 20, letters: 5 } },
  { name: 'extreme', knobs: { shortest: 18, longest: 30, letters: 6 } },
];

const QUESTION: Readonly<Record<Variant, string>> = {
  levenshtein:
    'For each pair of words find the least number of single-letter insertions, deletions and replacements that turn the first word into the second.',
  lcs: 'For each pair of words find the length of their longest common subsequence (letters in the same order, not necessarily next to each other).',
  lis: 'For each list find the length of its longest strictly increasing subsequence (numbers in the same order, not necessarily next to each other).',
};

const TEMPLATES: Templates = {
  en: [
    '{question}\n\n{lines}\n\nAnswer with the {count} numbers in order, separated by commas.',
    'There are {count} parts.\n\n{lines}\n\n{question} Give the {count} results in order, separated by commas.',
    '{question}\n\n{lines}\n\nAll {count} results must be right. Write them in order with commas between.',
  ],
};

function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1), row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

function commonSubsequence(a: string, b: string): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (let i = 1; i <= a.length; i++) {
    const next = [0];
    for (let j = 1; j <= b.length; j++) {
      next.push(a[i - 1] === b[j - 1] ? row[j - 1] + 1 : Math.max(row[j], next[j - 1]));
    }
    row = next;
  }
  return row[b.length];
}

function increasing(values: readonly number[]): number {
  const ending = values.map(() => 1);
  for (let i = 0; i < values.length; i++) {
    for (let j = 0; j < i; j++) if (values[j] < values[i]) ending[i] = Math.max(ending[i], ending[j] + 1);
  }
  return Math.max(0, ...ending);
}

/** Patience sorting: the number of piles. */
function piles(values: readonly number[]): number {
  const tops: number[] = [];
  for (const value of values) {
    const at = tops.findIndex((top) => top >= value);
    tops[at < 0 ? tops.length : at] = value;
  }
  return tops.length;
}

/** Both measures of two words by recursion with memory, matching equal letters first. */
function recursive(variant: Variant, a: string, b: string): number {
  const memory = new Map<number, number>();
  const from = (i: number, j: number): number => {
    if (i === a.length || j === b.length) return variant === 'lcs' ? 0 : a.length - i + b.length - j;
    const key = i * 1000 + j;
    const held = memory.get(key);
    if (held !== undefined) return held;
    let value: number;
    if (a[i] === b[j]) value = from(i + 1, j + 1) + (variant === 'lcs' ? 1 : 0);
    else if (variant === 'lcs') value = Math.max(from(i + 1, j), from(i, j + 1));
    else value = 1 + Math.min(from(i + 1, j), from(i, j + 1), from(i + 1, j + 1));
    memory.set(key, value);
    return value;
  };
  return from(0, 0);
}

const numbersOf = (text: string) => text.split(' ').map(Number);

function oracle(variant: Variant, { parts }: Batch): string {
  return parts
    .map(([a, b]) =>
      variant === 'levenshtein'
        ? levenshtein(a, b)
        : variant === 'lcs'
          ? commonSubsequence(a, b)
          : increasing(numbersOf(a)),
    )
    .join(', ');
}

function part(variant: Variant, rng: Rng, level: number): [string, string] {
  const at = (name: string) => knob(LEVELS, level, name);
  const length = rng.int(at('shortest'), at('longest'));
  if (variant === 'lis') {
    // Blocks of falling and rising order spread the answer.
    const pool = Array.from({ length: 60 + 2 * length }, (_, i) => i + 10);
    const chosen = rng.sample(pool, length + 3);
    const cut = rng.int(0, chosen.length);
    const head = chosen.slice(0, cut).sort((a, b) => a - b);
    return [
      rng.chance(0.5) ? [...head, ...chosen.slice(cut)].join(' ') : [...chosen.slice(cut), ...head].join(' '),
      '',
    ];
  }
  const alphabet = [...'abcdefgh'].slice(0, at('letters'));
  const word = Array.from({ length }, () => rng.pick(alphabet));
  const other = word.slice();
  for (let edits = rng.int(1, length); edits > 0; edits--) {
    const place = rng.int(0, Math.max(0, other.length - 1));
    const kind = rng.int(0, 2);
    other.splice(place, kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [rng.pick(alphabet)]));
  }
  return [word.join(''), other.length === 0 ? 'a' : other.join('')];
}

function task(variant: Variant): TaskDef<Batch> {
  return {
    id: `st.edit/${variant}`,
    version: 1,
    group: 'strings',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.03,
    capacity: [30, 40, 50, 60, 90],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) => ({ parts: Array.from({ length: PARTS }, () => part(variant, rng, level)) }),
    prompt: ({ parts }, template, language) =>
      compose(TEMPLATES, template, language, {
        question: QUESTION[variant],
        count: `${PARTS}`,
        lines: parts
          .map(([a, b], i) => `${i + 1}) ${variant === 'lis' ? a.replaceAll(' ', ', ') : `${a} / ${b}`}`)
          .join('\n'),
      }),
    oracle: (batch) => oracle(variant, batch),
    check: (batch, answer) => {
      const numbers = parseIntegers(answer);
      return compareForms(numbers?.join(', ') ?? null, oracle(variant, batch), 'a list of numbers');
    },
    difficulty: ({ parts }) =>
      parts.reduce(
        (sum, [a, b]) => sum + (variant === 'lis' ? numbersOf(a).length ** 2 : a.length * b.length),
        0,
      ),
    attacks: ({ parts }) => [
      parts.map(([a, b]) => Math.max(a.length, b.length) + 1).join(', '),
      parts.map(() => 0).join(', '),
      oracle(variant, { parts: parts.slice(0, 3) }),
    ],
    secondSolver: ({ parts }) =>
      parts.map(([a, b]) => (variant === 'lis' ? piles(numbersOf(a)) : recursive(variant, a, b))).join(', '),
  };
}

/** Distances and subsequences, four at a time. */
export const tasks: readonly TaskDef[] = (['levenshtein', 'lcs', 'lis'] as const).map(task);
