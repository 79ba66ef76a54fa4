// Figures for a terminal: bars, sparklines, durations and numbers, all of known width.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = '▁▂▃▄▅▆▇█';

/** A bar of exactly `width` cells filled to a share in [0, 1]. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  return (full + EIGHTHS[eighths % 8]).padEnd(width, '░');
}

/** A series as one line of at most `width` cells; longer series are averaged into cells. */
export function sparkline(values: readonly number[], width: number): string {
  const cells = Math.min(width, values.length);
  const means = Array.from({ length: cells }, (_, i) => {
    const from = Math.floor((i * values.length) / cells);
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / cells));
    const finite = values.slice(from, to).filter(Number.isFinite);
    return finite.length === 0 ? Number.NaN : finite.reduce((a, b) => a + b, 0) / finite.length;
  });
  const known = means.filter(Number.isFinite);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  return means
    .map((mean) => {
      if (!Number.isFinite(mean)) return '·';
      return LEVELS[span === 0 ? 3 : Math.round(((mean - low) / span) * 7)];
    })
    .join('');
}

/** `4 s`, `2 m 05 s`, `3 h 07 m`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} m`;
}

/** Three significant digits, or whole numbers with separators from a hundred up. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : 3);
}

/** A text cut to a width, with an ellipsis where something is missing. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
