// Reading and writing safetensors files (https://github.com/huggingface/safetensors).
//
// Reading opens the file, checks the header and fetches tensors one by one, in pieces, so files beyond 2 GB need no
// more memory than the tensor asked for. Writing streams tensors in pieces behind a header aligned to 8 bytes and
// renames the finished file into place.
//
// The format has no checksum. Files written here carry one CRC-32 per tensor in the metadata, over name, dtype,
// shape and bytes; other readers ignore it, and ours reports any damage to such a file. Little-endian hosts only.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { TouchstoneError } from '../../core/errors.ts';
import { writeFileAtomic, writeFully } from './atomic-write.ts';
import { narrowToBfloat16, narrowToFloat16, widenBfloat16, widenFloat16 } from './number-formats.ts';
import {
  corrupt,
  DTYPE_BYTES,
  elementCount,
  encodeHeader,
  MAX_HEADER_BYTES,
  parseHeader,
  type SafetensorsDtype,
  type TensorEntry,
} from './safetensors-header.ts';

/** Elements of a tensor as typed array; float16 and bfloat16 are widened to Float32Array, BOOL is 0 or 1. */
export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Number formats model weights are stored in. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

/** An open file. Close it; tensors read from it stay valid. */
export interface SafetensorsFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** All elements in row-major order. Throws 'checkpoint-missing' for an unknown name, 'checkpoint-corrupt'. */
  read(name: string): TensorData;
  /** Like read, for F32, F16, BF16 and F64 (rounded); throws 'checkpoint-corrupt' for other dtypes. */
  readFloat32(name: string): Float32Array;
  close(): void;
}

/** One tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major elements. */
  readonly data: TensorData;
  /** For Float32Array 'F16' or 'BF16' rounds to nearest even; for Uint8Array 'BOOL'. Default: as the array. */
  readonly dtype?: FloatDtype | 'BOOL';
}

/** Metadata key of our checksums: JSON of tensor name to 8 hexadecimal digits. */
const CHECKSUM_KEY = 'touchstone.crc32';

/** Bytes moved at a time. Large enough for full disk speed, small next to a model. */
const PIECE_BYTES = 1 << 24;

/**
 * Opens a safetensors file and checks its header.
 *
 * @throws TouchstoneError 'checkpoint-missing' when there is no such file, 'checkpoint-corrupt' when it is damaged
 */
export function openSafetensors(path: string): SafetensorsFile {
  const fd = openForReading(path);
  try {
    return readerOf(fd, path);
  } catch (fault) {
    closeSync(fd);
    throw fault;
  }
}

/**
 * Writes tensors to a file, replacing it whole.
 *
 * @param tensors written by falling element size, then name, so equal content gives equal bytes
 * @param metadata string values added beside `format: 'pt'`
 * @throws TouchstoneError 'bad-input' when shape and data disagree or a name repeats, 'disk-full'
 */
export function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const { ordered, entries } = layOut(tensors);
  const headerWith = (checksums: readonly string[]) =>
    encodeHeader(entries, {
      format: 'pt',
      ...metadata,
      [CHECKSUM_KEY]: JSON.stringify(Object.fromEntries(entries.map(({ name }, i) => [name, checksums[i]]))),
    });
  writeFileAtomic(path, (fd) => {
    // The header has the same length whatever the checksums are, so it is written last.
    const dataStart = headerWith(entries.map(() => '00000000')).length;
    const checksums = ordered.map((tensor, i) => {
      let sum = checksumSeed(entries[i]);
      let position = dataStart + entries[i].begin;
      for (const piece of encodedPieces(tensor.data, entries[i].dtype)) {
        writeFully(fd, piece, position);
        sum = crc32(piece, sum);
        position += piece.length;
      }
      return sum.toString(16).padStart(8, '0');
    });
    writeFully(fd, headerWith(checksums), 0);
  });
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    // ENOENT, EACCES, ENOTDIR
    throw new TouchstoneError('checkpoint-missing', `cannot open ${path}`, {
      cause,
      hint: 'check the path and its permissions',
    });
  }
}

