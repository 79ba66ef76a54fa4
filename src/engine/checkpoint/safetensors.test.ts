// safetensors files: every dtype both ways, headers built by hand, damage of all kinds, files beyond 4 GB.

import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors, type TensorData, type TensorToWrite, writeSafetensors } from './safetensors.ts';

const dir = mkdtempSync(join(tmpdir(), 'touchstone-safetensors-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
const newPath = () => join(dir, `${files++}.safetensors`);

/** A file with the given header and data, as another program would write it. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array(0)): string {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  const path = newPath();
  writeFileSync(path, Buffer.concat([length, text, data]));
  return path;
}

function readAll(path: string): Record<string, TensorData> {
  const file = openSafetensors(path);
  try {
    return Object.fromEntries([...file.tensors.keys()].map((name) => [name, file.read(name)]));
  } finally {
    file.close();
  }
}

const bytesOf = (data: TensorData) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('reading a file of another program', () => {
  it('reads every dtype', () => {
    const columns: [string, TensorData, TensorData?][] = [
      ['F64', Float64Array.of(0.1, -2)],
      ['I64', BigInt64Array.of(-5n, 2n ** 62n)],
      ['U64', BigUint64Array.of(2n ** 63n)],
      ['F32', Float32Array.of(1.5, Number.NaN)],
      ['I32', Int32Array.of(-7, 8)],
      ['U32', Uint32Array.of(2 ** 31)],
      ['F16', Uint16Array.of(0x3c00, 0x0001, 0xfc00), Float32Array.of(1, 2 ** -24, Number.NEGATIVE_INFINITY)],
      ['BF16', Uint16Array.of(0x3f80, 0xc020), Float32Array.of(1, -2.5)],
      ['I16', Int16Array.of(-3)],
      ['U16', Uint16Array.of(65535)],
      ['I8', Int8Array.of(-1, 2)],
      ['U8', Uint8Array.of(255)],
      ['BOOL', Uint8Array.of(0, 1, 1)],
    ];
    let position = 0;
    const header: Record<string, unknown> = { __metadata__: { format: 'pt', by: 'hand' } };
    for (const [dtype, data] of columns) {
      header[`t.${dtype}`] = {
        dtype,
        shape: [data.length],
        data_offsets: [position, position + data.byteLength],
      };
      position += data.byteLength;
    }
    const path = fileOf(header, Buffer.concat(columns.map(([, data]) => bytesOf(data))));
    const found = readAll(path);
    for (const [dtype, data, widened] of columns) expect(found[`t.${dtype}`]).toEqual(widened ?? data);
    const file = openSafetensors(path);
    expect(file.metadata).toEqual({ format: 'pt', by: 'hand' });
    expect(file.readFloat32('t.F64')).toEqual(Float32Array.of(0.1, -2));
    expect(() => file.readFloat32('t.I32')).toThrow(/t\.I32 has dtype I32, floating point was expected/);
    expect(() => file.read('absent')).toThrow(/holds no tensor absent/);
    file.close();
    file.close();
  });

  it('reads scalars, empty tensors and an unaligned header', () => {
    const data = bytesOf(Float32Array.of(42));
    const path = fileOf(`${JSON.stringify({ one: f32([], 0, 4), none: f32([0, 3], 4, 4) })}   `, data);
    expect(readAll(path)).toEqual({ one: Float32Array.of(42), none: new Float32Array(0) });
  });

  it('reads a tensor that lies beyond 4 GB and one longer than a piece', () => {
    const path = newPath();
    const hole = 4_500_000_000;
    const long = 5_000_001;
    const entries = {
      hole: { dtype: 'U8', shape: [hole], data_offsets: [0, hole] },
      long: f32([long], hole, hole + long * 4),
      end: f32([2], hole + long * 4, hole + long * 4 + 8),
    };
    const text = new TextEncoder().encode(JSON.stringify(entries));
    const fd = openSync(path, 'w');
    const start = 8 + text.length;
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
    writeSync(fd, length, 0, 8, 0);
    writeSync(fd, text, 0, text.length, 8);
    ftruncateSync(fd, start + hole + long * 4 + 8);
    writeSync(fd, bytesOf(Float32Array.of(7)), 0, 4, start + hole + (long - 1) * 4);
    writeSync(fd, bytesOf(Float32Array.of(3, 4)), 0, 8, start + hole + long * 4);
    closeSync(fd);
    const file = openSafetensors(path);
    expect(file.readFloat32('end')).toEqual(Float32Array.of(3, 4));
    const values = file.readFloat32('long');
    expect([values.length, values[0], values[long - 1]]).toEqual([long, 0, 7]);
    file.close();
    rmSync(path);
  });
});

describe('a damaged header', () => {
  const four = new Uint8Array(4);
  it.each<[string, unknown, Uint8Array, RegExp]>([
    ['no JSON', '{"a": ', four, /header is not JSON/],
    ['not UTF-8', '{"\u0000a', four, /header is not JSON/],
    ['a list', [], four, /header is not a JSON object/],
    ['a tensor that is no object', { a: 3 }, four, /a is not a JSON object/],
    [
      'an unknown dtype',
      { a: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } },
      four,
      /a has dtype "F8_E4M3"; known are F64/,
    ],
    [
      'an inherited name as dtype',
      { a: { dtype: 'toString', shape: [4], data_offsets: [0, 4] } },
      four,
      /has dtype "toString"/,
    ],
    ['a negative size', { a: f32([-1], 0, 4) }, four, /shape \[-1\]/],
    ['a fractional size', { a: f32([0.5], 0, 4) }, four, /shape \[0.5\]/],
    ['a size beyond 2^53', { a: f32([2 ** 60], 0, 4) }, four, /shape/],
    ['a product that overflows', { a: f32([2 ** 50, 2 ** 50], 0, 4) }, four, /needs/],
    ['offsets that run backwards', { a: f32([1], 4, 0) }, four, /data_offsets \[4,0\]/],
    ['one offset', { a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, four, /data_offsets \[0\]/],
    [
      'a size that differs from the offsets',
      { a: f32([2], 0, 4) },
      four,
      /a F32 \[2\] needs 8 bytes and has 4/,
    ],
    ['a tensor beyond the end', { a: f32([2], 0, 8) }, four, /a ends at byte 8 of 4/],
    ['overlap', { a: f32([2], 0, 8), b: f32([2], 4, 12) }, new Uint8Array(12), /b overlaps/],
    ['a hole', { a: f32([1], 0, 4), b: f32([1], 8, 12) }, new Uint8Array(12), /bytes 4\.\.8 before tensor b/],
    [
      'unclaimed bytes at the end',
      { a: f32([1], 0, 4) },
      new Uint8Array(9),
      /need 4 bytes, the file holds 9/,
    ],
    [
      'metadata that is no string',
      { __metadata__: { n: 3 } },
      new Uint8Array(0),
      /metadata n is not a string/,
    ],
    [
      'a repeated tensor',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061" :{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      four,
      /holds a twice/,
    ],
    [
      'a repeated field',
      '{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
      four,
      /holds dtype twice/,
    ],
    [
      'checksums that are no JSON',
      { __metadata__: { 'touchstone.crc32': '{' } },
      new Uint8Array(0),
      /checksums are not JSON/,
    ],
  ])('%s is checkpoint-corrupt', (_, header, data, message) => {
    const path = fileOf(header, data);
    const attempt = () => openSafetensors(path);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
  });

  it('names files that are absent, short, or announce an absurd header', () => {
    expect(() => openSafetensors(join(dir, 'absent'))).toThrow(
      expect.objectContaining({ code: 'checkpoint-missing' }),
    );
    expect(() => openSafetensors(dir)).toThrow(/not a file/);
    const short = newPath();
    writeFileSync(short, 'abc');
    expect(() => openSafetensors(short)).toThrow(/only 3 bytes long/);
    const absurd = newPath();
    writeFileSync(absurd, new Uint8Array(64).fill(255));
    expect(() => openSafetensors(absurd)).toThrow(/a header of .* in a file of 64/);
  });
});

describe('writing', () => {
  it('aligns the header, orders by element size and name, and names the format', () => {
    const path = newPath();
    writeSafetensors(path, [
      { name: 'flags', shape: [3], data: Uint8Array.of(1, 0, 1), dtype: 'BOOL' },
      { name: 'b', shape: [1, 2], data: Float32Array.of(1, 2) },
      { name: 'a', shape: [2], data: Float32Array.of(3, 4) },
      { name: 'half', shape: [1], data: Float32Array.of(1), dtype: 'BF16' },
      { name: 'step', shape: [], data: BigInt64Array.of(9n) },
    ]);
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    expect(Object.keys(header)).toEqual(['__metadata__', 'step', 'a', 'b', 'half', 'flags']);
    expect(header.__metadata__.format).toBe('pt');
    expect(header.b).toEqual({ dtype: 'F32', shape: [1, 2], data_offsets: [16, 24] });
    expect(header.flags).toEqual({ dtype: 'BOOL', shape: [3], data_offsets: [26, 29] });
    expect(bytes.length).toBe(8 + length + 29);
    expect(readdirSync(dir).filter((name) => name.includes('.tmp-'))).toEqual([]);
  });

  it('gives equal bytes for equal content in any order', () => {
    const tensors: TensorToWrite[] = ['x', 'y', 'z'].map((name, i) => ({
      name,
      shape: [1],
      data: Float32Array.of(i),
    }));
    const [one, two] = [newPath(), newPath()];
    writeSafetensors(one, tensors);
    writeSafetensors(two, tensors.toReversed());
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  });

  it('writes views and shared memory, in pieces', () => {
    const count = 9_000_000;
    const shared = new Float32Array(new SharedArrayBuffer(4 * count + 8), 4, count);
    for (let i = 0; i < count; i++) shared[i] = i % 251;
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      const path = newPath();
      writeSafetensors(path, [{ name: 'x', shape: [3, count / 3], data: shared, dtype }]);
      const back = readAll(path).x;
      expect(back.length).toBe(count);
      expect(Buffer.compare(bytesOf(back), Buffer.from(bytesOf(shared)))).toBe(0);
      rmSync(path);
    }
  });

  it.each<[string, TensorToWrite[], RegExp]>([
    [
      'a shape that does not fit',
      [{ name: 'w', shape: [2], data: new Float32Array(3) }],
      /w: shape \[2\] does not fit 3/,
    ],
    [
      'a fractional shape',
      [{ name: 'w', shape: [1.5], data: new Float32Array(1) }],
      /not made of whole numbers/,
    ],
    [
      'a name twice',
      [1, 2].map(() => ({ name: 'w', shape: [0], data: new Float32Array(0) })),
      /w: the name is taken/,
    ],
    [
      'the name of the metadata',
      [{ name: '__metadata__', shape: [0], data: new Int8Array(0) }],
      /the name is taken/,
    ],
    [
      'integers as floats',
      [{ name: 'w', shape: [1], data: new Int32Array(1), dtype: 'F16' }],
      /I32 data cannot be written as F16/,
    ],
  ])('refuses %s and leaves no file', (_, tensors, message) => {
    const path = newPath();
    expect(() => writeSafetensors(path, tensors)).toThrow(message);
    expect(() => openSafetensors(path)).toThrow(/cannot open/);
  });

  it('round-trips any tensors bit by bit', () => {
    const float = fc.float32Array({ maxLength: 40 });
    const data = fc.oneof(
      float,
      fc.float64Array({ maxLength: 9 }),
      fc.bigInt64Array({ maxLength: 9 }),
      fc.int32Array(),
      fc.int8Array(),
      fc.uint8Array(),
    );
    const names = fc.string({ unit: 'binary', maxLength: 12 }).filter((name) => name !== '__metadata__');
    const content = fc.dictionary(names, data, { maxKeys: 6 });
    fc.assert(
      fc.property(content, fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), (tensors, metadata) => {
        const path = newPath();
        const list = Object.entries(tensors).map(([name, values]) => ({
          name,
          shape: [1, values.length],
          data: values,
        }));
        writeSafetensors(path, list, metadata);
        const found = readAll(path);
        expect(Object.keys(found).sort()).toEqual(Object.keys(tensors).sort());
        for (const { name, data: values } of list) {
          expect(found[name].constructor).toBe(values.constructor);
          expect(Buffer.compare(bytesOf(found[name]), bytesOf(values))).toBe(0);
        }
        rmSync(path);
      }),
      { numRuns: 60 },
    );
  });
});
