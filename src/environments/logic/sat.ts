// cs.sat: an assignment that satisfies every constraint. Any one is accepted. Constraints are added around a hidden
// assignment until at most one assignment in twenty survives, so that guessing does not pay. The oracle is
// backtracking on unit choices; the second checker lists the models by bit masks.

import type { Rng } from '../../core/index.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { type CheckResult, knob, type Level, type TaskDef, unparsed, verifierFault } from '../task.ts';

/** A clause holds when one literal is true (v or -v); a parity row when its variables sum to `odd` mod 2. */
type Formula = { variables: number; clauses: number[][]; odd: number[] };

type Variant = '2-sat' | '3-sat' | 'xor-sat';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { variables: 5 } },
  { name: 'easy', knobs: { variables: 6 } },
  { name: 'medium', knobs: { variables: 8 } },
  { name: 'hard', knobs: { variables: 10 } },
  { name: 'extreme', knobs: { variables: 12 } },
];

/** Largest share of assignments that may satisfy an instance. */
const MODEL_SHARE = 1 / 20;

const TEMPLATES: Templates = {
  en: [
    'Choose values 0 or 1 for x1 to x{count} so that every line holds:\n\n{lines}\n\n{note} Answer with the {count} values of x1 to x{count} in order, as {count} digits without spaces.',
    'The variables x1, …, x{count} are 0 or 1. Satisfy all of these:\n\n{lines}\n\n{note} Write one solution as a string of {count} digits, x1 first.',
    'Find any assignment of 0 and 1 to x1 … x{count} that makes all constraints true.\n\n{lines}\n\n{note} Give it as {count} digits in the order x1 to x{count}.',
  ],
};

const NOTE: Readonly<Record<Variant, string>> = {
  '2-sat': '"or" means at least one side is true; "not x" is true when x is 0.',
  '3-sat': '"or" means at least one part is true; "not x" is true when x is 0.',
  'xor-sat': '"xor" is addition modulo 2.',
};

/** Whether constraint i holds; bit v-1 of `bits` is the value of variable v. */
function satisfied(formula: Formula, i: number, bits: number): boolean {
  const clause = formula.clauses[i];
  if (formula.odd.length > 0) {
    let sum = 0;
    for (const variable of clause) sum ^= (bits >> (variable - 1)) & 1;
    return sum === formula.odd[i];
  }
  return clause.some((literal) => ((bits >> (Math.abs(literal) - 1)) & 1) === (literal > 0 ? 1 : 0));
}

function draw(variant: Variant, rng: Rng, level: number): Formula | null {
  const variables = knob(LEVELS, level, 'variables');
  const names = Array.from({ length: variables }, (_, i) => i + 1);
  const hidden = rng.int(0, 2 ** variables - 1);
  const formula: Formula = { variables, clauses: [], odd: [] };
  let models = Array.from({ length: 2 ** variables }, (_, bits) => bits);
  const allowed = Math.max(1, Math.floor(models.length * MODEL_SHARE));
  for (let tries = 0; models.length > allowed; tries++) {
    if (tries > 40 * variables) return null;
    const chosen = rng.sample(names, variant === '2-sat' ? 2 : 3).sort((a, b) => a - b);
    const clause = variant === 'xor-sat' ? chosen : chosen.map((name) => (rng.chance(0.5) ? name : -name));
    if (formula.clauses.some((old) => old.join() === clause.join())) continue;
    const odd = clause.reduce((sum, name) => sum ^ ((hidden >> (Math.abs(name) - 1)) & 1), 0);
    const one: Formula = { variables, clauses: [clause], odd: variant === 'xor-sat' ? [odd] : [] };
    if (!satisfied(one, 0, hidden)) continue;
    const left = models.filter((bits) => satisfied(one, 0, bits));
    if (left.length === models.length) continue;
    models = left;
    formula.clauses.push(clause);
    if (variant === 'xor-sat') formula.odd.push(odd);
  }
  // The assignments everyone tries first must fail.
  return models.includes(0) || models.includes(2 ** variables - 1) ? null : formula;
}