function readerOf(fd: number, path: string): SafetensorsFile {
  const status = fstatSync(fd);
  if (!status.isFile()) throw corrupt(path, 'not a file');
  if (status.size < 8) throw corrupt(path, `only ${status.size} bytes long`);
  const prefix = new Uint8Array(8);
  readFully(fd, prefix, 0, path);
  const headerBytes = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > status.size - 8) {
    throw corrupt(path, `a header of ${headerBytes} bytes in a file of ${status.size}`);
  }
  const header = new Uint8Array(headerBytes);
  readFully(fd, header, 8, path);
  const dataStart = 8 + headerBytes;
  const { metadata, tensors } = parseHeader(header, status.size - dataStart, path);
  const checksums = parseChecksums(metadata, path);

  const entryOf = (name: string): TensorEntry => {
    const entry = tensors.get(name);
    if (entry !== undefined) return entry;
    throw new TouchstoneError('checkpoint-missing', `${path} holds no tensor ${name}`, {
      hint: 'the file belongs to another model, or the name is misspelled',
    });
  };

  /** Hands the bytes of a tensor over in pieces, then compares the checksum. */
  const readPieces = (entry: TensorEntry, take: (piece: Uint8Array<ArrayBuffer>, offset: number) => void) => {
    let sum = checksumSeed(entry);
    const size = entry.end - entry.begin;
    const buffer = new Uint8Array(Math.min(size, PIECE_BYTES));
    for (let offset = 0; offset < size; offset += PIECE_BYTES) {
      const piece = buffer.subarray(0, Math.min(PIECE_BYTES, size - offset));
      readFully(fd, piece, dataStart + entry.begin + offset, path);
      if (checksums !== undefined) sum = crc32(piece, sum);
      take(piece, offset);
    }
    if (checksums !== undefined && checksums.get(entry.name) !== sum) {
      throw corrupt(path, `tensor ${entry.name} does not match its checksum`);
    }
  };

  const readRaw = <T extends TensorData>(entry: TensorEntry, target: T): T => {
    const bytes = new Uint8Array(target.buffer);
    readPieces(entry, (piece, offset) => bytes.set(piece, offset));
    return target;
  };

  const read = (name: string): TensorData => {
    const entry = entryOf(name);
    const count = elementCount(entry.shape);
    switch (entry.dtype) {
      case 'F16':
      case 'BF16': {
        const target = new Float32Array(count);
        const widen = entry.dtype === 'F16' ? widenFloat16 : widenBfloat16;
        readPieces(entry, (piece, offset) =>
          widen(new Uint16Array(piece.buffer, 0, piece.length / 2), target.subarray(offset / 2)),
        );
        return target;
      }
      case 'F64':
        return readRaw(entry, new Float64Array(count));
      case 'I64':
        return readRaw(entry, new BigInt64Array(count));
      case 'U64':
        return readRaw(entry, new BigUint64Array(count));
      case 'F32':
        return readRaw(entry, new Float32Array(count));
      case 'I32':
        return readRaw(entry, new Int32Array(count));
      case 'U32':
        return readRaw(entry, new Uint32Array(count));
      case 'I16':
        return readRaw(entry, new Int16Array(count));
      case 'U16':
        return readRaw(entry, new Uint16Array(count));
      case 'I8':
        return readRaw(entry, new Int8Array(count));
      case 'U8':
      case 'BOOL':
        return readRaw(entry, new Uint8Array(count));
    }
  };

  let open = true;
  return {
    path,
    metadata,
    tensors,
    read,
    readFloat32(name) {
      const data = read(name);
      if (data instanceof Float32Array) return data;
      if (data instanceof Float64Array) return Float32Array.from(data);
      throw corrupt(path, `tensor ${name} has dtype ${entryOf(name).dtype}, floating point was expected`);
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function readFully(fd: number, target: Uint8Array, position: number, path: string): void {
  let done = 0;
  while (done < target.length) {
    let count: number;
    try {
      count = readSync(fd, target, done, target.length - done, position + done);
    } catch (cause) {
      // EIO of a failing disk
      throw corrupt(path, `cannot be read at byte ${position + done}`, cause);
    }
    if (count === 0) throw corrupt(path, `ends at byte ${position + done}`);
    done += count;
  }
}

/** The checksums of a file of ours; undefined for other files. Every tensor must have one. */
function parseChecksums(
  metadata: Readonly<Record<string, string>>,
  path: string,
): Map<string, number> | undefined {
  const text = metadata[CHECKSUM_KEY];
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    // SyntaxError
    throw corrupt(path, 'the checksums are not JSON', cause);
  }
  if (typeof parsed !== 'object' || parsed === null) throw corrupt(path, 'the checksums are not an object');
  return new Map(
    Object.entries(parsed).map(([name, digits]) => [name, Number.parseInt(String(digits), 16)] as const),
  );
}

function checksumSeed(entry: TensorEntry): number {
  return crc32(`${entry.name}\n${entry.dtype}\n${entry.shape}\n`);
}

/** Order, dtypes and byte ranges of the tensors of a file. */
function layOut(tensors: Iterable<TensorToWrite>): { ordered: TensorToWrite[]; entries: TensorEntry[] } {
  const typed = [...tensors].map((tensor) => ({ tensor, dtype: dtypeOf(tensor) }));
  typed.sort((a, b) => {
    const bySize = DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype];
    return bySize !== 0 ? bySize : compareText(a.tensor.name, b.tensor.name);
  });
  const names = new Set<string>();
  let position = 0;
  const entries = typed.map(({ tensor, dtype }): TensorEntry => {
    const { name, shape, data } = tensor;
    if (names.has(name) || name === '__metadata__') throw badTensor(name, 'the name is taken');
    names.add(name);
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw badTensor(name, `shape [${shape}] is not made of whole numbers`);
    }
    if (elementCount(shape) !== data.length) {
      throw badTensor(name, `shape [${shape}] does not fit ${data.length} elements`);
    }
    const begin = position;
    position += data.length * DTYPE_BYTES[dtype];
    return { name, dtype, shape, begin, end: position };
  });
  return { ordered: typed.map(({ tensor }) => tensor), entries };
}

