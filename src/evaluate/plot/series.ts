// Series before they are drawn: cleaning, gaps, a centred moving average, and min/max downsampling that keeps
// every spike visible (the lowest and highest point of each pixel-wide bucket survive). A null value is a gap:
// lines break there instead of bridging over what was not measured.

import { plottable } from './ticks.ts';

/** A point of a series; `y` null where nothing was measured. */
export interface Point {
  x: number;
  y: number | null;
}

/** Points that can be placed, ascending in x; values that are not finite become gaps. */
export function cleanPoints(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const x = plottable(point.x);
    if (x !== null) kept.push({ x, y: plottable(point.y) });
  }
  return kept.sort((a, b) => a.x - b.x);
}

/** Runs of points without a gap. */
export function unbroken(points: readonly Point[]): { x: number; y: number }[][] {
  const runs: { x: number; y: number }[][] = [];
  let open = false;
  for (const { x, y } of points) {
    if (y === null) {
      open = false;
      continue;
    }
    if (!open) runs.push([]);
    open = true;
    runs[runs.length - 1].push({ x, y });
  }
  return runs;
}

/** The number of points a moving average should span: a twentieth of the series, odd, at most 201. */
export function smoothingWindow(count: number): number {
  const width = Math.min(201, Math.round(count / 20));
  return count < 12 ? 1 : Math.max(3, width | 1);
}

/**
 * Mean over a centred window, cut off at the ends of each unbroken run: a gap is never averaged over.
 */
export function movingAverage(points: readonly Point[], window: number): Point[] {
  const half = Math.max(0, Math.floor(window / 2));
  const out: Point[] = points.map(({ x, y }) => ({ x, y }));
  let start = 0;
  while (start < points.length) {
    if (points[start].y === null) {
      start++;
      continue;
    }
    let end = start;
    while (end < points.length && points[end].y !== null) end++;
    for (let i = start; i < end; i++) {
      const from = Math.max(start, i - half);
      const to = Math.min(end - 1, i + half);
      let mean = 0;
      for (let j = from; j <= to; j++) mean += (points[j].y ?? 0) / (to - from + 1);
      out[i].y = mean;
    }
    start = end;
  }
  return out;
}

/**
 * At most about `2 * buckets` points: of each bucket of x the lowest and the highest, in order. A bucket in which
 * everything is a gap stays a gap.
 */
export function downsample<T extends Point>(points: readonly T[], buckets: number): T[] {
  if (points.length <= 2 * buckets) return points.slice();
  const first = points[0].x;
  const span = points[points.length - 1].x - first;
  const out: T[] = [];
  let i = 0;
  while (i < points.length) {
    const bucket = bucketOf(points[i].x, i);
    let low = -1;
    let high = -1;
    const start = i;
    for (; i < points.length && bucketOf(points[i].x, i) === bucket; i++) {
      const y = points[i].y;
      if (y === null) continue;
      if (low < 0 || y < (points[low].y ?? 0)) low = i;
      if (high < 0 || y > (points[high].y ?? 0)) high = i;
    }
    if (low < 0) out.push(points[start]);
    else if (low === high) out.push(points[low]);
    else out.push(points[Math.min(low, high)], points[Math.max(low, high)]);
  }
  return out;

  function bucketOf(x: number, index: number): number {
    const share = span > 0 ? (x - first) / span : index / points.length;
    return Math.min(buckets - 1, Math.floor(share * buckets));
  }
}
