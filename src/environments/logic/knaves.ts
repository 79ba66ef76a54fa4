// lo.knaves: knights always tell the truth, knaves always lie, the one spy of the `spies` variant may do either;
// find everyone's role. Exactly one assignment fits, proved at generation: the oracle enumerates assignments, the
// second solver searches with three-valued pruning and counts to 2. Reports about reports and days are left out.

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { MAX_ANSWER } from '../kits/text.ts';
import { compareForms, knob, type Level, type TaskDef, verifierFault } from '../task.ts';
import { type Claim, holds, type Role, settled, wording } from './statements.ts';

type Puzzle = { people: string[]; spies: number; statements: { by: number; claim: Claim }[] };

type Variant = 'classic' | 'count' | 'conditional' | 'spies';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { people: 4 } },
  { name: 'easy', knobs: { people: 5 } },
  { name: 'medium', knobs: { people: 6 } },
  { name: 'hard', knobs: { people: 8 } },
  { name: 'extreme', knobs: { people: 10 } },
];

const NAMES =
  'Ada Bela Carl Dora Emil Faye Gus Hana Ivo Jana Kurt Lena Milo Nora Otto Pia Quin Rosa Sven Tara Udo Vera Wim Yara Zeno'.split(
    ' ',
  );

const RULES = {
  en: {
    plain: 'Everyone is either a knight, who always tells the truth, or a knave, who always lies.',
    spies:
      'Exactly one person is a spy, who may tell the truth or lie. Everyone else is either a knight, who always tells the truth, or a knave, who always lies.',
  },
  zh: {
    plain: '每个人要么是骑士（永远说真话），要么是无赖（永远说假话）。',
    spies:
      '恰好有一个人是间谍（可能说真话，也可能说假话）。其他人要么是骑士（永远说真话），要么是无赖（永远说假话）。',
  },
} as const;

const TEMPLATES: Templates = {
  en: [
    '{rules}\n\nYou meet {people}.\n{statements}\n\nWho is what? There is exactly one solution. Answer with every name and role as name=role, in the order given, separated by commas.',
    'On an island live {people}. {rules}\n\n{statements}\n\nFind the only possible role of each. Format: name=role for every person, in the order above, separated by commas.',
    'Puzzle: {people} speak.\n\n{statements}\n\n{rules} Exactly one assignment of roles fits. Write it as name=role pairs separated by commas, in the order of the names above.',
  ],
  zh: [
    '{rules}\n\n你遇到了 {people}。\n{statements}\n\n每个人是什么身份？恰好有一个解。请按给出的顺序写出每个人的 名字=身份，用逗号分隔。',
    '岛上住着 {people}。{rules}\n\n{statements}\n\n求每个人唯一可能的身份。格式：按上面的顺序写 名字=身份，用逗号分隔。',
    '谜题：{people} 各自发言。\n\n{statements}\n\n{rules}恰好有一种身份分配成立。请按上面名字的顺序写出 名字=身份，用逗号分隔。',
  ],
};

const ROLE_WORDS: Readonly<Record<string, Role>> = {
  knight: 'knight',
  knave: 'knave',
  spy: 'spy',
  骑士: 'knight',
  无赖: 'knave',
  间谍: 'spy',
};

/** Whether what a person of a role says may be true / false. */
const consistent = (role: Role, truth: boolean) => role === 'spy' || (role === 'knight') === truth;

/** All assignments that fit, by enumeration, up to a limit. */
function assignments(puzzle: Puzzle, limit: number): Role[][] {
  const n = puzzle.people.length;
  const found: Role[][] = [];
  for (let spy = puzzle.spies === 0 ? -1 : 0; spy < (puzzle.spies === 0 ? 0 : n); spy++) {
    for (let bits = 0; bits < 1 << n; bits++) {
      if (spy >= 0 && bits & (1 << spy)) continue;
      const roles = puzzle.people.map(
        (_, i): Role => (i === spy ? 'spy' : bits & (1 << i) ? 'knight' : 'knave'),
      );
      if (puzzle.statements.every(({ by, claim }) => consistent(roles[by], holds(claim, roles)))) {
        found.push(roles);
        if (found.length >= limit) return found;
      }
    }
  }
  return found;
}

/** The same by search over people with three-valued pruning. */
function searchRoles(puzzle: Puzzle, limit: number): Role[][] {
  const roles: (Role | null)[] = puzzle.people.map(() => null);
  const found: Role[][] = [];
  const fits = () =>
    puzzle.statements.every(({ by, claim }) => {
      const role = roles[by];
      if (role === null || role === 'spy') return true;
      return settled(claim, roles) !== (role === 'knight' ? -1 : 1);
    });
  const place = (person: number): void => {
    if (found.length >= limit) return;
    const spies = roles.filter((role) => role === 'spy').length;
    if (person === roles.length) {
      if (spies === puzzle.spies) found.push(roles.slice() as Role[]);
      return;
    }
    for (const role of ['knave', 'knight', 'spy'] as const) {
      if (role === 'spy' && spies >= puzzle.spies) continue;
      roles[person] = role;
      if (fits()) place(person + 1);
      roles[person] = null;
    }
  };
  place(0);
  return found;
}

const show = (puzzle: Puzzle, roles: readonly Role[]) =>
  puzzle.people.map((name, i) => `${name}=${roles[i]}`).join(', ');

