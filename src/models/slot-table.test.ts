// The slot table against a plain record of what every sequence has stored.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinyConfig } from '../../test/support/tiny-model.ts';
import { SlotTable } from './slot-table.ts';

const config = tinyConfig({ layers: 2, kvHeads: 2, headDim: 2, maxPositions: 400 });
const WIDTH = config.kvHeads * config.headDim;

/** Stored in place of a key: a number that names its sequence, position, layer and component. */
const mark = (id: number, position: number, layer: number, component: number, value: boolean): number =>
  id * 10000 + position * 20 + layer * 8 + component * 2 + (value ? 1 : 0);

function rows(entries: readonly { id: number; position: number }[]): Record<string, Float32Array> {
  const out: Record<string, Float32Array> = {};
  for (let layer = 0; layer < config.layers; layer++) {
    for (const value of [false, true]) {
      out[`${value ? 'value' : 'key'}.${layer}`] = Float32Array.from(
        entries.flatMap(({ id, position }) =>
          Array.from({ length: WIDTH }, (_, c) => mark(id, position, layer, c, value)),
        ),
      );
    }
  }
  return out;
}

class Checked {
  readonly table: SlotTable<number>;
  readonly lengths = new Map<number, number>();
  #next = 1;

  constructor(slots: number, limit: number) {
    this.table = new SlotTable(config, slots, limit);
  }

  place(length: number): void {
    const id = this.#next++;
    // The sequence is the second row of a prefill, so `from` is not 0.
    const before = Array.from({ length }, (_, position) => ({ id: 99, position }));
    const own = Array.from({ length }, (_, position) => ({ id, position }));
    this.table.place(id, length, rows([...before, ...own]), length);
    this.lengths.set(id, length);
  }

  /** Decodes one token per sequence; those for which `ends` is true leave. */
  advance(ends: (id: number) => boolean): void {
    this.table.makeRoom();
    const seen: number[] = [];
    const { tokens } = this.table.feeds((id) => id) as { tokens: Int32Array };
    const results = rows(
      [...tokens].map((id) => ({ id, position: id === 0 ? 0 : (this.lengths.get(id) as number) })),
    );
    this.table.advance(results, (id, slot) => {
      expect(tokens[slot]).toBe(id);
      seen.push(id);
      return ends(id);
    });
    expect(seen.sort((a, b) => a - b)).toEqual([...this.lengths.keys()]);
    for (const id of seen) {
      if (ends(id)) this.lengths.delete(id);
      else this.lengths.set(id, (this.lengths.get(id) as number) + 1);
    }
  }

  check(): void {
    const { table } = this;
    const feeds = table.feeds((id) => id) as Record<string, Float32Array>;
    const tokens = [...(feeds.tokens ?? [])];
    expect(tokens.length).toBe(table.slots);
    expect(tokens.filter((id) => id !== 0).sort((a, b) => a - b)).toEqual([...this.lengths.keys()]);
    expect(table.active).toBe(this.lengths.size);
    expect(table.free).toBe(table.slots - table.active);
    const wrong: string[] = [];
    tokens.forEach((id, slot) => {
      expect(feeds.lengths?.[slot]).toBe(this.lengths.get(id) ?? 0);
      for (let position = 0; position < (this.lengths.get(id) ?? 0); position++) {
        for (let layer = 0; layer < config.layers; layer++) {
          for (let c = 0; c < WIDTH; c++) {
            const head = Math.floor(c / config.headDim);
            const row = (slot * config.kvHeads + head) * table.capacity + position;
            const at = row * config.headDim + (c % config.headDim);
            if (feeds[`keyCache.${layer}`]?.[at] !== mark(id, position, layer, c, false)) {
              wrong.push(`key of ${id} at ${position}`);
            }
            if (feeds[`valueCache.${layer}`]?.[at] !== mark(id, position, layer, c, true)) {
              wrong.push(`value of ${id} at ${position}`);
            }
          }
        }
      }
    });
    expect(wrong).toEqual([]);
  }
}

describe('SlotTable', () => {
  it('keeps the sequences behind a hole when a long prompt makes it grow', () => {
    const checked = new Checked(4, 400);
    for (const length of [3, 4, 5]) checked.place(length);
    checked.advance((id) => id === 1);
    checked.place(100);
    checked.check();
    expect(checked.table.capacity).toBe(128);
  });

  it('halves to whole numbers of slots', () => {
    const checked = new Checked(17, 100);
    checked.place(3);
    checked.table.shrink(8);
    expect(checked.table.slots).toBe(9);
    checked.check();
  });

  it('never has room for more than the longest sequence needs', () => {
    const checked = new Checked(2, 70);
    checked.place(63);
    expect(checked.table.capacity).toBe(64);
    for (let step = 0; step < 6; step++) checked.advance(() => false);
    expect(checked.table.capacity).toBe(70);
    checked.check();
  });

  it('refuses a sequence when it is full', () => {
    const checked = new Checked(1, 100);
    checked.place(3);
    expect(() => checked.place(3)).toThrow(/no free slot/);
  });

  it('holds exactly what was stored, whatever the order of operations', () => {
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.record({ place: fc.integer({ min: 1, max: 90 }) }) },
      { weight: 6, arbitrary: fc.record({ end: fc.nat(6) }) },
      { weight: 1, arbitrary: fc.record({ shrink: fc.integer({ min: 1, max: 8 }) }) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(operation, { maxLength: 30 }),
        (slots, operations) => {
          const checked = new Checked(slots, 400);
          for (const step of operations) {
            if ('place' in step) {
              if (checked.table.free > 0) checked.place(step.place);
            } else if ('end' in step) checked.advance((id) => (id * 2654435761) % 7 === step.end);
            else checked.table.shrink(step.shrink);
          }
          checked.check();
        },
      ),
      { numRuns: 60 },
    );
  });
});
