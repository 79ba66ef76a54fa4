// The tiles at the top: before → after with intervals, the ratio and the difference. A tile whose intervals
// overlap says so, because a big arrow would otherwise claim more than the data.

import {
  escapeMarkup,
  estimateParts,
  formatChange,
  formatDuration,
  formatNumber,
  formatRatio,
} from '../plot/index.ts';
import { dumbbell, dumbbellDomain, overlap } from './dumbbell.ts';
import type { HeadlineMetric, Interval, ReportData } from './report-data.ts';

/** Title and the facts about the run. */
export function masthead(data: ReportData): string {
  const facts: [string, string | undefined][] = [
    ['seed', String(data.seed)],
    ['started', data.startedAt],
    ['wall time', data.wallSeconds === undefined ? undefined : formatDuration(data.wallSeconds)],
    ['machine', data.machine],
  ];
  const list = facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeMarkup(value ?? '')}</dd></div>`);
  return `<h1>${escapeMarkup(data.title)}</h1><dl class="facts">${list.join('')}</dl>`;
}

/** One tile per metric. */
export function headlineTiles(headline: readonly HeadlineMetric[]): string {
  if (headline.length === 0) return '<p class="none">No headline metric was recorded.</p>';
  return `<div class="tiles">${headline.map(tile).join('')}</div>`;
}

function tile({ name, before, after }: HeadlineMetric): string {
  const known = Number.isFinite(before.value) && Number.isFinite(after.value);
  const ratio = formatRatio(before.value, after.value);
  const change = formatChange(before, after);
  const domain = dumbbellDomain([before, after]);
  const doubt = known && overlap(before, after) ? '<p class="doubt">intervals overlap</p>' : '';
  return (
    `<article class="tile"><h3>${escapeMarkup(name)}</h3>` +
    `<p class="move">${end('before', before)}<span class="arrow" aria-label="to">→</span>${end('after', after)}</p>` +
    `${dumbbell(before, after, domain)}` +
    `<p class="scale"><span>${formatNumber(domain[0])}</span><span>${formatNumber(domain[1])}</span></p>` +
    `<p class="change"><b>${ratio === '–' ? '' : ratio}</b> <span>${change}</span></p>${doubt}</article>`
  );
}

function end(when: 'before' | 'after', interval: Interval): string {
  const { value, low, high } = estimateParts(interval);
  const range = low === '–' && high === '–' ? '' : `<small>${low} – ${high}</small>`;
  return `<span class="end ${when}"><b>${value}</b>${range}</span>`;
}
