// The small drawing beside a before/after pair: both intervals on one line, a hollow dot for before and a filled
// dot for after. Shares of one keep the axis 0…1 everywhere, so that rows compare by eye; other quantities get
// the span of their metric.

import { colourClass, niceDomain, plottable, px } from '../plot/index.ts';
import type { Interval } from './report-data.ts';

/** Palette index of the state before training: grey, so that colour means "after". */
export const BEFORE_COLOUR = 7;

/** Palette index of the state after training. */
export const AFTER_COLOUR = 0;

const WIDTH = 180;
const HEIGHT = 20;
const MARGIN = 6;

/** Ends of the axis for a set of estimates. */
export function dumbbellDomain(intervals: readonly (Interval | null)[]): readonly [number, number] {
  const numbers = intervals
    .flatMap((interval) => (interval === null ? [] : [interval.value, interval.low, interval.high]))
    .map(plottable)
    .filter((number) => number !== null);
  if (numbers.every((number) => number >= 0 && number <= 1)) return [0, 1];
  return niceDomain(Math.min(0, ...numbers), Math.max(0, ...numbers), 4);
}

/** Before and after on one axis; decorative, since the numbers stand beside it. */
export function dumbbell(
  before: Interval | null,
  after: Interval | null,
  domain: readonly [number, number],
): string {
  const [from, to] = domain;
  const at = (value: number) => MARGIN + ((value - from) / (to - from)) * (WIDTH - 2 * MARGIN);
  const row = (interval: Interval | null, y: number, colour: number, hollow: boolean) => {
    if (interval === null || plottable(interval.value) === null) return '';
    const style = `${colourClass(colour)}${hollow ? ' hollow' : ''}`;
    const ends =
      plottable(interval.low) === null || plottable(interval.high) === null
        ? ''
        : `<path class="whisker ${style}" d="M${px(at(interval.low))},${y}H${px(at(interval.high))}"/>`;
    return `${ends}<circle class="dot ${style}" cx="${px(at(interval.value))}" cy="${y}" r="3.4"/>`;
  };
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const where = px(MARGIN + share * (WIDTH - 2 * MARGIN));
    return `M${where},1V${HEIGHT - 1}`;
  });
  return (
    `<svg class="dumbbell" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">` +
    `<path class="grid" d="${ticks.join('')}"/>` +
    `${row(before, 6, BEFORE_COLOUR, true)}${row(after, 14, AFTER_COLOUR, false)}</svg>`
  );
}

/** Whether two intervals share a point; false when either is not known. */
export function overlap(a: Interval, b: Interval): boolean {
  return a.low <= b.high && b.low <= a.high;
}
