import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecord } from '../../../../lib/landing/frames/encodeRecord.ts';
import { RecordWalker } from '../../../../lib/landing/frames/RecordWalker.ts';
import { readRecords } from '../../../../lib/landing/frames/readLanded.ts';
import { type UnreadPiece, type WalkedRecord, walkRecords } from '../../../../lib/landing/frames/records.ts';
import { MAX_HEADER_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { requests } from './requests.ts';

/** The least window: a header with what is in front of it. */
const LEAST = MAX_HEADER_BYTES + 8;

/** A record of one event. Random bytes do not compress, so that its frame is about as long as they are. */
function recordOf(bytes: number, seed = 1): Uint8Array {
  let state = seed;
  const random = Buffer.from(
    Array.from({ length: bytes }, () => {
      state = Math.imul(state, 1_664_525) + 1_013_904_223;
      return state >>> 24;
    }),
  );
  const rows = { events: [{ day: '2026-11-23', json: `"${random.toString('base64')}"` }] };
  return encodeRecord({ id: '0'.repeat(32), request: null, receivedAt: 0, rows }).bytes;
}

/** Walks an object by ranges, and keeps which. */
async function walk(
  object: Uint8Array,
  windowBytes?: number,
  read = async (from: number, to: number) => object.slice(from, to),
) {
  const ranges: (readonly [number, number])[] = [];
  const ranged = {
    size: object.length,
    read: (from: number, to: number) => {
      ranges.push([from, to]);
      return read(from, to);
    },
  };
  const [records, unread]: [WalkedRecord[], UnreadPiece[]] = [[], []];
  for await (const piece of new RecordWalker(ranged, windowBytes).pieces())
    if ('error' in piece) unread.push(piece);
    else records.push(piece);
  return { records, unread, ranges };
}

describe('a walk over the records of an object by ranges', () => {
  it('finds what a walk over all of its bytes finds, in windows of any size', async () => {
    const large = recordOf(90_000);
    const record = requests.map((request) => encodeRecord(request).bytes);
    const object = fc.array(fc.oneof(record, fc.constant(large)), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(object, fc.integer({ min: 1, max: 3 * LEAST }), async (parts, windowBytes) => {
        const bytes = Buffer.concat(parts);
        const { records, unread, ranges } = await walk(bytes, windowBytes);
        expect([records, unread]).toStrictEqual([walkRecords(bytes), []]);
        for (const [from, to] of ranges) expect(to - from).toBeLessThanOrEqual(Math.max(LEAST, windowBytes));
      }),
      { numRuns: 50 },
    );
  });

  it('reads each byte about once, and no frame beyond its window', async () => {
    const small = Buffer.concat(Array.from({ length: 2_000 }, () => recordOf(300)));
    const { ranges } = await walk(small, 4 * LEAST);
    expect(ranges.length).toBeLessThanOrEqual(Math.ceil(small.length / (3 * LEAST)));
    const large = recordOf(3 * LEAST);
    const object = Buffer.concat([large, large, large]);
    expect((await walk(object, LEAST)).ranges).toEqual(
      [0, large.length, 2 * large.length].map((from) => [from, from + LEAST]),
    );
  });

  it('reads nothing of an empty object', async () => {
    expect(await walk(new Uint8Array())).toEqual({ records: [], unread: [], ranges: [] });
  });

  it('goes on behind what is damaged, whatever is: a cut, a header, bytes between records', async () => {
    const parts = fc.array(
      fc.oneof(
        requests.map((request) => ({ record: Buffer.from(encodeRecord(request).bytes) })),
        fc.record({ request: requests, at: fc.nat(), cut: fc.boolean() }).map(({ request, at, cut }) => {
          const bytes = Buffer.from(encodeRecord(request).bytes);
          if (cut) return { noise: bytes.subarray(1 + (at % (bytes.length - 1))) };
          // A bit of the magic number, or of the header's length or text.
          const place = at % Math.min(40, bytes.length);
          bytes.writeUInt8((bytes[place] ?? 0) ^ 1, place);
          return { noise: bytes };
        }),
        fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => ({ noise: Buffer.from(bytes) })),
      ),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: LEAST, max: 2 * LEAST }), async (all, windowBytes) => {
        const object = Buffer.concat(all.map((part) => ('record' in part ? part.record : part.noise)));
        const { records, unread } = await walk(object, windowBytes);
        let offset = 0;
        const expected: number[] = [];
        for (const part of all) {
          if ('record' in part) expected.push(offset);
          offset += 'record' in part ? part.record.length : part.noise.length;
        }
        expect(records.map((record) => record.offset)).toEqual(expected);
        // Each byte is in one of the pieces.
        const pieces = [
          ...records.map((one) => [one.offset, one.end]),
          ...unread.map((one) => [one.from, one.to]),
        ];
        let end = 0;
        for (const [from, to] of pieces.sort(([x = 0], [y = 0]) => x - y)) {
          expect(from).toBe(end);
          end = to ?? 0;
        }
        expect(end).toBe(object.length);
        expect(readRecords(object)).toMatchObject({
          records: expected.map((at) => ({ offset: at })),
          unread: unread.map(({ from, to }) => ({ from, to })),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('finds a record behind more damaged bytes than a window holds', async () => {
    const record = recordOf(1_000);
    const noise = Buffer.alloc(5 * LEAST, 'P*M');
    const { records, unread } = await walk(Buffer.concat([record.subarray(7), noise, record]), LEAST);
    const from = record.length - 7 + noise.length;
    expect(records).toMatchObject([{ offset: from }]);
    expect(unread).toMatchObject([{ from: 0, to: from, error: { code: 'SLUICE_LANDING_NOT_A_RECORD' } }]);
  });

  it.each([
    ['less', -1],
    ['more', 1],
  ])('does not go on when a read answers %s than it was asked for', async (_what, more) => {
    const object = Buffer.concat([recordOf(100), recordOf(100)]);
    const read = async (from: number, to: number) => new Uint8Array(Math.max(0, to - from + more));
    await expect(walk(object, LEAST, read)).rejects.toMatchObject({ code: 'SLUICE_LANDING_UNREADABLE' });
  });

  it('throws what reading throws', async () => {
    const read = () => Promise.reject(new Error('PreconditionFailed'));
    await expect(walk(recordOf(100), LEAST, read)).rejects.toThrow('PreconditionFailed');
  });
});
