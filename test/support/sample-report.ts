// A made-up run with the shape of a real one, for tests and for looking at the report's design: a cold start, a
// reinforcement phase with gaps, a diverging scale, G-Pass curves, 16 tasks, and rollouts of every kind. Numbers
// are drawn from a seed; none was measured.

import { createRng, type Rng } from '../../src/core/index.ts';
import type {
  CurveSeries,
  Interval,
  ReportData,
  ReportRollout,
} from '../../src/evaluate/report/report-data.ts';

function around(value: number, half: number): Interval {
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

function curve(
  name: string,
  unit: string | undefined,
  steps: readonly number[],
  at: (share: number, step: number) => number | null,
): CurveSeries {
  const points = steps.map((step, i) => ({ step, value: at(i / Math.max(1, steps.length - 1), step) }));
  return { name, ...(unit === undefined ? {} : { unit }), points };
}

function steps(from: number, to: number, every = 1): number[] {
  return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every);
}

const rise = (share: number, sharp = 8, middle = 0.4) => 1 / (1 + Math.exp(-sharp * (share - middle)));

function phases(rng: Rng): ReportData['phases'] {
  const noise = (size: number) => size * rng.normal();
  const cold = steps(0, 1200);
  const push = steps(1200, 1800);
  return [
    {
      name: 'cold start (SFT)',
      series: [
        curve(
          'loss',
          'nats per token',
          cold,
          (s) => 0.05 + 3.2 * Math.exp(-6 * s) * (1 + noise(0.12)) + Math.abs(noise(0.02)),
        ),
        curve('accuracy', 'avg@16, held out', steps(0, 1200, 50), (s) =>
          Math.max(0, 0.42 * rise(s) + noise(0.02)),
        ),
        curve('throughput', 'tokens/s', cold, () => 11800 + noise(600)),
        curve('gradient norm', undefined, cold, (s) => 10 ** (0.4 - 1.5 * s + noise(0.18))),
      ],
    },
    {
      name: 'reinforcement (OREAL)',
      series: [
        curve('reward', 'mean per rollout', push, (s) =>
          Math.min(1, 0.42 + 0.5 * rise(s, 7, 0.3) + noise(0.05)),
        ),
        curve(
          'accuracy',
          'avg@16, held out',
          steps(1200, 1800, 50),
          (s) => 0.42 + 0.47 * rise(s, 7, 0.3) + noise(0.015),
        ),
        curve('entropy', 'nats per token', push, (s) => 0.31 * Math.exp(-1.6 * s) + Math.abs(noise(0.012))),
        curve(
          'KL to reference',
          'nats per token',
          push,
          (s) => 10 ** (-5.6 + 4 * Math.sqrt(s) + noise(0.14)),
        ),
        curve('response length', 'tokens', push, (s) => Math.round(118 + 40 * s + noise(7))),
        curve('positive loss', undefined, push, (s) => 0.2 * Math.exp(-2 * s) + noise(0.02)),
        curve('token reward model accuracy', undefined, push, (s, step) =>
          step > 1390 && step < 1450 ? null : 0.5 + 0.36 * rise(s, 9, 0.3) + noise(0.03),
        ),
        curve('throughput', 'tokens/s', push, () => 3150 + noise(240)),
        curve('gradient norm', undefined, push, (s) => 10 ** (-0.4 + noise(0.22) - 0.3 * s)),
        curve('share of all-equal groups', undefined, push, (s) => Math.max(0, 0.2 + 0.3 * s + noise(0.05))),
      ],
    },
  ];
}

function gPass(): ReportData['gPass'] {
  const taus = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];
  return [8, 16].flatMap((k) =>
    (['before', 'after'] as const).map((label) => ({
      label,
      k,
      points: taus.map((threshold) => {
        const value =
          label === 'before' ? 0.86 - 0.8 * rise(threshold, 7, 0.42) : 0.97 - 0.22 * rise(threshold, 6, 0.8);
        return { threshold, ...around(value - (k === 16 ? 0.01 : 0), label === 'before' ? 0.045 : 0.03) };
      }),
    })),
  );
}

const TASKS = [
  'addition',
  'subtraction',
  'multiplication',
  'word flip',
  'parity',
  'bubble sort',
  'binary search',
  'bracket matching',
  'depth-first search',
  'knight moves',
  'maze',
  'syllogism',
  'truth table',
  'string editing',
  'calendar',
  'longest common subsequence',
];

