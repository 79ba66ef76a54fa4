// The rewriting systems of st.rewrite by other means, for independent truth: A-B tokens by their meaning (marks that
// face inward cancel against a stack, the rest keep their order), Markov algorithms on arrays, L-systems by
// expanding each letter on its own, tag systems on one growing tape with a moving head.

import type { System } from './rewrite.ts';

/** A-B tokens: a left-facing token meets every waiting right-facing token from the nearest on. */
export function abByRightmost({ word }: System): string[] {
  const passed: string[] = []; // left-facing tokens that met no partner
  const waiting: string[] = []; // right-facing tokens, nearest last
  for (const token of word) {
    if (token.endsWith('#')) {
      waiting.push(token);
      continue;
    }
    // It swaps with different letters and cancels with the nearest waiting token of its own letter.
    const partner = waiting.lastIndexOf(`${token[1]}#`);
    if (partner < 0) passed.push(token);
    else waiting.splice(partner, 1);
  }
  return [...passed, ...waiting];
}

/** Markov algorithm with explicit scanning of positions. */
export function markovByArray({ word, rules }: System): string[] {
  let tape = word.slice();
  for (let step = 0; step < 1000; step++) {
    let done = true;
    for (const [left, right] of rules) {
      const at = tape.findIndex(
        (_, i) => i + left.length <= tape.length && [...left].every((c, k) => tape[i + k] === c),
      );
      if (at < 0) continue;
      tape = [...tape.slice(0, at), ...right, ...tape.slice(at + left.length)];
      done = false;
      break;
    }
    if (done) break;
  }
  return tape;
}

/** L-system: the expansion of a word is the concatenation of the expansions of its letters. */
export function lSystemByRecursion({ word, rules, steps }: System): string[] {
  const expand = (symbol: string, depth: number): string => {
    const rule = rules.find(([left]) => left === symbol);
    if (depth === 0 || rule === undefined) return symbol;
    return [...rule[1]].map((next) => expand(next, depth - 1)).join('');
  };
  return [...word.map((symbol) => expand(symbol, steps)).join('')];
}

/** Tag system on one tape: the head moves two cells a step and nothing is ever deleted. */
export function tagByQueue({ word, rules, steps }: System): string[] {
  const tape = word.slice();
  for (let step = 0; step < steps; step++) {
    const rule = rules.find(([left]) => left === tape[2 * step]);
    tape.push(...(rule?.[1] ?? ''));
  }
  return tape.slice(2 * steps);
}