/** Backtracking in the order of the variables; a constraint is tested once its last variable is set. */
function firstModel(formula: Formula): number | null {
  const due = formula.clauses.map((clause) => Math.max(...clause.map(Math.abs)));
  const search = (variable: number, bits: number): number | null => {
    if (due.some((last, i) => last === variable && !satisfied(formula, i, bits))) return null;
    if (variable === formula.variables) return bits;
    return search(variable + 1, bits | (1 << variable)) ?? search(variable + 1, bits);
  };
  return search(0, 0);
}

const show = (formula: Formula, bits: number) =>
  Array.from({ length: formula.variables }, (_, i) => (bits >> i) & 1).join('');

function check(formula: Formula, answer: string): CheckResult {
  const digits = answer.length > 200 ? '' : answer.replace(/[\s,]/g, '');
  if (digits.length !== formula.variables || !/^[01]+$/.test(digits)) {
    return unparsed(`not ${formula.variables} digits 0 or 1`);
  }
  let bits = 0;
  for (let i = 0; i < digits.length; i++) if (digits[i] === '1') bits |= 1 << i;
  const broken = formula.clauses.findIndex((_, i) => !satisfied(formula, i, bits));
  return broken < 0
    ? { score: 1, parsed: digits, reason: 'every constraint holds' }
    : { score: 0, parsed: digits, reason: `constraint ${broken + 1} fails` };
}

/** Independent of `satisfied`: each constraint as masks of wanted ones and wanted zeros. */
function secondCheck(formula: Formula, answer: string): boolean {
  const digits = [...answer.replace(/[\s,]/g, '')];
  if (digits.length !== formula.variables || digits.some((digit) => digit !== '0' && digit !== '1'))
    return false;
  return formula.clauses.every((clause, i) => {
    if (formula.odd.length > 0)
      return clause.filter((v) => digits[v - 1] === '1').length % 2 === formula.odd[i];
    const ones = new Set(clause.filter((v) => v > 0));
    const zeros = new Set(clause.filter((v) => v < 0).map((v) => -v));
    return digits.some((digit, at) => (digit === '1' ? ones : zeros).has(at + 1));
  });
}

function task(variant: Variant): TaskDef<Formula> {
  return {
    id: `cs.sat/${variant}`,
    version: 1,
    group: 'logic',
    kind: 'C',
    levels: LEVELS,
    guessRate: 0.08,
    capacity: [12, 18, 30, 40, 50],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) => retry(rng, 200, (attempt) => draw(variant, attempt, level)),
    prompt: (formula, template, language) =>
      compose(TEMPLATES, template, language, {
        count: `${formula.variables}`,
        note: NOTE[variant],
        lines: formula.clauses
          .map((clause, i) =>
            variant === 'xor-sat'
              ? `${clause.map((v) => `x${v}`).join(' xor ')} = ${formula.odd[i]}`
              : clause.map((v) => (v > 0 ? `x${v}` : `not x${-v}`)).join(' or '),
          )
          .join('\n'),
      }),
    oracle: (formula) => {
      const bits = firstModel(formula);
      if (bits === null) throw verifierFault('no assignment satisfies the formula');
      return show(formula, bits);
    },
    check,
    difficulty: ({ variables, clauses }) => variables * 10 + clauses.length / 10,
    alternatives: (formula) => {
      const found: string[] = [];
      for (let bits = 0; bits < 2 ** formula.variables && found.length < 4; bits++) {
        if (formula.clauses.every((_, i) => satisfied(formula, i, bits))) found.push(show(formula, bits));
      }
      return found;
    },
    attacks: ({ variables }) => ['0'.repeat(variables), '1'.repeat(variables), 'x1'],
    secondCheck,
  };
}

/** Satisfying assignments of three kinds of constraints. */
export const tasks: readonly TaskDef[] = (['2-sat', '3-sat', 'xor-sat'] as const).map(task);