function evaluationTable(rng: Rng): ReportData['evaluationTable'] {
  return TASKS.map((task, i) => {
    const before = 0.1 + 0.5 * rng.uniform();
    const after = i === 5 ? before + 0.02 : Math.min(1, before + 0.1 + 0.5 * rng.uniform());
    return {
      group: `${task} / ${['short', 'medium', 'long'][i % 3]}`,
      metrics: [
        { name: 'avg@16', before: around(before, 0.04), after: around(after, 0.03) },
        {
          name: 'mG-Pass@16',
          before: around(before * 0.6, 0.05),
          after: i === 9 ? null : around(after * 0.9, 0.04),
        },
        {
          name: 'response tokens',
          before: { value: 100 + 9 * i, low: 96 + 9 * i, high: 104 + 9 * i },
          after: { value: 130 + 11 * i, low: 126 + 11 * i, high: 134 + 11 * i },
        },
      ],
    };
  });
}

function rollout(
  rng: Rng,
  index: number,
  outcome: string,
  sums: readonly [string, boolean][],
): ReportRollout {
  const words = sums.flatMap(([text]) => text.match(/\s?[^\s]+|\n/g) ?? []);
  let at = 0;
  const blame = sums.flatMap(([text, matters]) => (text.match(/\s?[^\s]+|\n/g) ?? []).map(() => matters));
  const sign = outcome === 'correct' ? 1 : -1;
  return {
    itemId: `tail.addition/plain/test/3/${index}`,
    step: 1200 + 75 * index,
    reward: outcome === 'correct' ? 1 : outcome === 'timeout' ? null : 0,
    outcome,
    prompt: 'Add the two numbers. Show each column.\n  4837\n+ 1596',
    tokens: words.map((text) => {
      const matters = blame[at++];
      const weight = matters ? 0.5 + 0.45 * rng.uniform() : 0.12 * rng.uniform();
      return {
        text,
        weight: outcome === 'timeout' ? null : weight,
        advantage: sign * (matters ? 0.5 + 0.3 * rng.uniform() : 0.2 * rng.uniform()),
        logProb: matters ? -1.2 * rng.uniform() : -0.05 * rng.uniform(),
      };
    }),
  };
}

/** A realistic report input; the same seed gives the same data. */
export function sampleReport(seed = 7): ReportData {
  const rng = createRng(seed, 'sample-report');
  const right: [string, boolean][] = [
    ['7 + 6 = 13 , write 3 , carry 1 \n', false],
    ['3 + 9 + 1 = 13 , write 3 , carry 1 \n', true],
    ['8 + 5 + 1 = 14 , write 4 , carry 1 \n4 + 1 + 1 = 6 , write 6 \n', false],
    ['answer : 6433 <eos>', true],
  ];
  const wrong: [string, boolean][] = [
    ['7 + 6 = 13 , write 3 , carry 1 \n', false],
    ['3 + 9 = 12 , write 2 , carry 1 \n', true],
    ['8 + 5 + 1 = 14 , write 4 , carry 1 \n4 + 1 + 1 = 6 , write 6 \n', false],
    ['answer : 6423 <eos>', true],
  ];
  return {
    title: 'TAIL addition: cold start, then OREAL, on a 2.1 M parameter model',
    recipeText:
      'model: { architecture: llama, layers: 4, width: 192 }\ntasks: [tail.addition, tail.flip]\n' +
      'method: oreal\nseed: 7\nsamples: 16\nkl: 0.01\n',
    seed,
    startedAt: '2026-09-14 08:12 UTC',
    wallSeconds: 3912,
    machine: '2 CPU cores, 8 GiB, onnx executor',
    headline: [
      { name: 'mG-Pass@16', before: around(0.183, 0.031), after: around(0.742, 0.035) },
      { name: 'avg@16', before: around(0.418, 0.028), after: around(0.891, 0.021) },
      { name: 'pass@16', before: around(0.861, 0.03), after: around(0.907, 0.026) },
      { name: 'G-Pass@16 at τ = 1', before: around(0, 0), after: around(0.53, 0.04) },
    ],
    phases: phases(rng.split('phases')),
    gPass: gPass(),
    evaluationTable: evaluationTable(rng.split('table')),
    rollouts: [
      rollout(rng, 1, 'correct', right),
      rollout(rng, 2, 'incorrect', wrong),
      rollout(rng, 3, 'timeout', wrong.slice(0, 2)),
      rollout(rng, 4, 'correct', right),
    ],
    notes: [
      'Intervals are cluster bootstraps over 400 problems; they do not include the variation between training seeds.',
      'Only one seed was trained. A second seed may differ by more than the interval shows.',
    ],
  };
}