function dtypeOf({ name, data, dtype }: TensorToWrite): SafetensorsDtype {
  const natural = naturalDtype(data);
  if (dtype === undefined || dtype === natural) return natural;
  const allowed = dtype === 'BOOL' ? natural === 'U8' : natural === 'F32';
  if (!allowed) throw badTensor(name, `${natural} data cannot be written as ${dtype}`);
  return dtype;
}

function naturalDtype(data: TensorData): SafetensorsDtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof BigUint64Array) return 'U64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Uint16Array) return 'U16';
  return data instanceof Int8Array ? 'I8' : 'U8';
}

/** The bytes of a tensor in file order, piece by piece; a piece is only valid until the next. */
function* encodedPieces(data: TensorData, dtype: SafetensorsDtype): Generator<Uint8Array> {
  if (data instanceof Float32Array && (dtype === 'F16' || dtype === 'BF16')) {
    const narrow = dtype === 'F16' ? narrowToFloat16 : narrowToBfloat16;
    const step = PIECE_BYTES / 2;
    const buffer = new Uint16Array(Math.min(step, data.length));
    for (let start = 0; start < data.length; start += step) {
      const source = data.subarray(start, start + step);
      narrow(source, buffer);
      yield new Uint8Array(buffer.buffer, 0, source.length * 2);
    }
    return;
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    yield bytes.subarray(start, start + PIECE_BYTES);
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function badTensor(name: string, what: string): TouchstoneError {
  return new TouchstoneError('bad-input', `tensor ${name}: ${what}`, {
    hint: 'give every tensor its own name and as many elements as its shape has',
  });
}
