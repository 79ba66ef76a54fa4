// What can be drawn: a line, a band, points, a vertical rule, a shaded span of x. A mark says which values the
// axes must show and renders itself once scales exist. Colour is a class `c0`…`c7` whose variable `--c` the page
// sets, so that one drawing serves light and dark. Coordinates are rounded to a tenth of a pixel.

import type { Scale } from './scale.ts';
import { type Point, unbroken } from './series.ts';
import { plottable } from './ticks.ts';

/** Colours of the palette; higher numbers start over. */
export const COLOURS = 8;

export interface Mark {
  xs: readonly number[];
  ys: readonly (number | null)[];
  render(x: Scale, y: Scale): string;
}

export interface MarkStyle {
  /** Index into the palette. */
  colour?: number;
  /** Drawn lightly, for raw data behind an average. */
  faint?: boolean;
  /** Dashed lines and hollow points: a second cue besides colour. */
  hollow?: boolean;
}

/** A point with the interval around it. */
export interface BandPoint {
  x: number;
  low: number;
  high: number;
}

/** Pixels as SVG wants them. */
export function px(value: number): string {
  return (Math.round(value * 10) / 10 + 0).toString();
}

/** The class that sets a palette colour. */
export function colourClass(colour = 0): string {
  return `c${((Math.trunc(colour) % COLOURS) + COLOURS) % COLOURS}`;
}

function classes(name: string, style: MarkStyle): string {
  return [name, colourClass(style.colour), style.faint && 'faint', style.hollow && 'hollow']
    .filter(Boolean)
    .join(' ');
}

/** A line through the points, broken at gaps. A point alone between gaps is drawn as a dot. */
export function line(points: readonly Point[], style: MarkStyle = {}): Mark {
  return {
    xs: points.map((point) => point.x),
    ys: points.map((point) => point.y),
    render(x, y) {
      const runs = unbroken(points);
      const path = runs
        .filter((run) => run.length > 1)
        .map((run) => `M${run.map((point) => `${px(x.at(point.x))},${px(y.at(point.y))}`).join('L')}`)
        .join('');
      const alone = runs
        .filter((run) => run.length === 1)
        .map(([point]) => dot(x.at(point.x), y.at(point.y), 1.8, classes('dot', style)));
      return (path === '' ? '' : `<path class="${classes('line', style)}" d="${path}"/>`) + alone.join('');
    },
  };
}

/** Dots at the points. */
export function dots(points: readonly Point[], style: MarkStyle = {}, radius = 3): Mark {
  return {
    xs: points.map((point) => point.x),
    ys: points.map((point) => point.y),
    render(x, y) {
      return unbroken(points)
        .flat()
        .map((point) => dot(x.at(point.x), y.at(point.y), radius, classes('dot', style)))
        .join('');
    },
  };
}

function dot(cx: number, cy: number, radius: number, className: string): string {
  return `<circle class="${className}" cx="${px(cx)}" cy="${px(cy)}" r="${radius}"/>`;
}

/** The area between low and high; points without both ends are left out. */
export function band(points: readonly BandPoint[], style: MarkStyle = {}): Mark {
  const kept = points.filter(
    (point) => plottable(point.x) !== null && plottable(point.low) !== null && plottable(point.high) !== null,
  );
  return {
    xs: kept.map((point) => point.x),
    ys: kept.flatMap((point) => [point.low, point.high]),
    render(x, y) {
      if (kept.length === 0) return '';
      if (kept.length === 1) {
        const [{ x: at, low, high }] = kept;
        const where = px(x.at(at));
        return `<path class="${classes('whisker', style)}" d="M${where},${px(y.at(low))}V${px(y.at(high))}"/>`;
      }
      const top = kept.map((point) => `${px(x.at(point.x))},${px(y.at(point.high))}`);
      const bottom = kept.map((point) => `${px(x.at(point.x))},${px(y.at(point.low))}`).reverse();
      return `<path class="${classes('band', style)}" d="M${[...top, ...bottom].join('L')}Z"/>`;
    },
  };
}

/** A thin vertical rule over the whole height. */
export function ruleX(at: number): Mark {
  return {
    xs: [at],
    ys: [],
    render(x, y) {
      return `<path class="rule" d="M${px(x.at(at))},${px(y.range[0])}V${px(y.range[1])}"/>`;
    },
  };
}

/** A shaded span of x over the whole height. */
export function spanX(from: number, to: number): Mark {
  return {
    xs: [from, to],
    ys: [],
    render(x, y) {
      const left = x.at(from);
      const top = Math.min(...y.range);
      const height = Math.abs(y.range[1] - y.range[0]);
      return (
        `<rect class="span" x="${px(left)}" y="${px(top)}" width="${px(x.at(to) - left)}" ` +
        `height="${px(height)}"/>`
      );
    },
  };
}
