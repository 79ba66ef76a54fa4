// Puzzles made of groups of cells that hold different values (Latin squares, Sudoku and kin): solutions by
// backtracking on bit masks, the cell with the fewest candidates first. Counting stops at a limit; 2 proves
// uniqueness. With a stream, values are tried in random order, which draws a full grid. Up to 16 values a cell.

import type { Rng } from '../../core/index.ts';

export interface AllDifferent {
  /** Groups of cell indices whose values all differ. */
  groups: readonly (readonly number[])[];
  /** Per cell, the allowed values as a mask: bit v for value v, from 0. */
  allowed: readonly number[];
}

/** Up to `limit` solutions (value per cell) and how many nodes the search visited. */
export function solveAllDifferent(
  puzzle: AllDifferent,
  limit: number,
  rng?: Rng,
): { solutions: number[][]; nodes: number } {
  const peers = peersOf(puzzle);
  const masks = puzzle.allowed.slice();
  const values = new Array<number>(masks.length).fill(-1);
  const solutions: number[][] = [];
  let nodes = 0;

  const place = (): void => {
    nodes++;
    let best = -1;
    let bestCount = 99;
    for (let cell = 0; cell < masks.length; cell++) {
      if (values[cell] >= 0) continue;
      const count = bitCount(masks[cell]);
      if (count < bestCount) {
        best = cell;
        bestCount = count;
        if (count <= 1) break;
      }
    }
    if (best < 0) {
      solutions.push(values.slice());
      return;
    }
    const options = bitsOf(masks[best]);
    for (const value of rng ? rng.shuffle(options) : options) {
      const touched: number[] = [];
      values[best] = value;
      for (const peer of peers[best]) {
        if (values[peer] < 0 && masks[peer] & (1 << value)) {
          masks[peer] &= ~(1 << value);
          touched.push(peer);
        }
      }
      if (touched.every((peer) => masks[peer] !== 0)) place();
      for (const peer of touched) masks[peer] |= 1 << value;
      values[best] = -1;
      if (solutions.length >= limit) return;
    }
  };
  place();
  return { solutions, nodes };
}

function peersOf(puzzle: AllDifferent): number[][] {
  const peers = puzzle.allowed.map(() => new Set<number>());
  for (const group of puzzle.groups) {
    for (const cell of group) for (const other of group) if (other !== cell) peers[cell].add(other);
  }
  return peers.map((set) => [...set]);
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The positions of the bits of a mask, from low to high. */
export function bitsOf(mask: number): number[] {
  const bits: number[] = [];
  for (let bit = 0; mask >> bit !== 0; bit++) if (mask & (1 << bit)) bits.push(bit);
  return bits;
}
