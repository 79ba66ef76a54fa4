// Exact cover by Knuth's algorithm X on sets: choose rows so that every column is covered exactly once. A second
// road to puzzles that all-different.ts solves, used to confirm uniqueness. Solutions are lists of row indices;
// the search stops at a limit. The order of columns and rows decides the order of solutions, nothing else.

/** Up to `limit` exact covers of the columns by the rows. */
export function exactCovers<K>(
  columns: Iterable<K>,
  rows: readonly (readonly K[])[],
  limit: number,
): number[][] {
  const open = new Map<K, Set<number>>();
  for (const column of columns) open.set(column, new Set());
  rows.forEach((row, index) => {
    for (const column of row) open.get(column)?.add(index);
  });
  const chosen: number[] = [];
  const covers: number[][] = [];

  const search = (): void => {
    let column: K | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const [key, candidates] of open) {
      if (candidates.size < fewest) {
        column = key;
        fewest = candidates.size;
      }
    }
    if (column === undefined) {
      covers.push(chosen.slice());
      return;
    }
    for (const row of [...(open.get(column) ?? [])]) {
      chosen.push(row);
      const removed = cover(rows[row]);
      search();
      uncover(rows[row], removed);
      chosen.pop();
      if (covers.length >= limit) return;
    }
  };
  const cover = (row: readonly K[]): Set<number>[] =>
    row.map((column) => {
      const candidates = open.get(column) ?? new Set<number>();
      for (const other of candidates) {
        for (const key of rows[other]) if (key !== column) open.get(key)?.delete(other);
      }
      open.delete(column);
      return candidates;
    });
  const uncover = (row: readonly K[], removed: Set<number>[]): void => {
    for (let i = row.length - 1; i >= 0; i--) {
      open.set(row[i], removed[i]);
      for (const other of removed[i]) {
        for (const key of rows[other]) if (key !== row[i]) open.get(key)?.add(other);
      }
    }
  };
  search();
  return covers;
}
