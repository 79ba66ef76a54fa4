// From data to pixels: a linear or logarithmic map with its ticks and labels. Domains are made nice here; a
// logarithmic scale is only given where every value is positive, otherwise it falls back to linear.

import {
  linearLabels,
  linearTicks,
  logLabels,
  logTicks,
  niceDomain,
  openDomain,
  plottable,
  tickStep,
} from './ticks.ts';

/** Values spread over more than this factor read better on a logarithmic axis. */
const LOG_FROM = 1000;

/** Average advance of a digit at the axis' type size, in pixels; used to keep labels apart. */
const LABEL_WIDTH = 6.3;

export type ScaleKind = 'linear' | 'log';

export interface Tick {
  value: number;
  position: number;
  label: string;
}

export interface Scale {
  kind: ScaleKind;
  domain: readonly [number, number];
  range: readonly [number, number];
  /** Pixel position of a value; values outside the domain lie outside the range. */
  at(value: number): number;
  ticks: readonly Tick[];
}

export interface ScaleOptions {
  /** `auto` chooses log for positive values that spread over three decades. */
  kind?: ScaleKind | 'auto';
  /** Ends of the domain; taken as they are when given. */
  domain?: readonly [number, number];
  range: readonly [number, number];
  /** About how many ticks. */
  count?: number;
  /** Only whole numbers as ticks. */
  whole?: boolean;
  /** Width of the axis when labels stand side by side: ticks are thinned until labels keep apart. */
  horizontal?: boolean;
}

/** Width that a label will take, estimated. */
export function labelWidth(label: string): number {
  return [...label].length * LABEL_WIDTH;
}

function extent(values: Iterable<number | null>): { low: number; high: number; positive: boolean } | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const raw of values) {
    const value = plottable(raw);
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? null : { low, high, positive: low > 0 };
}

function crowded(ticks: readonly Tick[]): boolean {
  return ticks.some((tick, i) => {
    if (i === 0) return false;
    const before = ticks[i - 1];
    const gap = Math.abs(tick.position - before.position);
    return gap < (labelWidth(tick.label) + labelWidth(before.label)) / 2 + 10;
  });
}

/** A scale for these values. No usable value gives the domain [0, 1]. */
export function makeScale(values: Iterable<number | null>, options: ScaleOptions): Scale {
  const found = extent(options.domain ?? values) ?? { low: 0, high: 1, positive: false };
  const count = options.count ?? 5;
  const wantsLog = options.kind === 'log' || (options.kind === 'auto' && found.high / found.low >= LOG_FROM);
  const kind: ScaleKind = wantsLog && found.positive && found.high > found.low ? 'log' : 'linear';
  let domain: [number, number];
  if (options.domain !== undefined) domain = openDomain(found.low, found.high);
  else if (kind === 'log') {
    domain = [10 ** Math.floor(Math.log10(found.low)), 10 ** Math.ceil(Math.log10(found.high))];
  } else domain = niceDomain(found.low, found.high, count);
  // A power of ten can underflow or overflow at the ends of the double range.
  if (kind === 'log' && (domain[0] <= 0 || !Number.isFinite(domain[1]))) domain = [found.low, found.high];
  return build(kind, domain, options, count);
}

function build(kind: ScaleKind, domain: [number, number], options: ScaleOptions, count: number): Scale {
  const [start, end] = options.range;
  const map = kind === 'log' ? Math.log10 : (value: number) => value;
  const from = map(domain[0]);
  const span = map(domain[1]) - from;
  const at = (value: number) => start + ((map(value) - from) / span) * (end - start);
  const ticksFor = (wanted: number): Tick[] => {
    const whole = options.whole === true && tickStep(domain[1] - domain[0], wanted) < 1;
    const raw = kind === 'log' ? logTicks(...domain, wanted) : linearTicks(...domain, wanted);
    const marks = whole ? raw.filter((tick) => Number.isInteger(tick)) : raw;
    const labels = kind === 'log' ? logLabels(marks) : linearLabels(marks);
    return marks.map((value, i) => ({ value, position: at(value), label: labels[i] }));
  };
  let ticks = ticksFor(count);
  for (let fewer = count - 1; options.horizontal === true && fewer >= 1 && crowded(ticks); fewer--) {
    ticks = ticksFor(fewer);
  }
  if (options.horizontal === true && crowded(ticks)) ticks = ticks.slice(0, 1);
  return { kind, domain, range: options.range, at, ticks };
}
