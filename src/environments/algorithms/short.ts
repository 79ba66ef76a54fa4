// gr.short: a shortest path between two nodes. Any optimal path is accepted: the checker walks the answer along
// the edges and compares its length with the optimum, recomputed by a table over (edges used, node). The second
// checker enumerates simple paths instead. Grid costs and places that must be visited are left out.

import type { Rng } from '../../core/index.ts';
import { bothWays, type Edge, pathsWithin, shortestPath } from '../kits/graph.ts';
import { compose, type Templates } from '../kits/phrase.ts';
import { retry } from '../kits/retry.ts';
import { type CheckResult, knob, type Level, type TaskDef, unparsed, verifierFault } from '../task.ts';

type Graph = {
  nodes: string[];
  /** [from, to, weight], indices into `nodes`. */
  edges: [number, number, number][];
  from: number;
  to: number;
  directed: boolean;
  /** Most edges a path may have. */
  maxEdges: number;
};

type Variant = 'unweighted' | 'weighted' | 'directed' | 'k-stops';

const LEVELS: readonly Level[] = [
  { name: 'trivial', knobs: { nodes: 6, extra: 2, hops: 2, weight: 9 } },
  { name: 'easy', knobs: { nodes: 8, extra: 5, hops: 2, weight: 9 } },
  { name: 'medium', knobs: { nodes: 11, extra: 9, hops: 3, weight: 20 } },
  { name: 'hard', knobs: { nodes: 15, extra: 14, hops: 3, weight: 50 } },
  { name: 'extreme', knobs: { nodes: 20, extra: 22, hops: 4, weight: 99 } },
];

const KIND: Readonly<Record<Variant, string>> = {
  unweighted: 'Roads, usable in both directions, all of length 1:',
  weighted: 'Roads, usable in both directions, with their lengths:',
  directed: 'One-way roads with their lengths; X>Y may only be driven from X to Y:',
  'k-stops': 'One-way roads with their lengths; X>Y may only be driven from X to Y:',
};

const TEMPLATES: Templates = {
  en: [
    '{kind}\n{edges}\n\nFind a shortest route from {from} to {to}.{limit} Write the places in order, separated by spaces, both ends included.',
    'A traveller wants to go from {from} to {to} by the least total length.{limit}\n\n{kind}\n{edges}\n\nGive one best route as the places in order, separated by spaces, with {from} first and {to} last.',
    'Map. {kind}\n{edges}\n\nWhich route from {from} to {to} is shortest?{limit} If several are, give any one. List its places in order, separated by spaces, ends included.',
  ],
};

function edgesOf(graph: Graph): Edge[] {
  const edges = graph.edges.map(([from, to, weight]) => ({ from, to, weight }));
  return graph.directed ? edges : bothWays(edges);
}

function best(graph: Graph): { path: number[]; length: number } {
  const found = shortestPath(graph.nodes.length, edgesOf(graph), graph.from, graph.to, graph.maxEdges);
  if (found === null) throw verifierFault('the target cannot be reached');
  return found;
}

const show = (graph: Graph, path: readonly number[]) => path.map((node) => graph.nodes[node]).join(' ');

/** Places named by an answer: letters separated by spaces, commas or arrows; null when one is unknown. */
function readPath(graph: Graph, answer: string): number[] | null {
  if (answer.length > 500) return null;
  const names = answer
    .toUpperCase()
    .split(/[^A-Z]+/)
    .filter((name) => name !== '');
  const path = names.map((name) => graph.nodes.indexOf(name));
  return path.length === 0 || path.includes(-1) || !/^[A-Z\s,>→-]*$/i.test(answer) ? null : path;
}

function check(graph: Graph, answer: string): CheckResult {
  const path = readPath(graph, answer);
  if (path === null) return unparsed('not a list of places');
  const parsed = show(graph, path);
  const wrong = (reason: string): CheckResult => ({ score: 0, parsed, reason });
  if (path[0] !== graph.from || path[path.length - 1] !== graph.to) return wrong('wrong ends');
  if (path.length - 1 > graph.maxEdges) return wrong('too many roads');
  const edges = edgesOf(graph);
  let length = 0;
  for (let i = 1; i < path.length; i++) {
    const edge = edges.find(({ from, to }) => from === path[i - 1] && to === path[i]);
    if (edge === undefined)
      return wrong(`no road from ${graph.nodes[path[i - 1]]} to ${graph.nodes[path[i]]}`);
    length += edge.weight;
  }
  const optimum = best(graph).length;
  return length === optimum
    ? { score: 1, parsed, reason: `length ${length} is least` }
    : wrong(`length ${length}, but ${optimum} is possible`);
}

