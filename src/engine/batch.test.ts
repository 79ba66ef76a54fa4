import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  type BatchOptions,
  collectRows,
  makeBatches,
  type ResponseRows,
  type RowAlignment,
  type Sequence,
  spreadRows,
} from './batch.ts';

const sequence = (promptLength: number, ...tokens: number[]): Sequence => ({
  tokens: Int32Array.from(tokens),
  promptLength,
});

describe('by hand', () => {
  const sequences = [sequence(1, 5, 6), sequence(2, 1, 2, 3, 4)];

  it('pads rows to a multiple, longest first', () => {
    const [batch] = makeBatches(sequences, { maxTokens: 8, timeMultiple: 4, layout: 'padded' }) as [Batch];
    expect(batch).toEqual({
      batch: 2,
      time: 4,
      packed: false,
      tokens: Int32Array.of(1, 2, 3, 4, 5, 6, 0, 0),
      targets: Int32Array.of(2, 3, 4, 0, 6, 0, 0, 0),
      positions: Int32Array.of(0, 1, 2, 3, 0, 1, 0, 0),
      segments: Int32Array.of(1, 1, 1, 1, 1, 1, 0, 0),
      placements: [
        { sequence: 1, start: 0 },
        { sequence: 0, start: 4 },
      ],
    });
  });

  it('packs several sequences into a row and numbers them', () => {
    const options = { maxTokens: 8, timeMultiple: 8, layout: 'packed' } as const;
    const [batch] = makeBatches(sequences, options) as [Batch];
    expect(batch).toEqual({
      batch: 1,
      time: 8,
      packed: true,
      tokens: Int32Array.of(1, 2, 3, 4, 5, 6, 0, 0),
      targets: Int32Array.of(2, 3, 4, 0, 6, 0, 0, 0),
      positions: Int32Array.of(0, 1, 2, 3, 0, 1, 0, 0),
      segments: Int32Array.of(1, 1, 1, 1, 2, 2, 0, 0),
      placements: [
        { sequence: 1, start: 0 },
        { sequence: 0, start: 4 },
      ],
    });
  });

  it('collects what predicts a response token, or what has read it', () => {
    const [batch] = makeBatches(sequences, { maxTokens: 8, timeMultiple: 4 }) as [Batch];
    const flat = [10, 11, 12, 13, 20, 21, 22, 23];
    const [before, including]: [ResponseRows, ResponseRows] = [[], []];
    collectRows(batch, flat, sequences, before);
    collectRows(batch, flat, sequences, including, 'including');
    expect(before).toEqual([Float32Array.of(20), Float32Array.of(11, 12)]);
    expect(including).toEqual([Float32Array.of(21), Float32Array.of(12, 13)]);
  });

  it('spreads rows with zeros elsewhere', () => {
    const [batch] = makeBatches(sequences, { maxTokens: 8, timeMultiple: 4 }) as [Batch];
    expect(spreadRows(batch, [[7], [8, 9]], sequences)).toEqual(Float32Array.of(0, 8, 9, 0, 7, 0, 0, 0));
    expect(spreadRows(batch, [[7], [8, 9]], sequences, 'including')).toEqual(
      Float32Array.of(0, 0, 8, 9, 0, 7, 0, 0),
    );
  });

  it('cuts at maxTokens', () => {
    const many = Array.from({ length: 5 }, () => sequence(1, 1, 2, 3));
    const batches = makeBatches(many, { maxTokens: 8, timeMultiple: 4 });
    expect(batches.map(({ placements }) => placements.map((p) => p.sequence))).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('does not compute many empty rows for a few sequences', () => {
    const rows = (count: number) =>
      makeBatches(
        Array.from({ length: count }, () => sequence(1, 1, 2)),
        { maxTokens: 4096, targetTokens: 4096, timeMultiple: 32 },
      ).map(({ batch }) => batch);
    expect([rows(1), rows(3), rows(128), rows(131)]).toEqual([[1], [4], [128], [128, 4]]);
  });

  it('makes nothing of nothing', () => {
    expect(makeBatches([])).toEqual([]);
  });
});

describe('faults', () => {
  it.each([
    ['an empty prompt', sequence(0, 1, 2), 'sequence 1: prompt 0 of 2 tokens'],
    ['an empty response', sequence(2, 1, 2), 'sequence 1: prompt 2 of 2 tokens'],
    ['no tokens', sequence(1), 'sequence 1: prompt 1 of 0 tokens'],
    ['a sequence beyond maxTokens', sequence(1, ...new Array<number>(9).fill(1)), 'sequence 1 has 9 tokens'],
  ])('names the sequence: %s', (_label, bad, message) => {
    expect(() => makeBatches([sequence(1, 1, 2), bad], { maxTokens: 8, timeMultiple: 4 })).toThrow(
      expect.objectContaining({ code: 'bad-input', message }),
    );
  });
});

/** Sequences in which every token is different, so that its place can be told. */
const arbitrarySequences = fc
  .array(
    fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
      .map(([prompt, response]) => [prompt, prompt + response] as const),
    { maxLength: 30 },
  )
  .map((lengths) => {
    let next = 1;
    return lengths.map(([promptLength, length]) => ({
      promptLength,
      tokens: Int32Array.from({ length }, () => next++),
    }));
  });

const arbitraryOptions: fc.Arbitrary<BatchOptions> = fc.record({
  maxTokens: fc.integer({ min: 64, max: 300 }),
  timeMultiple: fc.constantFrom(1, 8, 32),
  layout: fc.constantFrom('padded', 'packed'),
});

describe('properties', () => {
  it('places every token exactly once, at its position, in a segment of its own', () => {
    fc.assert(
      fc.property(arbitrarySequences, arbitraryOptions, (sequences, options) => {
        const batches = makeBatches(sequences, options);
        const placed: number[] = [];
        for (const batch of batches) {
          expect(batch.batch * batch.time).toBeLessThanOrEqual(options.maxTokens);
          expect(batch.time % options.timeMultiple).toBe(0);
          expect(batch.placements.length).toBeGreaterThan(0);
          const used = new Uint8Array(batch.tokens.length);
          for (const { sequence: index, start } of batch.placements) {
            const { tokens } = sequences[index] as Sequence;
            const end = start + tokens.length;
            expect(Math.floor(start / batch.time)).toBe(Math.floor((end - 1) / batch.time));
            expect(batch.tokens.subarray(start, end)).toEqual(tokens);
            expect(batch.targets.subarray(start, end - 1)).toEqual(tokens.subarray(1));
            const segment = batch.segments[start];
            tokens.forEach((_token, p) => {
              expect(batch.positions[start + p]).toBe(p);
              expect(batch.segments[start + p]).toBe(segment);
              used[start + p] = 1;
            });
            const row = Math.floor(start / batch.time) * batch.time;
            const same = batch.segments.subarray(row, row + batch.time).filter((s) => s === segment);
            expect(same.length).toBe(tokens.length);
            placed.push(index);
          }
          used.forEach((taken, i) => {
            if (taken === 0) expect([batch.tokens[i], batch.segments[i]]).toEqual([0, 0]);
          });
        }
        expect(placed.sort((a, b) => a - b)).toEqual(sequences.map((_sequence, i) => i));
      }),
      { numRuns: 60 },
    );
  });

  it('gets back from collectRows what spreadRows spread, and the two are adjoint', () => {
    const alignments = fc.constantFrom<RowAlignment>('before', 'including');
    fc.assert(
      fc.property(arbitrarySequences, arbitraryOptions, alignments, (sequences, options, alignment) => {
        let next = 1;
        const rows = sequences.map(({ tokens, promptLength }) =>
          Float32Array.from({ length: tokens.length - promptLength }, () => next++),
        );
        const back: ResponseRows = [];
        let total = 0;
        for (const batch of makeBatches(sequences, options)) {
          const flat = spreadRows(batch, rows, sequences, alignment);
          collectRows(batch, flat, sequences, back, alignment);
          total += flat.reduce((sum, x) => sum + x, 0);
        }
        expect(back).toEqual(rows);
        expect(total).toBe(((next - 1) * next) / 2);
      }),
      { numRuns: 60 },
    );
  });

  it('splits by lengths alone', () => {
    fc.assert(
      fc.property(arbitrarySequences, arbitraryOptions, (sequences, options) => {
        const other = sequences.map(({ tokens, promptLength }) => ({
          tokens: tokens.map(() => 1),
          promptLength,
        }));
        const shape = (batches: Batch[]) =>
          batches.map(({ batch, time, placements }) => [batch, time, placements]);
        expect(shape(makeBatches(other, options))).toEqual(shape(makeBatches(sequences, options)));
      }),
      { numRuns: 30 },
    );
  });
});
