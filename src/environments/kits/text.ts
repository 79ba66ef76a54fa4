// Reading answers: whole numbers, lists of them, and character grids, each in linear time and with a size cap.
// Tolerant of spelling (spaces, thousands marks, the true minus sign, brackets round a list), never of value.

/** Longer answers are not read at all. */
export const MAX_ANSWER = 20_000;

const MAX_DIGITS = 400;

/** A whole number in normal form (`-12`, no leading zeros), or null. */
export function parseInteger(text: string): string | null {
  if (text.length > MAX_DIGITS) return null;
  const plain = text.trim().replaceAll('{,}', ',').replaceAll('−', '-');
  if (!/^[+-]? ?\d+(,\d{3})*$/.test(plain)) return null;
  if (plain.includes(',') && !/^[+-]? ?\d{1,3}(,\d{3})+$/.test(plain)) return null;
  return BigInt(plain.replace(/[+, ]/g, '')).toString();
}

/** Whole numbers separated by commas or spaces, with or without brackets round the list; null unless all are. */
export function parseIntegers(text: string): string[] | null {
  const parts = splitList(text);
  if (parts === null) return null;
  const numbers = parts.map(parseInteger);
  return numbers.some((number) => number === null) ? null : (numbers as string[]);
}

/** The parts of a list separated by commas, semicolons, newlines or spaces; null when empty or too long. */
export function splitList(text: string): string[] | null {
  if (text.length > MAX_ANSWER) return null;
  let body = text.trim();
  if ((body.startsWith('[') && body.endsWith(']')) || (body.startsWith('(') && body.endsWith(')'))) {
    body = body.slice(1, -1).trim();
  }
  if (body === '') return null;
  const parts = body.includes(',') || body.includes('，') ? body.split(/[,，]/) : body.split(/[\s;]+/);
  const trimmed = parts.map((part) => part.trim());
  return trimmed.some((part) => part === '') ? null : trimmed;
}

/** Rows of a grid, one a line, spaces and `|` within a row dropped; null unless all cells are of the alphabet. */
export function parseGrid(text: string, alphabet: string, rows: number, columns: number): string[] | null {
  if (text.length > MAX_ANSWER) return null;
  const lines = text
    .split('\n')
    .map((line) => line.replace(/[\s|]/g, ''))
    .filter((line) => line !== '');
  if (lines.length !== rows) return null;
  for (const line of lines) {
    if (line.length !== columns) return null;
    for (const char of line) if (!alphabet.includes(char)) return null;
  }
  return lines;
}
