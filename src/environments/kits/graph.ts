// Weighted graphs on 0…n-1 and shortest walks with a limit on edges: a table over (edges used, node), from which
// one best path is read back. Without a limit n-1 edges suffice, since weights are not negative. Ties go to fewer
// edges, then to lower node numbers, so that the path is canonical.

export interface Edge {
  from: number;
  to: number;
  weight: number;
}

/** Every edge in both directions. */
export function bothWays(edges: readonly Edge[]): Edge[] {
  return edges.flatMap((edge) => [edge, { from: edge.to, to: edge.from, weight: edge.weight }]);
}

/** The best path of at most `maxEdges` edges and its length, or null when there is none. */
export function shortestPath(
  nodes: number,
  edges: readonly Edge[],
  from: number,
  to: number,
  maxEdges = nodes - 1,
): { path: number[]; length: number } | null {
  // best[k][v]: least length of a walk of exactly k edges from `from` to v.
  const best: number[][] = [new Array<number>(nodes).fill(Number.POSITIVE_INFINITY)];
  best[0][from] = 0;
  const before: number[][] = [[]];
  for (let k = 1; k <= maxEdges; k++) {
    const row = new Array<number>(nodes).fill(Number.POSITIVE_INFINITY);
    const back = new Array<number>(nodes).fill(-1);
    for (const edge of edges) {
      const length = best[k - 1][edge.from] + edge.weight;
      if (length < row[edge.to] || (length === row[edge.to] && edge.from < back[edge.to])) {
        row[edge.to] = length;
        back[edge.to] = edge.from;
      }
    }
    best.push(row);
    before.push(back);
  }
  let used = 0;
  for (let k = 1; k <= maxEdges; k++) if (best[k][to] < best[used][to]) used = k;
  if (best[used][to] === Number.POSITIVE_INFINITY) return null;
  const path = [to];
  for (let k = used; k > 0; k--) path.unshift(before[k][path[0]]);
  return { path, length: best[used][to] };
}

/** All simple paths of at most `maxEdges` edges whose length is at most `maxLength`; stops at `limit`. */
export function pathsWithin(
  nodes: number,
  edges: readonly Edge[],
  from: number,
  to: number,
  maxLength: number,
  maxEdges: number,
  limit: number,
): number[][] {
  const out: Edge[][] = Array.from({ length: nodes }, () => []);
  for (const edge of edges) out[edge.from].push(edge);
  const found: number[][] = [];
  const path = [from];
  const walk = (node: number, length: number): void => {
    if (node === to) {
      found.push(path.slice());
      return;
    }
    if (path.length > maxEdges) return;
    for (const edge of out[node]) {
      if (found.length >= limit || length + edge.weight > maxLength || path.includes(edge.to)) continue;
      path.push(edge.to);
      walk(edge.to, length + edge.weight);
      path.pop();
    }
  };
  walk(from, 0);
  return found;
}
