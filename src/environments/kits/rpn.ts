// A second evaluator of arithmetic expressions, for independent truth: shunting-yard onto a value stack, with its
// own reading of the characters and unreduced fractions. Shares no code with expression.ts on purpose. For text we
// made or bounded ourselves: sizes are not capped beyond the depth that whole powers up to 64 need.

type Fraction = readonly [bigint, bigint];

const PRECEDENCE: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, u: 3, '^': 4 };

/** The value as an unreduced [numerator, denominator], or null when the text is not an expression. */
export function evaluateRpn(text: string): Fraction | null {
  const values: Fraction[] = [];
  const pending: string[] = [];
  let operand = true; // an operand is expected next
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === ' ') continue;
    if (char >= '0' && char <= '9') {
      if (!operand) return null;
      let value = 0n;
      for (; i < text.length && text[i] >= '0' && text[i] <= '9'; i++) value = value * 10n + BigInt(text[i]);
      i--;
      values.push([value, 1n]);
      operand = false;
    } else if (char === '(') {
      if (!operand) return null;
      pending.push('(');
    } else if (char === ')') {
      if (operand) return null;
      while (pending.length > 0 && pending[pending.length - 1] !== '(') {
        if (!reduce(values, pending.pop() as string)) return null;
      }
      if (pending.pop() !== '(') return null;
    } else {
      const op = operand && char === '-' ? 'u' : char;
      if (PRECEDENCE[op] === undefined || (operand && op !== 'u')) return null;
      while (op !== 'u' && yields(pending[pending.length - 1], op)) {
        if (!reduce(values, pending.pop() as string)) return null;
      }
      pending.push(op);
      operand = true;
    }
  }
  if (operand) return null;
  while (pending.length > 0) if (!reduce(values, pending.pop() as string)) return null;
  return values.length === 1 ? values[0] : null;
}

/** Whether the operator on the stack is applied before `op` is pushed. `^` groups to the right. */
function yields(top: string | undefined, op: string): boolean {
  if (top === undefined || top === '(') return false;
  return PRECEDENCE[top] > PRECEDENCE[op] || (PRECEDENCE[top] === PRECEDENCE[op] && op !== '^');
}

function reduce(values: Fraction[], op: string): boolean {
  const right = values.pop();
  if (right === undefined) return false;
  if (op === 'u') {
    values.push([-right[0], right[1]]);
    return true;
  }
  const left = values.pop();
  if (left === undefined) return false;
  const [a, b] = left;
  const [c, d] = right;
  if (op === '+') values.push([a * d + c * b, b * d]);
  else if (op === '-') values.push([a * d - c * b, b * d]);
  else if (op === '*') values.push([a * c, b * d]);
  else if (op === '/' && c !== 0n) values.push([a * d, b * c]);
  else if (op === '^' && c % d === 0n && c / d >= 0n && c / d <= 64n)
    values.push([a ** (c / d), b ** (c / d)]);
  else return false;
  return true;
}
