// Where the final answer of a response is. One rule for every environment task:
// the last `<answer>…</answer>` after the last `</think>`; else the last balanced `\boxed{…}` there; else none.
// Thinking that was opened and never closed holds no answer. Wrappers that carry no meaning (code fences, `$…$`,
// `\(…\)`, `\text{…}`) are taken off. Conflicting answers are not searched for a right one: the last counts.
// Linear time: index searches and one brace scan, no backtracking. Parsing the answer is left to the task.

export type ExtractionSource = 'answer-tag' | 'boxed';

/** An answer as found in a response. */
export interface Extraction {
  text: string;
  from: ExtractionSource;
}

/**
 * The final answer of a response, or null when there is none.
 *
 * @example
 * extractAnswer('<think>4?</think> So <answer> $5$ </answer>'); // { text: '5', from: 'answer-tag' }
 */
export function extractAnswer(response: string): Extraction | null {
  const text = afterThinking(response);
  const tagged = lastTagged(text, '<answer>', '</answer>');
  if (tagged !== null) return { text: unwrapAnswer(tagged), from: 'answer-tag' };
  const boxed = lastBoxed(text);
  return boxed === null ? null : { text: unwrapAnswer(boxed), from: 'boxed' };
}

/** The part of a response that may answer: after the last `</think>`, up to a `<think>` left open. */
export function afterThinking(response: string): string {
  const close = response.lastIndexOf('</think>');
  const rest = close < 0 ? response : response.slice(close + '</think>'.length);
  const open = rest.indexOf('<think>');
  return open < 0 ? rest : rest.slice(0, open);
}

/** Content of the last complete pair of tags, or null. */
function lastTagged(text: string, open: string, close: string): string | null {
  const end = text.lastIndexOf(close);
  if (end < 0) return null;
  const start = text.lastIndexOf(open, end);
  if (start < 0) return null;
  // A stray closing tag further on does not belong to this pair.
  return text.slice(start + open.length, text.indexOf(close, start));
}

/** Content of the balanced `\boxed{…}` that closes last, or null. */
export function lastBoxed(text: string): string | null {
  const first = text.indexOf('\\boxed');
  if (first < 0) return null;
  const open: number[] = [];
  let start = -1;
  let end = -1;
  for (let i = first; i < text.length; i++) {
    const char = text[i];
    if (char === '\\') {
      if (text.startsWith('boxed{', i + 1)) {
        i += '\\boxed{'.length - 1;
        open.push(i + 1);
      } else i++;
    } else if (char === '{') open.push(-1);
    else if (char === '}') {
      const from = open.pop() ?? -1;
      if (from >= 0) {
        start = from;
        end = i;
      }
    }
  }
  return start < 0 ? null : text.slice(start, end);
}

const PAIRS = [
  ['$$', '$$'],
  ['$', '$'],
  ['\\(', '\\)'],
  ['\\[', '\\]'],
  ['**', '**'],
  ['`', '`'],
] as const;

/** The answer without wrappers that carry no meaning: spaces, a code fence, mathematics marks, `\text{…}`. */
export function unwrapAnswer(raw: string): string {
  let text = raw.trim();
  // Each round takes one wrapper off; four are deeper than any response needs.
  for (let round = 0; round < 4; round++) {
    const next = unwrapOnce(text).trim();
    if (next === text) break;
    text = next;
  }
  return text;
}

function unwrapOnce(text: string): string {
  if (text.startsWith('```') && text.endsWith('```') && text.length >= 6) {
    const inner = text.slice(3, -3);
    const line = inner.indexOf('\n');
    return line >= 0 && isWord(inner.slice(0, line).trim()) ? inner.slice(line + 1) : inner;
  }
  for (const [open, close] of PAIRS) {
    if (text.length >= open.length + close.length && text.startsWith(open) && text.endsWith(close)) {
      return text.slice(open.length, text.length - close.length);
    }
  }
  for (const command of ['\\text{', '\\mathrm{', '\\boxed{']) {
    if (text.startsWith(command) && text.endsWith('}') && text.indexOf('}') === text.length - 1) {
      return text.slice(command.length, -1);
    }
  }
  return text;
}

/** A language tag after a fence: empty, or letters only; digits would be the answer itself. */
function isWord(text: string): boolean {
  return /^[a-z]{0,12}$/i.test(text);
}
