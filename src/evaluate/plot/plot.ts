// A chart from marks: scales over everything the marks show, horizontal grid lines with labels to their left, an
// x axis with its title, then the marks in order. Returns one responsive <svg> (viewBox, no fixed size).
// `hover` embeds what a read-out needs (positions in pixels and finished texts) as data for the page's script;
// without a script the chart is complete.

import { escapeMarkup } from './escape.ts';
import { colourClass, type Mark, px } from './marks.ts';
import { labelWidth, makeScale, type Scale, type ScaleKind } from './scale.ts';

export interface AxisOptions {
  label?: string;
  domain?: readonly [number, number];
  kind?: ScaleKind | 'auto';
  count?: number;
  whole?: boolean;
}

/** One read-out line per series. */
export interface HoverSeries {
  name: string;
  colour: number;
  points: readonly { x: number; y: number; text: string }[];
}

export interface Hover {
  /** Charts with the same name follow one another's pointer. */
  group: string;
  /** Written before the x value, e.g. `step`. */
  xName: string;
  series: readonly HoverSeries[];
}

export interface PlotOptions {
  /** What the chart shows, for readers who do not see it. */
  description: string;
  width?: number;
  height?: number;
  x?: AxisOptions;
  y?: AxisOptions;
  marks: readonly Mark[];
  hover?: Hover;
}

/** A rendered chart, and whether its y axis turned out logarithmic, which its title should say. */
export interface Plot {
  svg: string;
  yKind: ScaleKind;
  /** Whether anything was there to draw. */
  empty: boolean;
}

const TOP = 8;
const RIGHT = 17;

/** Draws marks on common axes. */
export function plot(options: PlotOptions): Plot {
  const width = options.width ?? 380;
  const height = options.height ?? 190;
  const bottom = height - (options.x?.label === undefined ? 22 : 36);
  const { marks } = options;

  const y = makeScale(values(marks, 'ys'), { kind: 'linear', ...options.y, range: [bottom, TOP] });
  const left = Math.max(30, ...y.ticks.map((tick) => labelWidth(tick.label) + 12));
  const x = makeScale(values(marks, 'xs'), {
    kind: 'linear',
    domain: xDomain(marks),
    ...options.x,
    range: [left, width - RIGHT],
    horizontal: true,
  });
  const empty = marks.every((mark) => mark.ys.every((value) => value === null || !Number.isFinite(value)));

  const body = empty
    ? `<text class="nothing" x="${px((left + width - RIGHT) / 2)}" y="${px((TOP + bottom) / 2)}" ` +
      'text-anchor="middle">no data</text>'
    : marks.map((mark) => mark.render(x, y)).join('');
  const hover = options.hover === undefined || empty ? '' : ` data-hover="${hoverData(options.hover, x, y)}"`;
  const svg =
    `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" ` +
    `aria-label="${escapeMarkup(options.description)}"${hover}>` +
    (empty ? '' : yAxis(y, left, width - RIGHT)) +
    xAxis(x, bottom, width, height, options.x?.label, empty) +
    `<g class="marks">${body}</g></svg>`;
  return { svg, yKind: y.kind, empty };
}

function* values(marks: readonly Mark[], side: 'xs' | 'ys'): Generator<number | null> {
  for (const mark of marks) yield* mark[side];
}

/** The x axis ends where the data end; a line that stops short of a rounded end looks unfinished. */
function xDomain(marks: readonly Mark[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values(marks, 'xs')) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

function yAxis(y: Scale, left: number, right: number): string {
  const lines = y.ticks.map((tick) => `M${px(left)},${px(tick.position)}H${px(right)}`).join('');
  const labels = y.ticks.map(
    (tick) =>
      `<text x="${px(left - 6)}" y="${px(tick.position + 3.5)}" text-anchor="end">${escapeMarkup(tick.label)}</text>`,
  );
  return `<path class="grid" d="${lines}"/><g class="labels">${labels.join('')}</g>`;
}

function xAxis(
  x: Scale,
  bottom: number,
  width: number,
  height: number,
  label: string | undefined,
  empty: boolean,
): string {
  const [from, to] = x.range;
  const ticks = empty ? [] : x.ticks;
  const marks = ticks.map((tick) => `M${px(tick.position)},${px(bottom)}v4`).join('');
  const labels = ticks.map((tick) => {
    // A label at the very end is moved inwards rather than cut off by the edge of the drawing.
    const half = labelWidth(tick.label) / 2;
    const at = Math.max(half + 2, Math.min(width - half - 2, tick.position));
    return `<text x="${px(at)}" y="${px(bottom + 16)}" text-anchor="middle">${escapeMarkup(tick.label)}</text>`;
  });
  const title =
    label === undefined
      ? ''
      : `<text class="axis-title" x="${px(to)}" y="${px(height - 4)}" text-anchor="end">` +
        `${escapeMarkup(label)} →</text>`;
  return (
    `<path class="axis" d="M${px(from)},${px(bottom)}H${px(to)}${marks}"/>` +
    `<g class="labels">${labels.join('')}</g>${title}`
  );
}

function hoverData(hover: Hover, x: Scale, y: Scale): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  const data = {
    group: hover.group,
    name: hover.xName,
    top: Math.min(...y.range),
    bottom: Math.max(...y.range),
    range: x.range.map(round),
    domain: x.domain,
    series: hover.series.map((series) => ({
      name: series.name,
      colour: colourClass(series.colour),
      points: series.points.map((point) => [point.x, round(x.at(point.x)), round(y.at(point.y)), point.text]),
    })),
  };
  return escapeMarkup(JSON.stringify(data));
}
