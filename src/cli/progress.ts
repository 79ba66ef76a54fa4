// Live progress of a run. On a terminal: a dashboard of three lines redrawn in place, with bar, time left, the
// figures that matter and a sparkline of the main one. Elsewhere: one plain line now and then, for log files.
// Time left is the remaining steps times the mean duration of the last few. Nothing is drawn on a timer.

import { showControls } from '../evaluate/plot/escape.ts';
import type { TextStream } from './context.ts';
import { bar, clip, duration, figure, sparkline } from './progress-text.ts';

export interface ProgressOptions {
  isTTY: boolean;
  /** Width of the terminal, now; default 80. */
  columns?: number | (() => number);
  /** Milliseconds, monotonic. */
  now: () => number;
  /** Whether colours are wanted; default false. */
  color?: boolean;
}

/** Where a run reports what it does. `finish` may be called more than once. */
export interface Progress {
  /** Starts a phase of `total` steps, `done` of them from an earlier process. Ends the phase before. */
  phase(name: string, total: number, done?: number): void;
  /** Step `n` of the phase is done. */
  step(n: number, metrics: Readonly<Record<string, number>>): void;
  /** A line that stays. */
  note(text: string): void;
  finish(): void;
}

/** Redraws per second are limited so that fast steps do not wait for a slow terminal. */
const REDRAW_MILLISECONDS = 100;
const PLAIN_MILLISECONDS = 2000;
/** Steps the mean duration is taken over. */
const WINDOW = 16;

/** Shown figures: label, and which metric it is. The first of LEADING that a phase has gets the sparkline. */
const FIGURES: readonly { label: string; matches: (name: string) => boolean }[] = [
  { label: 'loss', matches: (name) => name === 'loss' },
  { label: 'reward', matches: (name) => name === 'reward' },
  { label: 'accuracy', matches: (name) => name === 'accuracy' },
  { label: 'entropy', matches: (name) => name === 'entropy' || name === 'policy.entropy' },
  { label: 'KL', matches: (name) => /(^|[.-])kl([.-]mean)?$/i.test(name) },
  { label: 'length', matches: (name) => name === 'length' },
  { label: 'tokens/s', matches: (name) => name === 'tokens-per-second' },
];
const LEADING = ['accuracy', 'reward', 'loss'];

interface PhaseState {
  name: string;
  total: number;
  step: number;
  started: number;
  /** Step and time of the last few reports, oldest first. */
  marks: { step: number; at: number }[];
  figures: { label: string; value: number }[];
  mainLabel: string | undefined;
  history: number[];
  /** Whether the newest step has been shown. */
  shown: boolean;
}

/**
 * Progress on a stream.
 *
 * @example
 * const progress = createProgress(process.stderr, { isTTY: true, now: () => performance.now() });
 * progress.phase('reinforce', 60);
 * progress.step(1, { reward: 0.4 });
 * progress.finish();
 */