/** `name=role` pairs in any order, each person once; normal form in the order of the puzzle. */
function normal(puzzle: Puzzle, answer: string): string | null {
  if (answer.length > MAX_ANSWER) return null;
  const roles: (Role | null)[] = puzzle.people.map(() => null);
  const parts = answer.split(/[,，;\n]/).filter((part) => part.trim() !== '');
  if (parts.length !== puzzle.people.length) return null;
  for (const part of parts) {
    const [name, word, ...rest] = part.split(/[=:：]/).map((text) => text.trim().toLowerCase());
    const person = puzzle.people.findIndex((known) => known.toLowerCase() === name);
    if (rest.length > 0 || person < 0 || roles[person] !== null || !Object.hasOwn(ROLE_WORDS, word ?? ''))
      return null;
    roles[person] = ROLE_WORDS[word];
  }
  return show(puzzle, roles as Role[]);
}

function claimOf(variant: Variant, rng: Rng, by: number, people: number): Claim {
  const others = Array.from({ length: people }, (_, i) => i).filter((i) => i !== by);
  const role = (): Role =>
    variant === 'spies' && rng.chance(0.25) ? 'spy' : rng.pick(['knight', 'knave'] as const);
  const [first, second] = rng.sample(others, 2);
  const one = (who: number): Claim => ({ op: 'is', who, role: role() });
  if (variant === 'count' && rng.chance(0.5)) {
    return { op: rng.pick(['exactly', 'at-least'] as const), count: rng.int(1, people - 1), role: role() };
  }
  if (variant === 'conditional' && rng.chance(0.6)) return { op: 'if', left: one(first), right: one(second) };
  if (rng.chance(0.4)) return one(first);
  return { op: rng.pick(['and', 'or'] as const), left: one(first), right: one(second) };
}

function draw(variant: Variant, rng: Rng, level: number): Puzzle | null {
  const people = rng.sample(NAMES, knob(LEVELS, level, 'people'));
  const spies = variant === 'spies' ? 1 : 0;
  const spy = spies ? rng.int(0, people.length - 1) : -1;
  const roles = people.map((_, i): Role => (i === spy ? 'spy' : rng.chance(0.5) ? 'knight' : 'knave'));
  const puzzle: Puzzle = { people, spies, statements: [] };
  const rounds = variant === 'spies' ? 2 : 1;
  for (let i = 0; i < people.length * rounds; i++) {
    const by = i % people.length;
    let claim = claimOf(variant, rng, by, people.length);
    for (let tries = 0; tries < 40 && !consistent(roles[by], holds(claim, roles)); tries++) {
      claim = claimOf(variant, rng, by, people.length);
    }
    if (consistent(roles[by], holds(claim, roles))) puzzle.statements.push({ by, claim });
  }
  const variantShown = puzzle.statements.some(
    ({ claim }) =>
      variant === 'classic' ||
      variant === 'spies' ||
      claim.op === (variant === 'count' ? 'exactly' : 'if') ||
      claim.op === 'at-least',
  );
  return variantShown && searchRoles(puzzle, 2).length === 1 ? puzzle : null;
}

function oracle(puzzle: Puzzle): string {
  const [roles] = assignments(puzzle, 1);
  if (roles === undefined) throw verifierFault('the statements contradict each other');
  return show(puzzle, roles);
}

function task(variant: Variant): TaskDef<Puzzle> {
  return {
    id: `lo.knaves/${variant}`,
    version: 1,
    group: 'logic',
    kind: 'U',
    levels: LEVELS,
    guessRate: 0.07,
    capacity: [18, 22, 26, 34, 40],
    templates: 3,
    languages: ['en', 'zh'],
    generate: (rng, level) => retry(rng, 400, (attempt) => draw(variant, attempt, level)),
    prompt: (puzzle, template, language) =>
      compose(TEMPLATES, template, language, {
        rules: RULES[language][puzzle.spies > 0 ? 'spies' : 'plain'],
        people: puzzle.people.join(', '),
        statements: puzzle.statements
          .map(({ by, claim }) => {
            const said = wording(claim, puzzle.people, language);
            return language === 'zh'
              ? `${puzzle.people[by]} 说：“${said}。”`
              : `${puzzle.people[by]} says: "${said}."`;
          })
          .join('\n'),
      }),
    oracle,
    check: (puzzle, answer) =>
      compareForms(normal(puzzle, answer), oracle(puzzle), 'one role for every person'),
    difficulty: ({ people, statements }) => people.length * 10 + statements.length,
    attacks: (puzzle) =>
      [
        puzzle.people.map(() => 'knight' as const),
        puzzle.people.map(() => 'knave' as const),
        puzzle.people.map((_, i) => (i % 2 === 0 ? ('knight' as const) : ('knave' as const))),
      ]
        .map((roles) => show(puzzle, roles))
        .filter((text) => text !== show(puzzle, searchRoles(puzzle, 1)[0] ?? [])),
    canon: ({ people: _, ...rest }) => rest,
    secondSolver: (puzzle) => show(puzzle, searchRoles(puzzle, 1)[0] ?? []),
    countSolutions: (puzzle) => searchRoles(puzzle, 2).length,
  };
}

/** Truth-tellers and liars. */
export const tasks: readonly TaskDef[] = (['classic', 'count', 'conditional', 'spies'] as const).map(task);
