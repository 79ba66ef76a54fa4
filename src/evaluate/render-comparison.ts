// A comparison of two runs for the terminal: aligned columns, the conclusion in words beside the numbers, warnings
// before the verdict. Names come from files that others wrote, so control characters are made visible: a run name
// cannot move the cursor or colour the screen.

import type { MetricComparison, RunComparison } from './compare.ts';
import { showControls } from './plot/escape.ts';
import { fixed, formatNumber, formatRatio } from './plot/format.ts';

/** Longer names are cut so that the table keeps its shape. */
const LONGEST_NAME = 40;

const CONCLUSIONS = {
  'a-better': 'A better',
  'b-better': 'B better',
  'not-shown': 'not shown',
  unknown: 'unknown',
} as const;

/** The comparison as text, without a final line break. */
export function renderComparison(result: RunComparison): string {
  const { a, b, overall, groups } = result;
  const clusters = overall[0]?.clusters ?? 0;
  const lines = [
    `A  ${name(a.name)} (seed ${a.seed})`,
    `B  ${name(b.name)} (seed ${b.seed})`,
    `${formatNumber(result.matched)} items in common, ${formatNumber(clusters)} independent problems`,
  ];
  if (result.matched > 0) {
    lines.push(
      '',
      ...table(
        ['', 'A', 'B', 'B − A', '95 % interval', 'p', ''],
        overall.map((row) => cells(row.metric, row)),
      ),
    );
  }
  if (groups.length > 1) {
    const rows = groups.map(({ group, metrics }) => cells(name(group), metrics[0], String(metrics[0].items)));
    const head = [`${overall[0].metric} per group`, 'items', 'A', 'B', 'B − A', '95 % interval', 'p', ''];
    lines.push('', ...table(head, rows), `p is not corrected for looking at ${groups.length} groups`);
  }
  if (result.observed.length > 0) {
    const rows = result.observed.map((row) => [
      name(row.name),
      formatNumber(row.a),
      formatNumber(row.b),
      formatRatio(row.a, row.b),
    ]);
    lines.push('', ...table(['observed, without a test', 'A', 'B', 'B / A'], rows));
  }
  if (result.warnings.length > 0)
    lines.push('', ...result.warnings.map((text) => `warning: ${showControls(text)}`));
  lines.push(
    '',
    showControls(result.verdict),
    'one training seed each: variation between seeds is not in the intervals',
  );
  return lines.map((text) => text.replaceAll('\n', ' ').trimEnd()).join('\n');
}

function cells(label: string, row: MetricComparison, items?: string): string[] {
  const number = (value: number) => (Number.isFinite(value) ? fixed(value, 3) : '–');
  const signed = (value: number) => (value > 0 ? `+${number(value)}` : number(value));
  return [
    label,
    ...(items === undefined ? [] : [items]),
    number(row.a),
    number(row.b),
    signed(row.difference),
    `[${signed(row.low)}, ${signed(row.high)}]`,
    pText(row.pValue),
    CONCLUSIONS[row.conclusion],
  ];
}

function pText(p: number): string {
  if (Number.isNaN(p)) return '–';
  return p < 0.001 ? '< 0.001' : fixed(p, 3);
}

function name(text: string): string {
  const shown = [...showControls(text).replaceAll(/\s+/g, ' ')];
  return shown.length <= LONGEST_NAME ? shown.join('') : `${shown.slice(0, LONGEST_NAME - 1).join('')}…`;
}

/** Columns padded to their widest cell: the first and those without a title to the left, numbers to the right. */
function table(head: readonly string[], rows: readonly string[][]): string[] {
  const all = [head, ...rows];
  const width = head.map((_, column) => Math.max(...all.map((row) => [...row[column]].length)));
  return all.map((row) =>
    row
      .map((text, column) => {
        const gap = ' '.repeat(width[column] - [...text].length);
        return column === 0 || head[column] === '' ? text + gap : gap + text;
      })
      .join('  '),
  );
}