export function createProgress(stream: TextStream, options: ProgressOptions): Progress {
  const { now, isTTY, color = false } = options;
  const columns = () => {
    const { columns: given = 80 } = options;
    const width = typeof given === 'number' ? given : given();
    return width > 0 ? Math.max(10, width) : 80; // some pseudo-terminals say 0
  };
  const paint = (code: number, text: string) => (color && isTTY ? `\x1b[${code}m${text}\x1b[0m` : text);
  let state: PhaseState | undefined;
  let drawnLines = 0;
  let lastDrawn = Number.NEGATIVE_INFINITY;

  const erase = () => {
    if (drawnLines > 0) stream.write(`\x1b[${drawnLines}A\r\x1b[J`);
    drawnLines = 0;
  };
  const show = (force: boolean) => {
    if (state === undefined || (state.shown && !force)) return;
    const interval = isTTY ? REDRAW_MILLISECONDS : PLAIN_MILLISECONDS;
    if (!force && now() - lastDrawn < interval) return;
    lastDrawn = now();
    state.shown = true;
    if (!isTTY) {
      stream.write(`${plainLine(state, now())}\n`);
      return;
    }
    // The last column stays free: writing into it makes some terminals wrap.
    const lines = dashboard(state, now(), columns() - 1);
    erase();
    lines[0] = paint(1, lines[0] ?? '');
    if (lines.length > 2) lines[2] = paint(36, lines[2] ?? '');
    stream.write(`${lines.join('\n')}\n`);
    drawnLines = lines.length;
  };
  const endPhase = () => {
    if (state === undefined) return;
    if (isTTY) {
      erase();
      stream.write(`${clip(summary(state, now()), columns() - 1)}\n`);
    } else {
      if (!state.shown) show(true);
      stream.write(`${summary(state, now())}\n`);
    }
    state = undefined;
  };

  return {
    phase(name, total, done = 0) {
      endPhase();
      const at = now();
      state = {
        name: oneLine(name),
        total,
        step: done,
        started: at,
        marks: [{ step: done, at }],
        figures: [],
        mainLabel: undefined,
        history: [],
        shown: !isTTY,
      };
      lastDrawn = Number.NEGATIVE_INFINITY;
      if (isTTY) show(true);
      lastDrawn = Number.NEGATIVE_INFINITY;
    },
    step(n, metrics) {
      if (state === undefined) return;
      state.step = n;
      state.shown = false;
      state.marks = [...state.marks, { step: n, at: now() }].slice(-WINDOW - 1);
      state.figures = figuresOf(metrics);
      const labels = state.figures.map(({ label }) => label);
      state.mainLabel ??= LEADING.find((label) => labels.includes(label));
      const main = state.figures.find(({ label }) => label === state?.mainLabel);
      if (main !== undefined) state.history.push(main.value);
      show(n >= state.total);
    },
    note(text) {
      erase();
      stream.write(`${showControls(text)}\n`);
      if (isTTY) show(true);
    },
    finish: endPhase,
  };
}

function figuresOf(metrics: Readonly<Record<string, number>>): { label: string; value: number }[] {
  const entries = Object.entries(metrics);
  return FIGURES.flatMap(({ label, matches }) => {
    const found = entries.find(([name]) => matches(name));
    return found === undefined ? [] : [{ label, value: found[1] }];
  });
}

function dashboard(state: PhaseState, at: number, width: number): string[] {
  const { name, step, total } = state;
  const left = timeLeft(state);
  const tail = ` ${step}/${total}${left === undefined ? '' : `  ${duration(left)} left`}`;
  const room = width - name.length - tail.length - 2;
  const share = total > 0 ? step / total : 1;
  const lines = [room >= 8 ? `${name} ${bar(share, Math.min(30, room))} ${tail.trim()}` : `${name}${tail}`];
  if (state.figures.length > 0) {
    lines.push(state.figures.map(({ label, value }) => `${label} ${figure(value)}`).join('  '));
  } else {
    lines.push(`running for ${duration(at - state.started)}`);
  }
  if (state.history.length > 1 && state.mainLabel !== undefined) {
    const label = `${state.mainLabel} `;
    lines.push(label + sparkline(state.history, Math.max(1, Math.min(60, width - label.length))));
  }
  return lines.map((line) => clip(line, width));
}

function plainLine(state: PhaseState, at: number): string {
  const left = timeLeft(state);
  const parts = [
    `${state.name} ${state.step}/${state.total}`,
    ...state.figures.map(({ label, value }) => `${label} ${figure(value)}`),
    left === undefined ? `after ${duration(at - state.started)}` : `${duration(left)} left`,
  ];
  return parts.join('  ');
}

function summary(state: PhaseState, at: number): string {
  const { name, step, total, started, figures } = state;
  const count = step >= total ? `${total}/${total} done` : `stopped at ${step}/${total}`;
  const shown = figures.filter(({ label }) => label !== 'tokens/s');
  return [
    `${name} ${count} in ${duration(at - started)}`,
    ...shown.map((f) => `${f.label} ${figure(f.value)}`),
  ].join('  ');
}

/** Milliseconds left in the phase; undefined before anything has been measured, and at its end. */
function timeLeft({ marks, step, total }: PhaseState): number | undefined {
  const first = marks[0];
  const last = marks.at(-1);
  if (first === undefined || last === undefined || last.step <= first.step || step >= total) return undefined;
  return ((total - step) * (last.at - first.at)) / (last.step - first.step);
}

function oneLine(text: string): string {
  return showControls(text).replaceAll('\n', ' ');
}
