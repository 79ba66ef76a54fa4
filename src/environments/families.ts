// The table of shipped families: names for listing, and how to load each module. A test holds the names against
// the modules. Adding a family is one line here and one file in its group's directory.

import type { FamilyEntry } from './registry.ts';

export const FAMILIES: readonly FamilyEntry[] = [
  {
    family: 'ar.chain',
    group: 'arithmetic',
    variants: ['plus-minus', 'times', 'brackets', 'unary-minus', 'powers'],
    load: async () => (await import('./arithmetic/chain.ts')).tasks,
  },
  {
    family: 'ar.target',
    group: 'arithmetic',
    variants: ['arbitrary', 'no-division', 'subset'],
    load: async () => (await import('./arithmetic/target.ts')).tasks,
  },
  {
    family: 'ar.base',
    group: 'arithmetic',
    variants: ['convert', 'add', 'subtract', 'negative-base', 'balanced-ternary'],
    load: async () => (await import('./arithmetic/base.ts')).tasks,
  },
  {
    family: 'tr.sort',
    group: 'algorithms',
    variants: ['bubble', 'insertion', 'selection', 'quick-partition'],
    load: async () => (await import('./algorithms/sort.ts')).tasks,
  },
  {
    family: 'gr.short',
    group: 'algorithms',
    variants: ['unweighted', 'weighted', 'directed', 'k-stops'],
    load: async () => (await import('./algorithms/short.ts')).tasks,
  },
  {
    family: 'lo.knaves',
    group: 'logic',
    variants: ['classic', 'count', 'conditional', 'spies'],
    load: async () => (await import('./logic/knaves.ts')).tasks,
  },
  {
    family: 'cs.sat',
    group: 'logic',
    variants: ['2-sat', '3-sat', 'xor-sat'],
    load: async () => (await import('./logic/sat.ts')).tasks,
  },
  {
    family: 'st.rewrite',
    group: 'strings',
    variants: ['ab-tokens', 'markov', 'l-system', 'tag-system'],
    load: async () => (await import('./strings/rewrite.ts')).tasks,
  },
  {
    family: 'st.edit',
    group: 'strings',
    variants: ['levenshtein', 'lcs', 'lis'],
    load: async () => (await import('./strings/edit.ts')).tasks,
  },
  {
    family: 'tr.ca',
    group: 'grids',
    variants: ['elementary', 'life', 'life-torus'],
    load: async () => (await import('./grids/automaton.ts')).tasks,
  },
  {
    family: 'pz.sudoku',
    group: 'grids',
    variants: ['classic', 'diagonal', 'even-odd'],
    load: async () => (await import('./grids/sudoku.ts')).tasks,
  },
];
