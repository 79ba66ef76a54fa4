// The evaluation per task and tier: one row per group and metric, before, after, change and a small drawing. With
// many metrics a row of buttons shows one at a time; the choice is made by the style sheet (:has), so it works
// without a script. On a narrow screen rows fold into blocks.

import { escapeMarkup, estimateParts, formatChange, formatNumber } from '../plot/index.ts';
import { choice } from './choice.ts';
import { dumbbell, dumbbellDomain, overlap } from './dumbbell.ts';
import type { EvaluationGroup, Interval } from './report-data.ts';

/** Metrics beyond this many get no button of their own. */
const MOST_BUTTONS = 12;

interface Row {
  group: string;
  /** Index of the metric among all metric names. */
  metric: number;
  first: boolean;
  before: Interval | null;
  after: Interval | null;
}

/** The table with its metric buttons and the rules that make them work. */
export function evaluationTable(groups: readonly EvaluationGroup[]): { html: string; css: string } {
  const names = [...new Set(groups.flatMap((group) => group.metrics.map((metric) => metric.name)))];
  if (names.length === 0) {
    return { html: '<p class="none">No evaluation per task was recorded.</p>', css: '' };
  }
  const rows: Row[] = groups.flatMap(({ group, metrics }) =>
    metrics.map(({ name, before, after }, i) => ({
      group,
      metric: names.indexOf(name),
      first: i === 0,
      before,
      after,
    })),
  );
  const domains = names.map((_, index) =>
    dumbbellDomain(rows.filter((row) => row.metric === index).flatMap((row) => [row.before, row.after])),
  );
  const options = names.slice(0, MOST_BUTTONS).map((name, i) => ({ value: String(i), label: name }));
  const buttons =
    names.length > 1 ? choice('metric', 'Metric', [{ value: 'all', label: 'all metrics' }, ...options]) : '';
  const body = rows.map((row) => renderRow(row, names, domains));
  const common = domains.every(([low, high]) => low === 0 && high === 1);
  const axis = common ? '<span class="scale"><span>0</span><span>1</span></span>' : '';
  const html =
    `${buttons}<div class="scroll"><table class="evaluation"><thead><tr><th scope="col">task</th>` +
    `<th scope="col">metric</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th>` +
    `<th scope="col" class="number">change</th><th scope="col" class="drawing">${axis}</th></tr></thead>` +
    `<tbody>${body.join('')}</tbody></table></div>`;
  const css = options.map(({ value }) => {
    const chosen = `#evaluation:has(#metric-${value}:checked)`;
    return `${chosen} tbody tr:not([data-metric="${value}"]){display:none}`;
  });
  return { html, css: css.join('\n') };
}

function renderRow(
  row: Row,
  names: readonly string[],
  domains: readonly (readonly [number, number])[],
): string {
  const { before, after } = row;
  const both = before !== null && after !== null && Number.isFinite(after.value - before.value);
  const doubt =
    both && overlap(before, after) ? ' class="number unclear" title="intervals overlap"' : ' class="number"';
  const change = formatChange(before, after);
  return (
    `<tr data-metric="${row.metric}" class="${row.first ? 'first' : 'again'}">` +
    `<th scope="row">${escapeMarkup(row.group)}</th><td class="metric">${escapeMarkup(names[row.metric])}</td>` +
    `${cell(before)}${cell(after)}<td${doubt}>${change}</td>` +
    `<td class="drawing">${dumbbell(before, after, domains[row.metric])}</td></tr>`
  );
}

function cell(interval: Interval | null): string {
  if (interval === null) return `<td class="number">${formatNumber(null)}</td>`;
  const { value, low, high } = estimateParts(interval);
  const range = low === '–' && high === '–' ? '' : ` <small>${low} – ${high}</small>`;
  return `<td class="number">${value}${range}</td>`;
}
