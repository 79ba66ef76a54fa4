// The header of a safetensors file: 8 bytes little-endian length, then that many bytes of JSON
//   {"__metadata__": {"format": "pt"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
// padded with spaces to a multiple of 8, then the tensors' bytes. Offsets count from the end of the header.
//
// Parsing accepts only what the format allows: every byte of the data belongs to exactly one tensor, sizes agree
// with dtype and shape, no name occurs twice. Anything else is 'checkpoint-corrupt', named by file and tensor.

import { TouchstoneError } from '../../core/errors.ts';

/** Bytes per element of the dtypes we read. 8-bit floats and 4-bit formats are not read. */
export const DTYPE_BYTES = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Element types of safetensors, by the format's own names. */
export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

/** Where one tensor lies in the data section. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte, counted from the end of the header. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

/** What a header says. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** The format's own limit, so that a damaged length field cannot ask for gigabytes of JSON. */
export const MAX_HEADER_BYTES = 100_000_000;

/**
 * Checks and reads the JSON of a header.
 *
 * @param bytes the header without its 8-byte length
 * @param dataBytes size of the data section, file size minus header
 * @param file named in errors
 * @throws TouchstoneError 'checkpoint-corrupt'
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  const json = parseJson(bytes, file);
  const metadata: Record<string, string> = {};
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(asRecord(value, file, name))) {
        if (typeof text !== 'string') throw corrupt(file, `metadata ${key} is not a string`);
        metadata[key] = text;
      }
    } else {
      entries.push(parseEntry(name, asRecord(value, file, name), file));
    }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const entry of entries) {
    if (entry.end > dataBytes) {
      throw corrupt(file, `tensor ${entry.name} ends at byte ${entry.end} of ${dataBytes}`);
    }
    if (entry.begin < position) throw corrupt(file, `tensor ${entry.name} overlaps the one before it`);
    if (entry.begin > position) {
      throw corrupt(
        file,
        `bytes ${position}..${entry.begin} before tensor ${entry.name} belong to no tensor`,
      );
    }
    position = entry.end;
  }
  if (position !== dataBytes) {
    throw corrupt(file, `the tensors need ${position} bytes, the file holds ${dataBytes}`);
  }
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

/**
 * Writes a header: length, JSON and padding to a multiple of 8 bytes.
 *
 * @param entries tensors with their byte ranges, in the order of the data
 */
export function encodeHeader(entries: readonly TensorEntry[], metadata: Record<string, string>): Uint8Array {
  const tensors = entries.map((entry) => [
    entry.name,
    { dtype: entry.dtype, shape: entry.shape, data_offsets: [entry.begin, entry.end] },
  ]);
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(tensors) });
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The error for a file that does not hold what it should. */
export function corrupt(file: string, what: string, cause?: unknown): TouchstoneError {
  return new TouchstoneError('checkpoint-corrupt', `${file}: ${what}`, {
    hint: 'download or save the file again; it was damaged or cut short',
    ...(cause === undefined ? {} : { cause }),
  });
}

function parseJson(bytes: Uint8Array, file: string): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    // TypeError of the decoder or SyntaxError of the parser
    throw corrupt(file, 'the header is not JSON', cause);
  }
  const record = asRecord(value, file, 'the header');
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw corrupt(file, `the header holds ${repeated} twice`);
  return record;
}

function parseEntry(name: string, value: Record<string, unknown>, file: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !isDtype(dtype)) {
    const known = Object.keys(DTYPE_BYTES).join(', ');
    throw corrupt(file, `tensor ${name} has dtype ${JSON.stringify(dtype)}; known are ${known}`);
  }
  if (!isSizes(shape)) throw corrupt(file, `tensor ${name} has shape ${JSON.stringify(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw corrupt(file, `tensor ${name} has data_offsets ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets;
  const bytes = elementCount(shape) * DTYPE_BYTES[dtype];
  if (bytes !== end - begin) {
    throw corrupt(file, `tensor ${name} ${dtype} [${shape}] needs ${bytes} bytes and has ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function isDtype(name: string): name is SafetensorsDtype {
  return Object.hasOwn(DTYPE_BYTES, name);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function asRecord(value: unknown, file: string, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt(file, `${what} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

/** First key that occurs twice in one object of well-formed JSON; JSON.parse keeps the last silently. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const start = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++;
      let next = i + 1;
      while (/\s/.test(json[next] ?? '')) next++;
      if (json[next] !== ':') continue;
      const key: string = JSON.parse(json.slice(start, i + 1));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
