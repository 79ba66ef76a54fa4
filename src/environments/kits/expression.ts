// Arithmetic expressions: text to tree by recursive descent, tree to exact value. Whole numbers, + - * / ^ and
// round brackets; `^` binds to the right and tighter than a minus sign in front (-3^2 = -9). Accepts × · ÷ − and
// the LaTeX \times \cdot \div. Length and depth are capped; anything else gives null. No implicit multiplication.

import { add, divide, multiply, negate, power, type Rational, subtract } from './rational.ts';

export type Operator = '+' | '-' | '*' | '/' | '^';

/** An expression tree. */
export type Expression =
  | { kind: 'number'; value: bigint }
  | { kind: 'negate'; of: Expression }
  | { kind: 'binary'; op: Operator; left: Expression; right: Expression };

const MAX_LENGTH = 2000;
const MAX_DEPTH = 100;

const SPELLINGS: readonly (readonly [string, string])[] = [
  ['\\times', '*'],
  ['\\cdot', '*'],
  ['\\div', '/'],
  ['×', '*'],
  ['·', '*'],
  ['÷', '/'],
  ['−', '-'],
];

/** The tokens of an expression (numbers, operators, brackets), or null when a character belongs to none. */
export function tokenize(text: string): string[] | null {
  if (text.length > MAX_LENGTH) return null;
  let plain = text;
  for (const [spelling, op] of SPELLINGS) plain = plain.replaceAll(spelling, op);
  const tokens = plain.match(/\d+|\S/g) ?? [];
  return tokens.every((token) => /^(\d+|[-+*/^()])$/.test(token)) ? tokens : null;
}

/** The tree of an expression, or null when the text is not one. */
export function parseExpression(text: string): Expression | null {
  const tokens = tokenize(text);
  if (tokens === null || tokens.length === 0) return null;
  let at = 0;

  const sum = (depth: number): Expression | null => {
    let left = product(depth);
    while (left !== null && (tokens[at] === '+' || tokens[at] === '-')) {
      left = join(tokens[at++] as Operator, left, product(depth));
    }
    return left;
  };
  const product = (depth: number): Expression | null => {
    let left = signed(depth);
    while (left !== null && (tokens[at] === '*' || tokens[at] === '/')) {
      left = join(tokens[at++] as Operator, left, signed(depth));
    }
    return left;
  };
  const signed = (depth: number): Expression | null => {
    if (depth > MAX_DEPTH) return null;
    if (tokens[at] !== '-') return raised(depth);
    at++;
    const of = signed(depth + 1);
    return of === null ? null : { kind: 'negate', of };
  };
  const raised = (depth: number): Expression | null => {
    const base = atom(depth);
    if (base === null || tokens[at] !== '^') return base;
    at++;
    return join('^', base, signed(depth + 1));
  };
  const atom = (depth: number): Expression | null => {
    const token = tokens[at++];
    if (token === undefined) return null;
    if (token === '(') {
      const inner = sum(depth + 1);
      return tokens[at++] === ')' ? inner : null;
    }
    return /^\d+$/.test(token) ? { kind: 'number', value: BigInt(token) } : null;
  };

  const tree = sum(0);
  return at === tokens.length ? tree : null;
}

function join(op: Operator, left: Expression, right: Expression | null): Expression | null {
  return right === null ? null : { kind: 'binary', op, left, right };
}

const APPLY = { '+': add, '-': subtract, '*': multiply, '/': divide, '^': power } as const;

/** The exact value, or null when undefined or beyond the size cap. */
export function evaluate(tree: Expression): Rational | null {
  if (tree.kind === 'number') return { num: tree.value, den: 1n };
  if (tree.kind === 'negate') {
    const value = evaluate(tree.of);
    return value === null ? null : negate(value);
  }
  const left = evaluate(tree.left);
  const right = left === null ? null : evaluate(tree.right);
  return left === null || right === null ? null : APPLY[tree.op](left, right);
}

/** Numbers and operators of a tree, in reading order. */
export function partsOf(tree: Expression): { numbers: bigint[]; operators: string[] } {
  const numbers: bigint[] = [];
  const operators: string[] = [];
  const visit = (node: Expression) => {
    if (node.kind === 'number') numbers.push(node.value);
    else if (node.kind === 'negate') {
      operators.push('negate');
      visit(node.of);
    } else {
      visit(node.left);
      operators.push(node.op);
      visit(node.right);
    }
  };
  visit(tree);
  return { numbers, operators };
}
