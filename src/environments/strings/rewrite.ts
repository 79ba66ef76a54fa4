// st.rewrite: run a small rewriting system and give the resulting word. Four machines: A-B tokens (local cancel and
// pass rules to normal form), Markov algorithms (first rule, leftmost place), L-systems (all symbols at once) and
// tag systems (read the head, write at the tail). Each has a second solver that works another way.

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { MAX_ANSWER, splitList } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef } from '../task.ts';
import { abByRightmost, lSystemByRecursion, markovByArray, tagByQueue } from './rewrite-second.ts';

export type System = {
  word: string[];
  rules: [string, string][];
  /** Steps to run; 0 means until no rule applies. */
  steps: number;
};

type Variant = 'ab-tokens' | 'markov' | 'l-system' | 'tag-system';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { length: 7, rules: 2, steps: 2, least: 4 } },
  { name: 'easy', knobs: { length: 9, rules: 3, steps: 4, least: 4 } },
  { name: 'medium', knobs: { length: 13, rules: 3, steps: 6, least: 5 } },
  { name: 'hard', knobs: { length: 18, rules: 4, steps: 9, least: 5 } },
  { name: 'extreme', knobs: { length: 26, rules: 5, steps: 14, least: 6 } },
];

/** Results longer than this are drawn again. */
const LONGEST = 200;

const MACHINE: Readonly<Record<Variant, string>> = {
  'ab-tokens':
    'There are four tokens: A#, #A, B# and #B. Whenever two neighbouring tokens have their # marks facing each other, they are rewritten:\n{rules}\nKeep rewriting until no rule applies; the order does not matter.',
  markov:
    'An ordered list of rewriting rules:\n{rules}\nIn every step the first rule in the list whose left side occurs is applied once, at its leftmost occurrence. Stop when no rule applies.',
  'l-system':
    'In every step all letters are replaced at once:\n{rules}\nLetters without a rule stay as they are. Do {steps} steps.',
  'tag-system':
    'In every step look at the first letter, add the text of its rule at the end, then delete the first two letters:\n{rules}\nDo exactly {steps} steps.',
};

const TEMPLATES: Templates = {
  en: [
    '{machine}\n\nStart: {word}\n\nWhat is the result? {format}',
    'Run this system on {word}.\n\n{machine}\n\nGive the final word. {format}',
    '{machine}\n\nThe starting word is {word}. Write the word at the end. {format}',
  ],
};

const AB_RULES: readonly [string, string][] = [
  ['A# #A', ''],
  ['B# #B', ''],
  ['A# #B', '#B A#'],
  ['B# #A', '#A B#'],
];

/** The machine as stated. Null when it does not stop or outgrows the limit. */
export function runSystem(variant: Variant, system: System): { word: string[]; applied: number } | null {
  let word = system.word.slice();
  let applied = 0;
  const rules = new Map(system.rules);
  if (variant === 'l-system') {
    for (; applied < system.steps; applied++) {
      word = word.flatMap((symbol) => [...(rules.get(symbol) ?? symbol)]);
      if (word.length > LONGEST) return null;
    }
  } else if (variant === 'tag-system') {
    for (; applied < system.steps; applied++) {
      if (word.length < 3 || word.length > LONGEST) return null;
      word = [...word, ...(rules.get(word[0]) ?? '')].slice(2);
    }
  } else if (variant === 'markov') {
    let text = word.join('');
    for (; applied < 500; applied++) {
      const rule = system.rules.find(([left]) => text.includes(left));
      if (rule === undefined) return { word: [...text], applied };
      text = text.replace(rule[0], rule[1]);
    }
    return null;
  } else {
    for (let i = 0; i + 1 < word.length; ) {
      const right = rules.get(`${word[i]} ${word[i + 1]}`);
      if (right === undefined) i++;
      else {
        word.splice(i, 2, ...right.split(' ').filter((token) => token !== ''));
        applied++;
        i = Math.max(0, i - 1);
      }
    }
  }
  return { word, applied };
}

function letters(rng: Rng, count: number, alphabet: readonly string[]): string[] {
  return Array.from({ length: count }, () => rng.pick(alphabet));
}

