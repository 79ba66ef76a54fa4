// How numbers are written: enough digits to tell values apart, none to spare, a real minus sign, and powers of
// ten only where plain digits would not be read.
//   formatNumber    a value in running text, e.g. 0.834, 12.4, 1,250, 3.2×10⁻⁶
//   formatSigned    a change, always with its sign
//   formatInterval  value [low, high] with the same number of decimals
//   formatRatio     after / before

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Below this and not zero, digits are counted rather than read. */
const SMALLEST_PLAIN = 1e-4;

/** From here on a power of ten is shorter. */
const LARGEST_PLAIN = 1e12;

/** An interval estimate; any of the three may be NaN when it could not be estimated. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** A whole number in raised digits, e.g. `⁻¹²`. */
export function superscript(exponent: number): string {
  const digits = [...Math.abs(exponent).toString()].map((digit) => SUPERSCRIPT[Number(digit)]).join('');
  return exponent < 0 ? `⁻${digits}` : digits;
}

/** Fixed decimals with a real minus sign and comma separated thousands; never `−0`. */
export function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  const [whole, part] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 && Number(text) !== 0 ? '−' : '';
  return sign + (part === undefined ? grouped : `${grouped}.${part}`);
}

/** Mantissa and power of ten, e.g. `3.2×10⁻⁶`. */
export function scientific(value: number, digits = 2): string {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  return `${mantissa.replace('-', '−')}×10${superscript(Number(exponent))}`;
}

/** Decimals that suit a number of this size: three below 1, fewer as the whole part grows. */
export function decimalsFor(size: number): number {
  if (size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 10) return 2;
  return 3;
}

/**
 * A number for running text. Not finite gives an en dash.
 *
 * @example
 * formatNumber(1234.5); // '1,235'
 */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < SMALLEST_PLAIN || size >= LARGEST_PLAIN) return scientific(value);
  if (Number.isInteger(value)) return fixed(value, 0);
  if (size < 0.1) return fixed(value, Math.min(8, 2 - Math.floor(Math.log10(size))));
  return fixed(value, decimalsFor(size));
}

/** A number with its sign. */
export function formatSigned(value: number): string {
  return value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

/** The three numbers of an estimate, written with the decimals of the largest. */
export function estimateParts(estimate: Estimate): { value: string; low: string; high: string } {
  const numbers = [estimate.value, estimate.low, estimate.high];
  const finite = numbers.filter((number) => Number.isFinite(number));
  const largest = Math.max(0, ...finite.map(Math.abs));
  const whole = finite.every((number) => Number.isInteger(number)) && largest > 1;
  const plain = largest === 0 || (largest >= 0.001 && largest < LARGEST_PLAIN);
  const [value, low, high] = numbers.map((number) => {
    if (!Number.isFinite(number)) return '–';
    return plain ? fixed(number, whole ? 0 : decimalsFor(largest)) : scientific(number);
  });
  return { value, low, high };
}

/**
 * A value with its interval. The bracket is left out when neither end is known.
 *
 * @example
 * formatInterval({ value: 0.5, low: 0.42, high: 0.58 }); // '0.500 [0.420, 0.580]'
 */
export function formatInterval(estimate: Estimate): string {
  const { value, low, high } = estimateParts(estimate);
  return low === '–' && high === '–' ? value : `${value} [${low}, ${high}]`;
}

/** How many times larger, e.g. `×4.02`; a dash when the first value is zero or the signs differ. */
export function formatRatio(before: number, after: number): string {
  const ratio = after / before;
  if (!Number.isFinite(ratio) || before === 0 || ratio < 0) return '–';
  if (ratio >= 1e4 || (ratio > 0 && ratio < 1e-3)) return `×${scientific(ratio)}`;
  return `×${fixed(ratio, ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2)}`;
}

/**
 * The difference of two estimates with its sign and with the decimals the estimates are written with, so that it
 * can be checked against them; a dash when either is missing.
 */
export function formatChange(before: Estimate | null, after: Estimate | null): string {
  if (before === null || after === null) return '–';
  const change = after.value - before.value;
  const largest = Math.max(Math.abs(before.value), Math.abs(after.value));
  if (!Number.isFinite(change)) return '–';
  const whole = Number.isInteger(before.value) && Number.isInteger(after.value) && largest > 1;
  if (whole || largest < 0.001 || largest >= LARGEST_PLAIN) return formatSigned(change);
  const text = fixed(change, decimalsFor(largest));
  return change > 0 ? `+${text}` : text;
}

/** Seconds in the two largest units that matter, e.g. `1 h 12 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds < 10) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${fixed(Math.floor(minutes / 60), 0)} h ${minutes % 60} min`;
}
