// G-Pass@k over the threshold tau (arXiv 2412.13147): one panel per k, one curve per checkpoint with its interval
// band. At the left end the curve is pass@k, at the right end all k samples are right; the shaded half is what
// mG-Pass@k averages. Both axes always run from 0 to 1.

import {
  band,
  cleanPoints,
  dots,
  formatInterval,
  formatNumber,
  legend,
  line,
  type Mark,
  plot,
  spanX,
} from '../plot/index.ts';
import { AFTER_COLOUR, BEFORE_COLOUR } from './dumbbell.ts';
import type { GPassCurve } from './report-data.ts';

interface Look {
  colour: number;
  hollow: boolean;
}

/** All panels with their common legend. */
export function gPassCurves(curves: readonly GPassCurve[]): string {
  if (curves.length === 0) return '<p class="none">No G-Pass@k curves were recorded.</p>';
  const labels = [...new Set(curves.map((curve) => curve.label))];
  const looks = new Map(labels.map((label, i) => [label, look(i)]));
  const sizes = [...new Set(curves.map((curve) => curve.k))].sort((a, b) => a - b);
  const panels = sizes.map((k) =>
    panel(
      k,
      curves.filter((curve) => curve.k === k),
      looks,
    ),
  );
  const key = legend(labels.map((name) => ({ name, dot: true, ...(looks.get(name) ?? look(0)) })));
  return `${key}<div class="panels wide">${panels.join('')}</div>`;
}

/** The first curve is the state before training; further ones take the palette in order. */
function look(index: number): Look {
  if (index === 0) return { colour: BEFORE_COLOUR, hollow: true };
  return { colour: index === 1 ? AFTER_COLOUR : index - 1, hollow: false };
}

function panel(k: number, curves: readonly GPassCurve[], looks: ReadonlyMap<string, Look>): string {
  const style = (curve: GPassCurve) => looks.get(curve.label) ?? look(0);
  const bands: Mark[] = [];
  const lines: Mark[] = [];
  for (const curve of curves) {
    const sorted = curve.points.slice().sort((a, b) => a.threshold - b.threshold);
    bands.push(
      band(
        sorted.map(({ threshold, low, high }) => ({ x: threshold, low, high })),
        style(curve),
      ),
    );
    const points = cleanPoints(sorted.map(({ threshold, value }) => ({ x: threshold, y: value })));
    lines.push(line(points, style(curve)), dots(points, style(curve), points.length > 12 ? 2 : 3.2));
  }
  const chart = plot({
    description: `G-Pass@${k} over the threshold: ${curves.map((curve) => curve.label).join(', ')}`,
    width: 460,
    height: 300,
    x: { label: 'threshold τ: share of the k samples that must be right', domain: [0, 1], count: 5 },
    y: { domain: [0, 1], count: 5 },
    marks: [spanX(0.5, 1), ...bands, ...lines],
    hover: {
      group: 'g-pass',
      xName: 'τ =',
      series: curves.map((curve) => ({
        name: curve.label,
        colour: style(curve).colour,
        points: curve.points
          .filter((point) => Number.isFinite(point.threshold) && Number.isFinite(point.value))
          .sort((a, b) => a.threshold - b.threshold)
          .map((point) => ({ x: point.threshold, y: point.value, text: formatInterval(point) })),
      })),
    },
  });
  return (
    `<figure class="panel"><figcaption><span class="name">G-Pass@${formatNumber(k)}` +
    `<small>share of questions</small></span><span class="readout">` +
    `<span class="at">mG-Pass@${formatNumber(k)} averages the shaded half</span></span></figcaption>${chart.svg}</figure>`
  );
}
