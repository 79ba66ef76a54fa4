// Damaged safetensors files: whatever bytes change, reading gives the true data or 'checkpoint-corrupt', never wrong
// data, another error, or a hang. Files of other programs carry no checksums; there damage to data goes unseen, and
// only the kind of error is checked.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TouchstoneError } from '../../core/errors.ts';
import { openSafetensors, type TensorData, writeSafetensors } from './safetensors.ts';

const dir = mkdtempSync(join(tmpdir(), 'touchstone-damage-'));
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

const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('random damage', () => {
  const path = newPath();
  writeSafetensors(path, [
    { name: 'model.a', shape: [4, 5], data: Float32Array.from({ length: 20 }, (_, i) => i / 3) },
    { name: 'model.b', shape: [7], data: Float32Array.from({ length: 7 }, (_, i) => -i), dtype: 'BF16' },
    { name: 'ids', shape: [3], data: Int32Array.of(1, 2, 3) },
  ]);
  const intact = readFileSync(path);
  const truth = readAll(path);
  rmSync(path);
  const keyStart = intact.indexOf('"touchstone.crc32"');
  const keyEnd = keyStart + '"touchstone.crc32"'.length;

  /** Reads damaged bytes: true data under its own name and shape, or checkpoint-corrupt. */
  function expectTruthOrError(bytes: Uint8Array): void {
    const damaged = newPath();
    writeFileSync(damaged, bytes);
    try {
      expect(readAll(damaged)).toEqual(truth);
    } catch (fault) {
      if (!(fault instanceof TouchstoneError)) throw fault;
      expect(fault.code).toBe('checkpoint-corrupt');
      expect(fault.message).toContain(damaged);
    } finally {
      rmSync(damaged);
    }
  }

  it('of any single byte is noticed or harmless', () => {
    for (let i = 0; i < intact.length; i++) {
      for (const flip of [0x01, 0x04, 0x0f, 0x80]) {
        const bytes = Uint8Array.from(intact);
        bytes[i] ^= flip;
        expectTruthOrError(bytes);
      }
    }
  });

  // Damage to the key of the checksums turns them off, so together with damage to the data it goes unseen.
  it('of several bytes is noticed or harmless while the key of the checksums stands', () => {
    const position = fc
      .oneof(fc.nat(intact.length - 1), fc.nat(500))
      .filter((at) => at < keyStart || at >= keyEnd);
    const changes = fc.array(
      fc.tuple(position, fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[],:"0123456789F')))),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Uint8Array.from(intact);
        for (const [at, value] of list) bytes[at] = value;
        expectTruthOrError(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('by cutting or adding bytes is always noticed', () => {
    for (let length = 0; length < intact.length; length++) {
      const cut = newPath();
      writeFileSync(cut, intact.subarray(0, length));
      expect(() => readAll(cut)).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
      rmSync(cut);
    }
    const grown = newPath();
    writeFileSync(grown, Buffer.concat([intact, Buffer.of(0)]));
    expect(() => readAll(grown)).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
  });

  it('of a header without checksums never does more than fail cleanly', () => {
    const data = new Uint8Array(16);
    const header = JSON.stringify({
      a: f32([2], 0, 8),
      b: { dtype: 'I8', shape: [2, 4], data_offsets: [8, 16] },
    });
    const position = fc.nat(header.length + 7);
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 5 }), (list) => {
        const damaged = fileOf(header, data);
        const bytes = readFileSync(damaged);
        for (const [at, value] of list) bytes[at] = value;
        writeFileSync(damaged, bytes);
        try {
          readAll(damaged);
        } catch (fault) {
          expect(fault).toMatchObject({ name: 'TouchstoneError', code: 'checkpoint-corrupt' });
        }
        rmSync(damaged);
      }),
      { numRuns: 1000 },
    );
  });
});