function draw(variant: Variant, rng: Rng, level: number): Graph | null {
  const count = knob(LEVELS, level, 'nodes');
  const nodes = rng.sample([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'], count);
  const weight = () => (variant === 'unweighted' ? 1 : rng.int(1, knob(LEVELS, level, 'weight')));
  const directed = variant === 'directed' || variant === 'k-stops';
  const edges = new Map<string, [number, number, number]>();
  const connect = (a: number, b: number) => {
    if (a !== b && !edges.has(`${a},${b}`) && !edges.has(`${b},${a}`))
      edges.set(`${a},${b}`, [a, b, weight()]);
  };
  for (let node = 1; node < count; node++) connect(rng.int(Math.max(0, node - 4), node - 1), node);
  const extra = knob(LEVELS, level, 'extra') + (directed ? count : 0);
  for (let i = 0; i < extra; i++) connect(rng.int(0, count - 1), rng.int(0, count - 1));
  const drawn = { nodes, edges: rng.shuffle([...edges.values()]), from: 0, directed };
  for (const to of rng.shuffle(nodes.map((_, node) => node).slice(1))) {
    const graph: Graph = { ...drawn, to, maxEdges: count - 1 };
    const found = shortestPath(count, edgesOf(graph), 0, to);
    if (found === null || found.path.length - 1 < knob(LEVELS, level, 'hops')) continue;
    if (variant !== 'k-stops') return graph;
    // The limit must bind: the best route overall has too many roads, and another one exists.
    const maxEdges = found.path.length - 2;
    const limited = shortestPath(count, edgesOf(graph), 0, to, maxEdges);
    if (limited !== null && limited.path.length >= 3) return { ...graph, maxEdges };
  }
  return null;
}

/** The optimal routes among simple paths, by enumeration. Optimal walks are simple, as lengths are positive. */
function optimalPaths(graph: Graph): number[][] {
  const { nodes, from, to, maxEdges } = graph;
  return pathsWithin(nodes.length, edgesOf(graph), from, to, best(graph).length, maxEdges, 200);
}

function secondCheck(graph: Graph, answer: string): boolean {
  const wanted = answer
    .replace(/[^A-Za-z]+/g, ' ')
    .trim()
    .toUpperCase();
  if (/[^A-Za-z\s,>→-]/.test(answer)) return false;
  const paths = optimalPaths(graph);
  const shorter = pathsWithin(
    graph.nodes.length,
    edgesOf(graph),
    graph.from,
    graph.to,
    best(graph).length - 1,
    graph.maxEdges,
    1,
  );
  return shorter.length === 0 && paths.some((path) => show(graph, path) === wanted);
}

function task(variant: Variant): TaskDef<Graph> {
  return {
    id: `gr.short/${variant}`,
    version: 1,
    group: 'algorithms',
    kind: 'S',
    levels: LEVELS,
    guessRate: 0.02,
    capacity: [20, 30, 50, 60, 80],
    templates: 3,
    languages: ['en'],
    generate: (rng, level) => retry(rng, 500, (attempt) => draw(variant, attempt, level)),
    prompt: (graph, template, language) =>
      compose(TEMPLATES, template, language, {
        kind: KIND[variant],
        edges: graph.edges
          .map(([from, to, weight]) => {
            const road = `${graph.nodes[from]}${graph.directed ? '>' : '-'}${graph.nodes[to]}`;
            return variant === 'unweighted' ? road : `${road}: ${weight}`;
          })
          .join('\n'),
        from: graph.nodes[graph.from],
        to: graph.nodes[graph.to],
        limit: variant === 'k-stops' ? ` The route may use at most ${graph.maxEdges} roads.` : '',
      }),
    oracle: (graph) => show(graph, best(graph).path),
    check,
    difficulty: ({ edges }) => edges.length,
    alternatives: (graph) =>
      optimalPaths(graph).map((path) => path.map((node) => graph.nodes[node]).join(' > ')),
    attacks: (graph) => {
      const ends = `${graph.nodes[graph.from]} ${graph.nodes[graph.to]}`;
      const longer = pathsWithin(
        graph.nodes.length,
        edgesOf(graph),
        graph.from,
        graph.to,
        1e9,
        graph.nodes.length,
        20,
      );
      const detours = longer.map((path) => show(graph, path)).filter((path) => !secondCheck(graph, path));
      const shuttle = `${graph.nodes[graph.from]} ${show(graph, best(graph).path)}`;
      return [
        ends,
        `${best(graph).length}`,
        show(graph, best(graph).path.slice().reverse()),
        shuttle,
        ...detours,
      ];
    },
    secondSolver: (graph) => show(graph, optimalPaths(graph)[0] ?? []),
    secondCheck,
  };
}

/** Shortest routes under four kinds of roads. */
export const tasks: readonly TaskDef[] = (['unweighted', 'weighted', 'directed', 'k-stops'] as const).map(
  task,
);
