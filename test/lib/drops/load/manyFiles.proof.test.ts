import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../../bench/collect/seededRandom.ts';
import { mapLimit } from '../../../../lib/base/concurrency.ts';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { DAY, DROPS, type Loads, parquetOf, someEvents, startLoads } from './startLoads.ts';

/** A customer's bucket with objects that needn't be put one by one. */
function bucketOf(bodies: readonly Uint8Array[]): Loader['customerBucket'] {
  const objects = bodies.map(
    (body, i): DropObject => ({
      key: `events/${DAY}/${String(i).padStart(5, '0')}.parquet`,
      size: body.byteLength,
      eTag: `"${i}"`,
      lastModified: new Date('2026-11-20T01:00:00Z'),
    }),
  );
  const byKey = new Map(objects.map(({ key }, i) => [key, bodies[i]]));
  return () => ({
    async list({ next }) {
      const from = Number(next ?? 0);
      const to = from + 1_000;
      return { objects: objects.slice(from, to), next: to < objects.length ? String(to) : undefined };
    },
    async read({ key }) {
      return Readable.from([byKey.get(key)]);
    },
  });
}

describe('a day of many files', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
  });
  afterEach(() => loads.close());

  it('can have 10,000 small files, and records the result of each', async () => {
    const body = await parquetOf(someEvents(0, 3));
    const bodies = Array.from({ length: 10_000 }, () => body);
    expect(await loads.load({ loader: { customerBucket: bucketOf(bodies) } })).toMatchObject({
      outcome: 'succeeded',
      rows: { in: 30_000, out: 30_000, refused: 0 },
      files: 10_000,
    });
    const entry = await loads.entry();
    expect(entry?.files.every(({ fate, rows }) => fate === 'loaded' && rows?.in === 3)).toBe(true);
  }, 240_000);

  it('can have 3,000 small files that S3 lists in pages', async () => {
    const body = await parquetOf(someEvents(0, 3));
    const numbers = Array.from({ length: 3_000 }, (_, i) => String(i).padStart(5, '0'));
    await mapLimit(numbers, 8, (number) => loads.store.put(DROPS, `events/${DAY}/${number}.parquet`, body));
    expect(await loads.load()).toMatchObject({
      outcome: 'succeeded',
      rows: { in: 9_000, out: 9_000, refused: 0 },
      files: 3_000,
    });
    const files = (await loads.entry())?.files ?? [];
    expect(files.map(({ key }) => key.slice(-'00000.parquet'.length, -'.parquet'.length))).toEqual(numbers);
    expect(files.every(({ fate, rows }) => fate === 'loaded' && rows?.in === 3)).toBe(true);
    expect(await loads.read()).toHaveLength(9_000);
  }, 120_000);

  it('names each file with a damaged footer, and one with damaged pages', async () => {
    const random = seededRandom(5);
    const whole = await parquetOf(someEvents(0, 400));
    const bodies = Array.from({ length: 60 }, (_, i) => {
      if (i % 3 === 0) return whole;
      if (i % 3 === 1) return whole.subarray(0, 8 + Math.floor(random() * (whole.byteLength - 12)));
      const flipped = Buffer.from(whole);
      const at = Math.floor(random() * flipped.byteLength);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
      return flipped;
    });
    expect(await loads.load({ loader: { customerBucket: bucketOf(bodies) } })).toMatchObject({
      outcome: 'failed',
    });
    const files = (await loads.entry())?.files ?? [];
    const fates = (rest: number) => files.filter((_, i) => i % 3 === rest).map(({ fate }) => fate);
    expect(new Set(fates(0))).toEqual(new Set(['held']));
    expect(new Set(fates(1))).toEqual(new Set(['failed']));
    for (const { fate, reason } of files)
      if (fate === 'failed') expect(reason).toMatch(/^SLUICE_INGEST_(FILE|COLUMN)_/);
    expect(await loads.read()).toBeNull();
  }, 120_000);
});
