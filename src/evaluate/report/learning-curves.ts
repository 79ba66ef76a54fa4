// Learning curves as small multiples: one panel per quantity, phases as colours, raw values faint behind a
// centred moving average. Panels that show the same phases share one step axis and one pointer; a quantity that
// exists only in a short phase is not squeezed into a corner by a long one. Positive quantities that spread over
// three decades get a logarithmic axis, and the panel's title says so.

import {
  cleanPoints,
  downsample,
  escapeMarkup,
  formatNumber,
  type HoverSeries,
  legend,
  line,
  type Mark,
  movingAverage,
  type Point,
  plot,
  smoothingWindow,
  swatch,
} from '../plot/index.ts';
import type { CurveSeries, ReportPhase } from './report-data.ts';

/** About one bucket per drawn pixel; each keeps its lowest and highest value. */
const BUCKETS = 300;

interface PanelSeries {
  phase: string;
  colour: number;
  points: readonly Point[];
}

interface Panel {
  name: string;
  unit: string | undefined;
  series: PanelSeries[];
  /** The phases that have this quantity. */
  phases: Set<number>;
}

/** All panels, grouped by the phases they cover. */
export function learningCurves(phases: readonly ReportPhase[]): string {
  const panels = collect(phases);
  if (panels.length === 0) return '<p class="none">No learning curves were recorded.</p>';
  const groups = new Map<string, Panel[]>();
  for (const panel of panels) {
    const key = [...panel.phases].sort((a, b) => a - b).join('+');
    groups.set(key, [...(groups.get(key) ?? []), panel]);
  }
  const key = legend(phases.map((phase, colour) => ({ name: phase.name, colour })));
  const sections = [...groups].map(([id, members]) => {
    const names = id.split('+').map((index) => phases[Number(index)].name);
    const heading = groups.size > 1 ? `<h3>${escapeMarkup(names.join(' and '))}</h3>` : '';
    const domain = stepDomain(members);
    const figures = members.map((panel) => figure(panel, domain, `curves-${id}`));
    return `${heading}<div class="panels">${figures.join('')}</div>`;
  });
  return `${key}${sections.join('')}`;
}

function collect(phases: readonly ReportPhase[]): Panel[] {
  const panels = new Map<string, Panel>();
  phases.forEach((phase, colour) => {
    for (const series of phase.series) {
      const panel = panels.get(series.name) ?? emptyPanel(series);
      panels.set(series.name, panel);
      panel.phases.add(colour);
      const points = series.points.map(({ step, value }) => ({ x: step, y: value }));
      panel.series.push({ phase: phase.name, colour, points: cleanPoints(points) });
    }
  });
  return [...panels.values()];
}

function emptyPanel(series: CurveSeries): Panel {
  return { name: series.name, unit: series.unit, series: [], phases: new Set() };
}

function stepDomain(panels: readonly Panel[]): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { series } of panels) {
    for (const { points } of series) {
      if (points.length === 0) continue;
      low = Math.min(low, points[0].x);
      high = Math.max(high, points[points.length - 1].x);
    }
  }
  return low > high ? undefined : [low, high];
}

function figure(panel: Panel, domain: [number, number] | undefined, group: string): string {
  const raw: Mark[] = [];
  const averages: Mark[] = [];
  const hover: HoverSeries[] = [];
  const last: string[] = [];
  for (const { phase, colour, points } of panel.series) {
    const window = smoothingWindow(points.length);
    const means = movingAverage(points, window);
    const joined = points.map((point, i) => ({ ...point, mean: means[i].y }));
    if (window > 1) raw.push(line(downsample(points, BUCKETS), { colour, faint: true }));
    averages.push(line(downsample(means, BUCKETS), { colour }));
    hover.push({ name: phase, colour, points: readings(downsample(joined, BUCKETS), window) });
    const final = points.findLast((point) => point.y !== null);
    if (final !== undefined) last.push(`${swatch({ colour })}<b>${formatNumber(final.y)}</b>`);
  }
  const chart = plot({
    description: `${panel.name} over training steps`,
    x: { label: 'step', whole: true, ...(domain === undefined ? {} : { domain }) },
    y: { kind: 'auto', count: 4 },
    marks: [...raw, ...averages],
    hover: { group, xName: 'step', series: hover },
  });
  const remarks = [panel.unit, chart.yKind === 'log' ? 'log scale' : undefined]
    .filter((remark) => remark !== undefined && remark !== '')
    .map((remark) => `<small>${escapeMarkup(remark ?? '')}</small>`);
  return (
    `<figure class="panel"><figcaption><span class="name">${escapeMarkup(panel.name)}${remarks.join('')}</span>` +
    `<span class="readout"><span class="at">last</span>${last.join('')}</span></figcaption>${chart.svg}</figure>`
  );
}

function readings(points: readonly (Point & { mean: number | null })[], window: number) {
  return points.flatMap(({ x, y, mean }) => {
    if (y === null) return [];
    const text = window > 1 ? `${formatNumber(y)} (mean ${formatNumber(mean)})` : formatNumber(y);
    return [{ x, y: window > 1 ? (mean ?? y) : y, text }];
  });
}
