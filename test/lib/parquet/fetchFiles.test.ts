import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LoadError } from '../../../lib/drops/load/LoadError.ts';
import { SourceError } from '../../../lib/drops/SourceError.ts';
import { type FetchedBucket, type FetchOptions, fetchFiles } from '../../../lib/parquet/fetchFiles.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

/** How files are fetched, but for what differs. */
const timing = {
  wait: async () => undefined,
  random: () => 0,
  signal: new AbortController().signal,
  makeError: (kind, detail) => new SourceError('SLUICE_SOURCE_UNAVAILABLE', `${kind}: ${detail}`),
} satisfies Omit<FetchOptions, 'directory'>;
let scratch: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  scratch = temporaryDirectory();
});
afterEach(() => scratch.remove());

/**
 * Fetches one object, and answers what came of it and every body that was begun to be read.
 *
 * @param bodyOf The body of each read; null if the object has changed. Default: as many bytes as were listed.
 */
async function fetchOne(
  directory: string,
  size: number,
  bodyOf: (read: number) => Readable | null = () => Readable.from([new Uint8Array(size)]),
) {
  const bodies: Readable[] = [];
  const failures: unknown[] = [];
  const bucket: FetchedBucket = {
    read: async () => {
      const body = bodyOf(bodies.length);
      if (body !== null) bodies.push(body);
      return body;
    },
  };
  const fetched = await fetchFiles(bucket, [{ key: 'a.parquet', size, eTag: '"1"' }], {
    directory,
    ...timing,
    onFailed: (key, error) => failures.push([key, error.code]),
  }).catch((error: unknown) => error);
  return { fetched, bodies, failures };
}

/** A target of a file's link, to which nothing can be written. */
interface BrokenDisk {
  readonly place: string;
  readonly kind: 'full_disk' | 'disk';
  /** The code of Node. */
  readonly disk: string;
  /** How often the bucket is read. */
  readonly reads: number;
}

// The device takes no byte, as a disk that is full. macOS has none.
const fullDisks: readonly BrokenDisk[] = existsSync('/dev/full')
  ? [{ place: '/dev/full', kind: 'full_disk', disk: 'ENOSPC', reads: 1 }]
  : [];
const folder: BrokenDisk = { place: '/', kind: 'disk', disk: 'EISDIR', reads: 0 };

it('reads a file in parts of 32 MiB, and writes each to its place', async () => {
  // One byte more than two parts.
  const content = Buffer.alloc(67_108_865);
  content.fill(1, 33_554_432).fill(2, 67_108_864);
  const ranges: unknown[] = [];
  const bucket: FetchedBucket = {
    async read(_, range) {
      ranges.push(range);
      return Readable.from([content.subarray(range?.first, range && range.last + 1)]);
    },
  };
  const object = { key: 'large.parquet', size: content.length, eTag: '"1"' };
  const fetched = await fetchFiles(bucket, [object], { directory: scratch.path, ...timing });
  expect(ranges).toEqual([
    { first: 0, last: 33_554_431 },
    { first: 33_554_432, last: 67_108_863 },
    { first: 67_108_864, last: 67_108_864 },
  ]);
  expect(readFileSync(fetched?.[0]?.path ?? '').equals(content)).toBe(true);
});

describe('reads of several files', () => {
  const objects = ['denied', 'late', 'stalled'].map((key) => ({ key, size: 1, eTag: '"1"' }));
  let stalled: Readable;
  beforeEach(() => {
    stalled = new Readable({ read: () => undefined });
  });

  it('are stopped by the first failure, and only this one is told', async () => {
    const denied = new SourceError('SLUICE_SOURCE_ACCESS_DENIED', 'denied');
    const failures: string[] = [];
    const bucket: FetchedBucket = {
      async read({ key }) {
        if (key === 'stalled') return stalled;
        if (key === 'late') await setImmediate();
        throw denied;
      },
    };
    const fetched = fetchFiles(bucket, objects, {
      ...timing,
      directory: scratch.path,
      onFailed: (key) => failures.push(key),
    });
    await expect(fetched).rejects.toBe(denied);
    await setImmediate();
    expect({ failures, isStopped: stalled.destroyed }).toEqual({ failures: ['denied'], isStopped: true });
  });

  it('end at once when the signal is aborted, of which no file is told', async () => {
    const ended = new AbortController();
    const reason = new LoadError('SLUICE_LOAD_OUT_OF_TIME');
    const failures: string[] = [];
    const fetched = fetchFiles({ read: async () => stalled }, objects.slice(0, 1), {
      ...timing,
      directory: scratch.path,
      signal: ended.signal,
      onFailed: (key) => failures.push(key),
    });
    await setImmediate();
    ended.abort(reason);
    // At once, and not after the time limit of a read.
    expect(stalled.destroyed).toBe(true);
    await expect(fetched).rejects.toBe(reason);
    expect(failures).toEqual([]);
  });
});

describe('a body', () => {
  const bytes = (count: number) => Readable.from([new Uint8Array(count)]);
  const broken = () =>
    new Readable({
      read() {
        this.destroy(new Error('ended'));
      },
    });

  it.each([
    { what: 'that ends early', body: () => bytes(9), detail: 'body: a.parquet: 9 of 10 bytes received.' },
    {
      what: 'that is longer',
      body: () => bytes(11),
      detail: 'body: a.parquet: More than 10 bytes received.',
    },
    { what: 'that breaks off', body: broken, detail: 'body: a.parquet: ended' },
  ])('$what is read again, and fails the file after three reads', async ({ body, detail }) => {
    const twice = (read: number) => (read < 2 ? body() : Readable.from([Buffer.from('0123456789')]));
    const { fetched } = await fetchOne(scratch.path, 10, twice);
    expect(fetched).toMatchObject([{ name: 'a.parquet' }]);
    expect(readFileSync(`${scratch.path}/000000.parquet`, 'utf8')).toBe('0123456789');
    const { fetched: failed, bodies, failures } = await fetchOne(scratch.path, 10, body);
    expect(failed).toMatchObject({ detail });
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
    expect(failures).toEqual([['a.parquet', 'SLUICE_SOURCE_UNAVAILABLE']]);
  });

  it('of an object that has changed is no failure: the caller lists again', async () => {
    const { fetched, failures } = await fetchOne(scratch.path, 10, () => null);
    expect({ fetched, failures }).toEqual({ fetched: null, failures: [] });
  });
});

describe('a disk that accepts no write', () => {
  it.each([...fullDisks, folder])(
    'is reported by name for $place: $kind, $disk',
    async ({ place, kind, disk, reads }) => {
      symlinkSync(place, `${scratch.path}/000000.parquet`);
      const { fetched, bodies, failures } = await fetchOne(scratch.path, 3 * 1024 * 1024);
      expect(fetched).toMatchObject({ detail: `${kind}: The disk: ${disk}.` });
      // No try of the bucket mends it, what was begun holds no connection, and it is no failure of the file.
      expect(bodies.map(({ destroyed }) => destroyed)).toEqual(Array.from({ length: reads }, () => true));
      expect(failures).toEqual([]);
    },
  );

  it('is detected before any request to the bucket', async () => {
    const { fetched, bodies } = await fetchOne(`${scratch.path}/missing`, 10);
    expect(fetched).toMatchObject({ detail: 'disk: The disk: ENOENT.' });
    expect(bodies).toEqual([]);
  });
});
