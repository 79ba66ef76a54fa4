// Statements of knights-and-knaves puzzles: their form, their meaning under an assignment of roles (two-valued),
// their meaning while some roles are unknown (Kleene's three values), and their wording in two languages.

import type { Language } from '../task.ts';

export type Role = 'knight' | 'knave' | 'spy';

/** What is said. People are numbers. */
export type Claim =
  | { op: 'is'; who: number; role: Role }
  | { op: 'and'; left: Claim; right: Claim }
  | { op: 'or'; left: Claim; right: Claim }
  | { op: 'if'; left: Claim; right: Claim }
  | { op: 'exactly'; count: number; role: Role }
  | { op: 'at-least'; count: number; role: Role };

/** The truth of a claim when every role is known. */
export function holds(claim: Claim, roles: readonly Role[]): boolean {
  switch (claim.op) {
    case 'is':
      return roles[claim.who] === claim.role;
    case 'and':
      return holds(claim.left, roles) && holds(claim.right, roles);
    case 'or':
      return holds(claim.left, roles) || holds(claim.right, roles);
    case 'if':
      return !holds(claim.left, roles) || holds(claim.right, roles);
    default: {
      const count = roles.filter((role) => role === claim.role).length;
      return claim.op === 'exactly' ? count === claim.count : count >= claim.count;
    }
  }
}

/** The truth of a claim when some roles are unknown: -1 false, 0 not settled, 1 true. */
export function settled(claim: Claim, roles: readonly (Role | null)[]): -1 | 0 | 1 {
  if (claim.op === 'is') {
    const role = roles[claim.who];
    return role === null ? 0 : role === claim.role ? 1 : -1;
  }
  if (claim.op === 'exactly' || claim.op === 'at-least') {
    let least = 0;
    let open = 0;
    for (const role of roles) {
      if (role === null) open++;
      else if (role === claim.role) least++;
    }
    if (claim.op === 'at-least') return least >= claim.count ? 1 : least + open < claim.count ? -1 : 0;
    return least > claim.count || least + open < claim.count ? -1 : open === 0 ? 1 : 0;
  }
  const left = settled(claim.left, roles);
  const right = settled(claim.right, roles);
  if (claim.op === 'and') return Math.min(left, right) as -1 | 0 | 1;
  return Math.max(claim.op === 'if' ? -left : left, right) as -1 | 0 | 1;
}

const ZH: Readonly<Record<Role, string>> = { knight: '骑士', knave: '无赖', spy: '间谍' };

/** A claim in words. */
export function wording(claim: Claim, people: readonly string[], language: Language): string {
  const say = (part: Claim) => wording(part, people, language);
  if (language === 'zh') {
    if (claim.op === 'is') return `${people[claim.who]} 是${ZH[claim.role]}`;
    if (claim.op === 'exactly') return `我们当中恰好有 ${claim.count} 个${ZH[claim.role]}`;
    if (claim.op === 'at-least') return `我们当中至少有 ${claim.count} 个${ZH[claim.role]}`;
    if (claim.op === 'if') return `如果${say(claim.left)}，那么${say(claim.right)}`;
    return `${say(claim.left)}${claim.op === 'and' ? '，并且' : '，或者（至少一项成立）'}${say(claim.right)}`;
  }
  if (claim.op === 'is') return `${people[claim.who]} is a ${claim.role}`;
  if (claim.op === 'exactly' || claim.op === 'at-least') {
    return `${claim.op === 'exactly' ? 'exactly' : 'at least'} ${claim.count} of us ${claim.count === 1 ? 'is' : 'are'} ${claim.count === 1 ? `a ${claim.role}` : `${claim.role}s`}`;
  }
  if (claim.op === 'if') return `if ${say(claim.left)}, then ${say(claim.right)}`;
  return claim.op === 'and'
    ? `${say(claim.left)} and ${say(claim.right)}`
    : `${say(claim.left)} or ${say(claim.right)} (or both)`;
}
