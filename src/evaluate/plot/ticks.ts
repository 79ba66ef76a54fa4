// Where an axis puts its marks and what it writes there. Linear ticks are multiples of 1, 2 or 5 times a power
// of ten; logarithmic ticks are powers of ten, with 2 and 5 between them where there is room. All labels of one
// axis share a form (plain, thousands, power of ten), so that they can be compared at a glance.

import { fixed, superscript } from './format.ts';

/** Ranges narrower than this share of their size are drawn as constant: doubles cannot fill them evenly. */
const NARROWEST = 1e-11;

/** Values beyond this are clamped so that differences stay finite. */
const LARGEST = 1e300;

/** Values below this are taken as zero so that steps do not underflow. */
const SMALLEST = 1e-290;

/** A finite number of manageable size, or null for anything that cannot be placed on an axis. */
export function plottable(value: number | null | undefined): number | null {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  if (Math.abs(value) < SMALLEST) return 0;
  return Math.max(-LARGEST, Math.min(LARGEST, value));
}

/** The multiple of 1, 2 or 5 and a power of ten that cuts a span into about `count` parts. */
export function tickStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const error = rough / power;
  const factor = error >= Math.sqrt(50) ? 10 : error >= Math.sqrt(10) ? 5 : error >= Math.SQRT2 ? 2 : 1;
  return factor * power;
}

/** An interval with room in it: a constant gets a margin, a reversed one is turned round. */
export function openDomain(low: number, high: number): [number, number] {
  const from = Math.min(low, high);
  const to = Math.max(low, high);
  const size = Math.max(Math.abs(from), Math.abs(to));
  if (size === 0) return [0, 1];
  if (to - from > NARROWEST * size) return [from, to];
  return [from - size / 10, to + size / 10];
}

/** The domain widened to whole tick steps. Widening can coarsen the step, so it is repeated until it settles. */
export function niceDomain(low: number, high: number, count: number): [number, number] {
  let [from, to] = openDomain(low, high);
  for (let previous = 0, round = 0; round < 5; round++) {
    const step = tickStep(to - from, count);
    const widened = [Math.floor(from / step + 1e-9) * step, Math.ceil(to / step - 1e-9) * step];
    if (step === previous || !widened.every(Number.isFinite) || widened[0] >= widened[1]) break;
    [from, to] = [Math.min(from, widened[0]), Math.max(to, widened[1])];
    previous = step;
  }
  return [from, to];
}

/**
 * Round values inside a domain, about `count` of them, ascending.
 *
 * @example
 * linearTicks(0, 1, 5); // [0, 0.2, 0.4, 0.6, 0.8, 1]
 */
export function linearTicks(low: number, high: number, count: number): number[] {
  const [from, to] = openDomain(low, high);
  const step = tickStep(to - from, count);
  const slack = 1e-9;
  const first = Math.ceil(from / step - slack);
  const last = Math.floor(to / step + slack);
  const ticks: number[] = [];
  for (let i = first; i <= last && ticks.length < 1000; i++) {
    // Dividing by the inverse step avoids 0.30000000000000004; adding 0 turns -0 into 0.
    ticks.push((step < 1 && step > 1e-9 ? i / Math.round(1 / step) : i * step) + 0);
  }
  return ticks;
}

/** Powers of ten inside a domain of positive numbers, thinned or filled to about `count`. */
export function logTicks(low: number, high: number, count: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  const decades = last - first;
  const every = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const factors = decades * 3 <= count + 1 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent += every) {
    for (const factor of factors) {
      const value = factor * 10 ** exponent;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push(value);
    }
  }
  return ticks.length >= 2 ? ticks : linearTicks(low, high, count);
}

/** Decimals needed to tell multiples of `step` apart. */
function decimalsOf(step: number): number {
  return Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
}

/** The labels of linear ticks in one common form. */
export function linearLabels(ticks: readonly number[]): string[] {
  const largest = Math.max(0, ...ticks.map(Math.abs));
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : largest || 1;
  if (largest === 0) return ticks.map(() => '0');
  if (largest >= 1e15 || largest < 1e-4) {
    const exponent = Math.floor(Math.log10(largest) + 1e-9);
    const unit = 10 ** exponent;
    const decimals = decimalsOf(step / unit);
    return ticks.map((tick) =>
      tick === 0 ? '0' : `${fixed(tick / unit, decimals)}×10${superscript(exponent)}`,
    );
  }
  for (const [size, suffix] of [
    [1e12, ' T'],
    [1e9, ' G'],
    [1e6, ' M'],
    [1e4, ' k'],
  ] as const) {
    if (largest < size) continue;
    const unit = size === 1e4 ? 1e3 : size;
    const decimals = decimalsOf(step / unit);
    if (decimals > 3) break;
    return ticks.map((tick) => (tick === 0 ? '0' : `${fixed(tick / unit, decimals)}${suffix}`));
  }
  return ticks.map((tick) => fixed(tick, decimalsOf(step)));
}

/** The labels of logarithmic ticks: plain between 0.001 and 1000, powers of ten outside. */
export function logLabels(ticks: readonly number[]): string[] {
  const plain = ticks.every((tick) => tick >= 0.000999 && tick < 10001);
  return ticks.map((tick) => {
    const exponent = Math.floor(Math.log10(tick) + 1e-9);
    if (plain) return fixed(tick, Math.max(0, -exponent));
    const mantissa = Math.round(tick / 10 ** exponent);
    return mantissa === 1 ? `10${superscript(exponent)}` : `${mantissa}×10${superscript(exponent)}`;
  });
}
