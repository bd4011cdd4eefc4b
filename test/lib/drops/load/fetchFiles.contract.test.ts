import { existsSync, symlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listDrops } from '../../../../lib/drops/listDrops.ts';
import { fetchFiles } from '../../../../lib/drops/load/fetchFiles.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';
import { DAY, type Loads, startLoads } from './startLoads.ts';

let loads: Loads;
let scratch: ReturnType<typeof temporaryDirectory>;
beforeEach(async () => {
  loads = await startLoads();
  scratch = temporaryDirectory();
});
afterEach(async () => {
  await loads.close();
  scratch.remove();
});

/** Fetches the day, and answers what came of it and every body that was begun to be read. */
async function fetchDay(directory: string) {
  const [dataset] = loads.source.datasets;
  if (dataset === undefined) throw new Error('no dataset');
  const bucket = loads.makeLoader().customerBucket(loads.source, dataset);
  const { drops } = await listDrops(bucket, dataset, [DAY]);
  const bodies: Readable[] = [];
  const watched = {
    async read(...of: Parameters<typeof bucket.read>) {
      const body = await bucket.read(...of);
      if (body !== null) bodies.push(body);
      return body;
    },
  };
  const fetched = await fetchFiles(watched, drops.get(DAY)?.files ?? [], {
    ...{ directory, wait: async () => undefined, random: () => 0 },
    signal: new AbortController().signal,
    failed: () => undefined,
  }).catch((error: unknown) => error);
  return { fetched, bodies };
}

/** The target of a file's link, the code that the day gets, the disk's error code, and how often the bucket is read. */
const refusals = [
  // Takes no byte, as a disk that is full. Not every system has it.
  ['/dev/full', 'SLUICE_LOAD_DAY_TOO_LARGE', 'ENOSPC', 1],
  ['/', 'SLUICE_LOAD_STOPPED', 'EISDIR', 0],
] as const;

describe('a disk that accepts no write', () => {
  it.each(refusals.filter(([place]) => existsSync(place)))(
    'is reported by name for %s: %s, %s',
    async (place, code, disk, reads) => {
      await loads.drop('a.parquet', new Uint8Array(3 * 1024 * 1024));
      symlinkSync(place, `${scratch.path}/000000.parquet`);
      const { fetched, bodies } = await fetchDay(scratch.path);
      expect(fetched).toMatchObject({ code, message: expect.stringContaining(disk) });
      // No try of the bucket mends it, and what was begun holds no connection.
      expect(bodies.map(({ destroyed }) => destroyed)).toEqual(Array.from({ length: reads }, () => true));
    },
  );

  it('is detected before any request to the bucket', async () => {
    await loads.drop('a.parquet', new Uint8Array(10));
    const { fetched, bodies } = await fetchDay(`${scratch.path}/missing`);
    expect(fetched).toMatchObject({
      code: 'SLUICE_LOAD_STOPPED',
      message: expect.stringContaining('ENOENT'),
    });
    expect(bodies).toEqual([]);
  });
});
