import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import { DAY, ends, type Loads, someEvents, startLoads } from './startLoads.ts';

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
    await ends(loads.load({ loader: { customerBucket: bucketOf(bodies) } }), 'succeeded', {
      rows: { in: 30_000, out: 30_000, refused: 0 },
      files: 10_000,
    });
    const entry = await loads.entry();
    expect(entry?.files.every(({ fate, rows }) => fate === 'loaded' && rows?.in === 3)).toBe(true);
  });
});