function rulesOf(variant: Variant, rng: Rng, alphabet: readonly string[], count: number): [string, string][] {
  if (variant === 'ab-tokens') return AB_RULES.map(([left, right]) => [left, right]);
  if (variant === 'markov') {
    // Every rule shortens the word or puts it in earlier order, so every run stops.
    const rules = new Map<string, string>();
    while (rules.size < count) {
      const left = letters(rng, rng.int(2, 3), alphabet).join('');
      const right = rng.chance(0.5)
        ? [...left].sort().join('')
        : letters(rng, left.length - 1, alphabet).join('');
      if (right !== left) rules.set(left, right);
    }
    return [...rules];
  }
  return alphabet.map((letter) => [letter, letters(rng, rng.int(1, 3), alphabet).join('')]);
}

function draw(variant: Variant, rng: Rng, level: number): System | null {
  const length = knob(LEVELS, level, 'length');
  const count = knob(LEVELS, level, 'rules');
  const alphabet =
    variant === 'ab-tokens' ? ['A#', '#A', 'B#', '#B'] : [...'abcdef'].slice(0, Math.max(3, count));
  const rules = rulesOf(variant, rng, alphabet, count + (variant === 'markov' ? 1 : 0));
  const steps = variant === 'ab-tokens' || variant === 'markov' ? 0 : knob(LEVELS, level, 'steps');
  const system: System =
    variant === 'l-system'
      ? { word: letters(rng, rng.int(3, 5), alphabet), rules, steps: level + 1 }
      : { word: letters(rng, length, alphabet), rules, steps };
  const end = runSystem(variant, system);
  const least = variant === 'l-system' ? 4 + 12 * level : knob(LEVELS, level, 'least');
  if (end === null || end.word.length < least || end.applied < (level === 0 ? 1 : 2)) return null;
  const shown = [show(variant, system.word), ...rules.map(([, right]) => right)];
  return shown.some((text) => text.includes(show(variant, end.word))) ? null : system;
}

const show = (variant: Variant, word: readonly string[]) => word.join(variant === 'ab-tokens' ? ' ' : '');

function normal(variant: Variant, answer: string): string | null {
  if (answer.length > MAX_ANSWER) return null;
  const text = answer.trim();
  if (variant !== 'ab-tokens') return /^[a-z ]+$/.test(text) ? text.replaceAll(' ', '') : null;
  const tokens = splitList(text);
  return tokens?.every((token) => /^(#[AB]|[AB]#)$/.test(token)) ? tokens.join(' ') : null;
}

function oracle(variant: Variant, system: System): string {
  return show(variant, runSystem(variant, system)?.word ?? []);
}

const SECOND = {
  'ab-tokens': abByRightmost,
  markov: markovByArray,
  'l-system': lSystemByRecursion,
  'tag-system': tagByQueue,
} as const;

function task(variant: Variant): TaskDef<System> {
  const tokens = variant === 'ab-tokens';
  return {
    id: `st.rewrite/${variant}`,
    version: 1,
    group: 'strings',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.04,
    capacity: [11, 14, 20, 28, 40],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) => retry(rng, 400, (attempt) => draw(variant, attempt, level)),
    prompt: (system, template, language) =>
      compose(TEMPLATES, template, language, {
        machine: MACHINE[variant]
          .replace(
            '{rules}',
            system.rules
              .map(([left, right]) => `${left} -> ${right === '' ? '(nothing)' : right}`)
              .join('\n'),
          )
          .replace('{steps}', `${system.steps}`),
        word: show(variant, system.word),
        format: tokens
          ? 'Write the tokens in order, separated by spaces.'
          : 'Write its letters without spaces.',
      }),
    oracle: (system) => oracle(variant, system),
    check: (system, answer) =>
      compareForms(normal(variant, answer), oracle(variant, system), 'a word of the system'),
    difficulty: (system) => {
      const end = runSystem(variant, system);
      if (end === null) return 0;
      return variant === 'l-system' ? end.word.length + 40 * system.steps : system.word.length + end.applied;
    },
    attacks: (system) => [show(variant, system.word), show(variant, system.word.slice().reverse())],
    secondSolver: (system) => show(variant, SECOND[variant](system)),
  };
}

/** Rewriting systems run to a stated end. */
export const tasks: readonly TaskDef[] = (['ab-tokens', 'markov', 'l-system', 'tag-system'] as const).map(
  task,
);
