import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { billedBytes, packDocuments } from '../../../../lib/landing/delivery/packDocuments.ts';
import { packCalls } from '../../../../lib/landing/delivery/putRecords.ts';
import {
  MAX_CALL_BYTES,
  MAX_DOCUMENTS_PER_RECORD,
  MAX_RECORD_BYTES,
  MAX_RECORDS_PER_CALL,
} from '../../../../lib/schema/deliveryLimits.ts';

const utf8 = (data: Uint8Array) => Buffer.from(data).toString('utf8');
/** A document of exactly so many bytes, in characters of 1, 2, 3 or 4 bytes. */
function document(bytes: number, character = 'x'): string {
  const each = Buffer.byteLength(character);
  return character.repeat(Math.floor(bytes / each)) + 'y'.repeat(bytes % each);
}

describe('packDocuments', () => {
  it('returns no record without documents', () => {
    expect(packDocuments([])).toEqual({ records: [], tooLarge: [] });
  });

  it('joins documents by newlines, in order', () => {
    const { records } = packDocuments(['{"a":1}', '{"b":"é😀"}']);
    expect(records.map(({ data }) => utf8(data))).toEqual(['{"a":1}\n{"b":"é😀"}']);
    expect(records[0]?.documents).toEqual([0, 1]);
  });

  it.each(['x', 'é', '€', '😀'])('fills a record to the byte with %s', (character) => {
    const half = MAX_RECORD_BYTES / 2;
    const exact = packDocuments([document(half, character), document(half - 1, character)]);
    expect(exact.records.map(({ data }) => data.length)).toEqual([MAX_RECORD_BYTES]);
    const over = packDocuments([document(half, character), document(half, character)]);
    expect(over.records.map(({ data }) => data.length)).toEqual([half, half]);
  });

  it('accepts a document of exactly one record, and reports one that is a byte larger', () => {
    const packed = packDocuments([
      document(MAX_RECORD_BYTES),
      document(MAX_RECORD_BYTES + 1),
      document(MAX_RECORD_BYTES, '€'),
      document(MAX_RECORD_BYTES + 1, '€'),
      'z',
    ]);
    expect(packed.tooLarge).toEqual([1, 3]);
    expect(packed.records.map(({ documents }) => documents)).toEqual([[0], [2], [4]]);
  });

  it('puts at most 500 documents into a record', () => {
    const count = MAX_DOCUMENTS_PER_RECORD;
    expect(packDocuments(Array(count).fill('{}')).records).toHaveLength(1);
    const { records } = packDocuments(Array(count + 1).fill('{}'));
    expect(records.map(({ documents }) => documents.length)).toEqual([count, 1]);
  });

  it('keeps every document, in order, within every limit, and no record could take the next document', () => {
    const sizes = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 300_000, max: MAX_RECORD_BYTES + 2 }) },
    );
    const documents = fc
      .array(fc.tuple(sizes, fc.constantFrom('x', 'é', '€', '😀')), { maxLength: 12 })
      .chain((some) => fc.tuple(fc.constant(some), fc.constantFrom(0, 498, 700)))
      .map(([some, more]) => [
        ...some.map(([bytes, character]) => document(bytes, character)),
        ...Array.from({ length: more }, (_, i) => `{"n":${i}}`),
      ]);
    fc.assert(
      fc.property(documents, (all) => {
        const { records, tooLarge } = packDocuments(all);
        const kept = records.flatMap(({ documents: some }) => some);
        expect([...kept, ...tooLarge].sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
        expect(kept).toEqual(kept.toSorted((a, b) => a - b));
        expect(tooLarge).toEqual(all.flatMap((d, i) => (Buffer.byteLength(d) > MAX_RECORD_BYTES ? [i] : [])));
        for (const [i, { data, documents: some }] of records.entries()) {
          expect(utf8(data)).toBe(some.map((index) => all[index]).join('\n'));
          expect(data.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
          expect(some.length).toBeLessThanOrEqual(MAX_DOCUMENTS_PER_RECORD);
          const next = records[i + 1]?.documents[0];
          if (next === undefined || some.length === MAX_DOCUMENTS_PER_RECORD) continue;
          expect(data.length + 1 + Buffer.byteLength(all[next] ?? '')).toBeGreaterThan(MAX_RECORD_BYTES);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never changes a record that it has returned', () => {
    const first = packDocuments([document(400_000)]).records[0]?.data ?? Buffer.alloc(0);
    const before = utf8(first);
    for (let i = 0; i < 8; i += 1) packDocuments([document(400_000, '€')]);
    expect(utf8(first)).toBe(before);
  });
});

describe('packCalls', () => {
  const record = (bytes: number) => ({ data: new Uint8Array(bytes), documents: [0] });

  it('puts at most 500 records and 4 MiB into a call, to the byte', () => {
    const sizes = (calls: ReturnType<typeof packCalls>) => calls.map((call) => call.length);
    expect(sizes(packCalls(Array(MAX_RECORDS_PER_CALL).fill(record(1))))).toEqual([500]);
    expect(sizes(packCalls(Array(MAX_RECORDS_PER_CALL + 1).fill(record(1))))).toEqual([500, 1]);
    const quarter = MAX_CALL_BYTES / 4 - MAX_RECORD_BYTES;
    const four = Array(4).fill(record(MAX_RECORD_BYTES));
    expect(sizes(packCalls([...four, record(4 * quarter)]))).toEqual([5]);
    expect(sizes(packCalls([...four, record(4 * quarter + 1)]))).toEqual([4, 1]);
    expect(packCalls([])).toEqual([]);
  });

  it('keeps every record, in order', () => {
    const records = fc.array(fc.integer({ min: 1, max: MAX_RECORD_BYTES }).map(record), { maxLength: 30 });
    fc.assert(
      fc.property(records, (all) => {
        const calls = packCalls(all);
        expect(calls.flat()).toEqual(all);
        for (const call of calls) {
          const bytes = call.reduce((sum, { data }) => sum + data.length, 0);
          expect(bytes).toBeLessThanOrEqual(MAX_CALL_BYTES);
          expect(call.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('billedBytes', () => {
  it('rounds a record up to 5 KB', () => {
    expect([1, 5_119, 5_120, 5_121, 1_024_000].map(billedBytes)).toEqual([
      5_120, 5_120, 5_120, 10_240, 1_024_000,
    ]);
  });
});
