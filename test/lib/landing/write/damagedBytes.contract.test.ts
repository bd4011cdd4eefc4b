import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { againKey, damagedKey, directRecordKey } from '../../../../lib/tables/objectKeys.ts';
import { keyOf, LandingBucket, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;
beforeEach(() => {
  bucket = new LandingBucket();
});
afterEach(() => bucket.remove());

describe('foreign bytes in an object', () => {
  const requests = Array.from({ length: 10 }, (_, i) =>
    record({
      events: Array.from({ length: 20 }, (_row, j) => rowOf('events', `e${i}${String(j).padStart(2, '0')}`)),
    }),
  );
  const ids = requests.flatMap((_, i) =>
    Array.from({ length: 20 }, (_row, j) => `e${i}${String(j).padStart(2, '0')}`),
  );
  const between = (wrong: Uint8Array) =>
    Buffer.concat(requests.flatMap((request, i) => (i < 3 ? [request, wrong] : [request])));
  const withLine = (request: Buffer, line: string) =>
    gzipSync(Buffer.concat([gunzipSync(request).subarray(0, -1), Buffer.from(`\n${line}`)]));
  const aside = keyOf(1).replace('landing/', 'damaged/');
  const demo = Buffer.from('{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE","CHANGE":-0.05,"PRICE":84.51}');
  const newer = '{"kind":"orders","ds":"2026-11-25","row":{"a":1}}\n';

  it.each([
    { what: 'records of the console', object: between(demo), skipped: Buffer.concat([demo, demo, demo]) },
    {
      what: 'a gzip member of foreign lines',
      object: between(gzipSync('hello\n')),
      skipped: Buffer.concat(Array(3).fill(gzipSync('hello\n'))),
    },
    {
      what: 'foreign lines',
      object: Buffer.concat(requests.map((request) => withLine(request, newer))),
      skipped: Buffer.concat(Array(10).fill(gzipSync(newer))),
    },
  ])('cost no row, and are one object of damaged/: $what', async ({ object, skipped }) => {
    bucket.put(1, object);
    const done = { objects: { written: 0, damaged: 1, gone: 0 }, rows: 200, refused: 0, rounds: 1 };
    expect(await bucket.write()).toMatchObject(done);
    expect(await bucket.idsOf()).toEqual(ids);
    expect([...bucket.waiting, ...bucket.keysOf('damaged/')]).toEqual([aside]);
    expect(bucket.objects.get(aside)?.equals(skipped)).toBe(true);
    expect(bucket.lines).toEqual([
      expect.objectContaining({ event: 'write_damaged', object: keyOf(1), code: 'SLUICE_LANDED_DAMAGED' }),
    ]);
    // Copied back, it makes the same object again, and no row.
    bucket.put(1, skipped);
    bucket.objects.delete(aside);
    expect(await bucket.write()).toMatchObject({ ...done, rows: 0 });
    expect(bucket.objects.get(aside)?.equals(skipped)).toBe(true);
  });

  const [firstRequest] = requests as [Buffer, ...Buffer[]];
  const ofHour = '{"kind":"events","ds":"2026-11-25","row":{"received_at":"2026-11-25T07:1"},"v":2}\n';

  it('are kept with the time of their delivery, and the hours of rows in them', async () => {
    bucket.put(1, withLine(firstRequest, ofHour));
    await bucket.write();
    expect(bucket.metadataOf.get(aside)).toEqual({ delivered: '9', hours: '2026-11-25T07' });
  });

  it('are kept without an hour if none of them is like a row', async () => {
    bucket.put(1, between(demo));
    await bucket.write();
    expect(bucket.metadataOf.get(aside)).toEqual({ delivered: '9', hours: 'none' });
  });

  it.each([
    { what: 'an object', first: aside },
    { what: 'an object of redriven rows', first: damagedKey(directRecordKey('2026-11-25', 'd', 'redriven')) },
  ])(
    'of $what that is tried again keep its time, and lose hours that others may add to',
    async ({ first }) => {
      const again = againKey(first, 1_000);
      const cut = firstRequest.subarray(0, -9);
      bucket.objects.set(again, Buffer.concat([gzipSync(ofHour), cut]));
      bucket.metadataOf.set(again, { delivered: '5', hours: '2026-11-25T07' });
      await bucket.write();
      expect(bucket.metadataOf.get(damagedKey(again))).toEqual({ delivered: '5' });
    },
  );

  it('are told in one line, with their causes and the first of their places', async () => {
    bucket.put(
      1,
      Buffer.concat([...requests, ...requests, ...requests].flatMap((request) => [request, demo])),
    );
    await bucket.write();
    // The first twenty places: a request before each.
    const ranges = Array.from({ length: 20 }, (_, i) => {
      const before = [...requests, ...requests].slice(0, i + 1);
      const from = before.reduce((sum, { length }) => sum + length, i * demo.length);
      return { from, to: from + demo.length, why: 'broken' };
    });
    expect(bucket.lines).toEqual([
      {
        level: 'error',
        event: 'write_damaged',
        object: keyOf(1),
        code: 'SLUICE_LANDED_DAMAGED',
        bytes: 30 * demo.length,
        count: 30,
        lines: 0,
        row_like: 0,
        causes: { broken: 30 * demo.length },
        ranges,
      },
    ]);
  });

  it('of several objects end the round before they are too many for the memory together', async () => {
    for (const n of [1, 2, 3]) bucket.put(n, firstRequest, Buffer.alloc(200, 'foreign '));
    const done = await bucket.write({ skippedBytes: 300 });
    expect(done).toMatchObject({ objects: { damaged: 3 }, rows: 60, rounds: 2 });
  });

  it('are kept once, beside others that an earlier object of the same key had', async () => {
    const other = Buffer.from('of another object');
    const ofDemo = Buffer.concat([demo, demo, demo]);
    const ofOther = Buffer.concat([other, other, other]);
    for (const { object, kept } of [
      { object: between(demo), kept: [ofDemo] },
      { object: between(demo), kept: [ofDemo] },
      { object: between(other), kept: [ofDemo, ofOther] },
      { object: between(other), kept: [ofDemo, ofOther] },
    ]) {
      bucket.put(1, object);
      await bucket.write();
      expect(bucket.keysOf('damaged/').map((key) => String(bucket.objects.get(key)))).toEqual(
        kept.map(String),
      );
    }
  });

  it('may be all of an object; one without bytes is done', async () => {
    bucket.put(1, demo);
    bucket.put(2, Buffer.of());
    expect(await bucket.write()).toMatchObject({
      objects: { written: 1, damaged: 1 },
      rows: 0,
    });
    expect(bucket.keysOf('')).toEqual([aside]);
  });
});
