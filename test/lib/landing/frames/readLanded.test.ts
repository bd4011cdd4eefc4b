import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecord, type LandingRequest } from '../../../../lib/landing/frames/encodeRecord.ts';
import type { RangedObject } from '../../../../lib/landing/frames/RecordWalker.ts';
import { type ReadFrame, readFrames, readRecords } from '../../../../lib/landing/frames/readLanded.ts';
import { walkRecords } from '../../../../lib/landing/frames/records.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { requests } from './requests.ts';

function rangedOf(bytes: Uint8Array, ranges: (readonly [number, number])[] = []): RangedObject {
  return {
    size: bytes.length,
    read: async (from, to) => {
      ranges.push([from, to]);
      return bytes.slice(from, to);
    },
  };
}

async function framesOf(object: RangedObject): Promise<ReadFrame[]> {
  const frames: ReadFrame[] = [];
  for await (const frame of readFrames(object)) frames.push(frame);
  return frames;
}

const codesOf = (frames: readonly ReadFrame[]) =>
  frames.map((frame) => ('error' in frame ? frame.error.code : frame.table));
const recordOf = (rows: LandingRequest['rows']) =>
  Buffer.from(encodeRecord({ id: '0'.repeat(32), request: null, receivedAt: 0, rows }).bytes);
const row = (json: string) => ({ day: '2026-11-23', json });

describe('an object of the landing that is read frame by frame', () => {
  it('gives the rows of all of its records, table by table', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(requests, { maxLength: 8 }), async (all) => {
        const bytes = Buffer.concat(all.map((request) => encodeRecord(request).bytes));
        const expected = all.flatMap(({ rows }) =>
          tableKinds.flatMap((table) => {
            const own = (rows[table] ?? []).map(({ json }) => json);
            return own.length === 0 ? [] : [{ table, rows: own }];
          }),
        );
        expect(await framesOf(rangedOf(bytes))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('is read with about one read for eight megabytes', async () => {
    const random = () => row(JSON.stringify(Array.from({ length: 9_000 }, () => Math.random())));
    const record = recordOf({ events: [random(), random(), random()] });
    const bytes = Buffer.concat(Array.from({ length: 100 }, () => record));
    const ranges: (readonly [number, number])[] = [];
    expect(await framesOf(rangedOf(bytes, ranges))).toHaveLength(100);
    expect(ranges.length).toBeLessThanOrEqual(1 + Math.ceil(bytes.length / 6_000_000));
    expect(ranges.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(1.3 * bytes.length);
  });

  it('has the frames beside a damaged one, and those in front of what is no record', async () => {
    const two = recordOf({ exposures: [row('1')], events: [row('2')] });
    const damaged = Buffer.from(two);
    const [first] = walkRecords(two)[0]?.frames ?? [];
    const at = (first?.offset ?? 0) + 5;
    damaged.writeUInt8((damaged[at] ?? 0) ^ 1, at);
    expect(codesOf(await framesOf(rangedOf(Buffer.concat([damaged, two]))))).toEqual([
      ...['SLUICE_LANDING_FRAME_DAMAGED', 'events'],
      ...['exposures', 'events'],
    ]);
    for (const [rest, code] of [
      [two.subarray(0, -1), 'SLUICE_LANDING_TRUNCATED'],
      [Buffer.from('something'), 'SLUICE_LANDING_NOT_A_RECORD'],
    ] as const) {
      const bytes = Buffer.concat([two, rest]);
      expect(codesOf(await framesOf(rangedOf(bytes)))).toEqual(['exposures', 'events', code]);
      expect(readRecords(bytes)).toMatchObject({ records: [{ offset: 0 }], unread: [{ error: { code } }] });
    }
  });

  it('throws what reading throws', async () => {
    const read = async () => Promise.reject(new TypeError('No network.'));
    await expect(framesOf({ size: 9, read })).rejects.toThrow('No network.');
  });
});
