// Typed perturbations of a right answer: near misses that must not score. Tokens are runs of letters and digits;
// marks between them are kept. Perturbations that leave the value unchanged are not returned.

/** Near misses of an answer: numbers off by one, a sign, tokens swapped, dropped, repeated, one character off. */
export function perturb(answer: string): string[] {
  const tokens: string[] = answer.match(/[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu) ?? [];
  const places = tokens.flatMap((token, i) => (/[\p{L}\p{N}]/u.test(token) ? [i] : []));
  const put = (changes: Readonly<Record<number, string>>) =>
    tokens.map((token, i) => changes[i] ?? token).join('');
  const out = [`${answer}\n${answer}`, `${answer}1`];
  out.push(answer.replace(/[#.]/g, (mark) => (mark === '#' ? '.' : '#')));

  const number = places.find((i) => /^\d+$/.test(tokens[i]));
  if (number !== undefined) {
    const value = BigInt(tokens[number]);
    out.push(put({ [number]: `${value + 1n}` }), put({ [number]: `${value - 1n}` }));
    if (value !== 0n) out.push(put({ [number]: `-${tokens[number]}` }));
  }
  const swap = places.findIndex((place, i) => i > 0 && tokens[place] !== tokens[places[i - 1]]);
  if (swap > 0) {
    const [a, b] = [places[swap - 1], places[swap]];
    out.push(put({ [a]: tokens[b], [b]: tokens[a] }));
    const backwards = places.map((place, i) => [place, tokens[places[places.length - 1 - i]]] as const);
    out.push(put(Object.fromEntries(backwards)));
  }
  const last = places[places.length - 1];
  if (last !== undefined) {
    if (places.length > 1) out.push(put({ [last]: '' }));
    out.push(`${answer} ${tokens[last]}`);
    out.push(put({ [last]: shiftLast(tokens[last]) }), put({ [last]: tokens[last].slice(0, -1) }));
  }
  const form = formOf(answer);
  return [...new Set(out)].filter((text) => formOf(text) !== form);
}

/** The next character of the same class in the last place: 9 to 0, z to a. */
function shiftLast(token: string): string {
  const char = token[token.length - 1];
  const wraps: Readonly<Record<string, string>> = { '9': '0', z: 'a', Z: 'A' };
  return token.slice(0, -1) + (wraps[char] ?? String.fromCodePoint((char.codePointAt(0) ?? 0) + 1));
}

/** Text up to spaces, case, leading zeros and the sign of zero. */
function formOf(text: string): string {
  const plain = text.toLowerCase().replace(/\s+/g, ' ').trim();
  return plain.replace(/(^|[^\p{L}\p{N}])0+(?=\d)/gu, '$1').replace(/^--?0$/, '0');
}
