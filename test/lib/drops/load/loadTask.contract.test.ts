import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import { DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import {
  DROPS,
  ends,
  type LoadOptions,
  type Loads,
  readEvents,
  someEvents,
  startLoads,
  THEIRS,
} from './startLoads.ts';

describe('a load', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
  });
  afterEach(() => loads.close());

  const OUT_OF_TIME = { code: 'SLUICE_LOAD_OUT_OF_TIME' };

  /** A load whose time is over once its files are uploaded. */
  function outOfTime(): LoadOptions {
    const stop = new AbortController();
    return { at: { uploaded: async () => stop.abort() }, run: { signal: stop.signal } };
  }

  /** A failure that may pass. */
  const passing = () => Promise.reject(new Error('It may pass.'));

  /** Notes the calls of S3 from now on: the command, and its input as JSON. */
  function noteCalls(): readonly { readonly command: string; readonly input: string }[] {
    const calls: { readonly command: string; readonly input: string }[] = [];
    loads.s3.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          // What is uploaded is left out.
          const input = JSON.stringify(args.input, (name, value) => (name === 'Body' ? undefined : value));
          calls.push({ command: commandName, input });
          return next(args);
        },
      { step: 'initialize' },
    );
    return calls;
  }

  it('loads the files of its day, at any depth, and those of no other', async () => {
    await loads.dropEvents('a', 0, 30);
    await loads.drop('deeper/b.parquet', someEvents(30, 50));
    await loads.drop('a.parquet', someEvents(90, 99), '2026-11-18');
    loads.clock.advance(HOUR_MS);
    await ends(loads.load(), 'succeeded', { rows: { in: 50, out: 50, refused: 0 } });
    await loads.expectEvents(0, 50);
    expect(await loads.read('2026-11-18')).toBeNull();
    const [row] = await loads.rowsUnder('statsig/ingested/acme_events/');
    expect(row).toMatchObject({ ingested_at: '2026-11-20 10:00:00' });
  });

  it('replaces the rows of a corrected file and adds those of a late one', async () => {
    await loads.dropEvents('a', 0, 3);
    await loads.load();
    await loads.dropEvents('a', 0, 3, 'mended');
    await loads.dropEvents('late', 3, 5);
    await ends(loads.load({ reason: 'changed' }), 'succeeded');
    expect(await loads.read()).toEqual([...readEvents(0, 3, 'mended'), ...readEvents(3, 5)]);
  });

  it.each([
    { what: 'for a day', waitMs: DAY_MS - 1, isKept: true },
    { what: 'no longer than a day', waitMs: DAY_MS, isKept: false },
  ])('keeps the version that it replaces $what', async ({ waitMs, isKept }) => {
    await loads.dropEvents('a', 0, 3);
    await loads.load();
    const first = await loads.entry();
    await loads.load({ reason: 'backfill' });
    const replaced = { version: first?.version, at: loads.clock.now() };
    const second = await loads.entry();
    expect(second?.version).not.toBe(first?.version);
    expect(second?.superseded).toEqual([replaced]);
    loads.clock.advance(waitMs);
    await loads.load({ reason: 'backfill' });
    const replacedLater = { version: second?.version, at: loads.clock.now() };
    expect((await loads.entry())?.superseded).toEqual(isKept ? [replaced, replacedLater] : [replacedLater]);
  });

  it('removes the rows of a deleted file, and names it as gone', async () => {
    const a = await loads.dropEvents('a', 0, 3);
    const b = await loads.dropEvents('b', 3, 5);
    await loads.load();
    await loads.remove('a.parquet');
    await ends(loads.load({ reason: 'changed' }), 'succeeded', { files: 1 });
    await loads.expectEvents(3, 5);
    await loads.expectFiles([
      { key: b, fate: 'loaded' },
      { key: a, fate: 'gone' },
    ]);
  });

  it('lists again when a file is replaced or deleted after it was listed', async () => {
    await loads.dropEvents('a', 0, 2);
    await loads.dropEvents('b', 2, 4);
    let times = 0;
    const listed = async () => {
      times += 1;
      if (times === 1) await loads.dropEvents('a', 0, 2, 'mended');
      if (times === 2) await loads.remove('b.parquet');
    };
    await ends(loads.load({ at: { listed } }), 'succeeded');
    expect(times).toBe(3);
    await loads.expectEvents(0, 2, 'mended');
    expect((await loads.entry())?.files).toHaveLength(1);
  });

  it('releases a day whose files never stop changing', async () => {
    let version = 0;
    const listed = async () => {
      version += 1;
      await loads.dropEvents('a', 0, 2, `v${version}`);
    };
    await listed();
    await ends(loads.load({ at: { listed } }), 'handed_back', {
      failure: { code: 'SLUICE_LOAD_FILES_CHANGING' },
    });
    await ends(loads.load(), 'succeeded');
  });

  it('reads a large file in ranges', async () => {
    const rangeBytes = 33_554_432;
    const small = Buffer.from(await parquetOf(someEvents(0, 5)));
    // Before its footer are bytes of no column.
    const footer = small.length - 8 - small.readUInt32LE(small.length - 8);
    const bytes = Buffer.concat([
      small.subarray(0, footer),
      Buffer.alloc(rangeBytes),
      small.subarray(footer),
    ]);
    await loads.drop('large.parquet', bytes);
    const ranges: ({ readonly first: number; readonly last: number } | undefined)[] = [];
    const customerBucket = (access: Parameters<typeof customerBucketFrom>[1]) => {
      const bucket = customerBucketFrom(loads.s3, access);
      const read: typeof bucket.read = (object, range) => {
        ranges.push(range);
        return bucket.read(object, range);
      };
      return { ...bucket, read };
    };
    await ends(loads.load({ loader: { customerBucket } }), 'succeeded');
    await loads.expectEvents(0, 5);
    // They are read in parallel, in any order.
    expect(new Set(ranges)).toEqual(
      new Set([
        { first: 0, last: rangeBytes - 1 },
        { first: rangeBytes, last: bytes.byteLength - 1 },
      ]),
    );
  });

  it.each([
    { how: 'in their order', room: 'fit', bytes: 2 ** 32, users: ['u000', 'u001'] },
    { how: 'as they come', room: 'do not fit', bytes: 20_000, users: ['u001', 'u000'] },
  ])('writes rows $how if they $room the disk', async ({ bytes, users }) => {
    // They are small in the file, and large once they are read.
    const rows = someEvents(0, 2).replace('AS event_name', "AS event_name, repeat('x', 100000) AS more");
    await loads.drop('a.parquet', await parquetOf(`${rows} ORDER BY unit_id DESC`, 'zstd'));
    const loaded = await loads.load({ loader: { freeBytes: async () => bytes } });
    expect(loaded).toMatchObject({ outcome: 'succeeded' });
    const written = await loads.rowsUnder('statsig/ingested/acme_events/');
    expect(written.map(({ user_id }) => user_id)).toEqual(users);
  });

  it('refuses a file that does not fit the disk with its rows, and no file that just does', async () => {
    const files = [await parquetOf(someEvents(0, 2)), await parquetOf(someEvents(2, 500))] as const;
    const bytes = files[0].byteLength + files[1].byteLength;
    await loads.drop('a.parquet', files[0]);
    const key = await loads.drop('b.parquet', files[1]);
    let freeBytes = async () => 2 * bytes - 1;
    // It names the largest.
    const failure = {
      code: 'SLUICE_INGEST_FILE_TOO_LARGE',
      message: expect.stringContaining(`${key}: ${bytes} bytes`),
    };
    await ends(loads.load({ loader: { freeBytes } }), 'failed', { failure });
    await loads.expectEntry({
      state: 'failed',
      files: [{ fate: 'held' }, { key, fate: 'failed' }],
    });
    freeBytes = async () => 2 * bytes;
    await ends(loads.load({ reason: 'backfill', loader: { freeBytes } }), 'succeeded');
    await loads.expectEntry({ bytes });
  });

  it.each([
    { point: 'mapped', action: 'seen' },
    { point: 'uploaded', action: 'seen' },
    { point: 'moved', action: 'mended' },
  ])(
    'is lost to another that takes the day at $point: it settles nothing, and queries read what is $action',
    async ({ point, action }) => {
      await loads.dropEvents('a', 0, 3);
      await loads.load();
      await loads.dropEvents('a', 0, 3, 'mended');
      const at = { [point]: () => loads.takenByAnother() };
      await ends(loads.load({ reason: 'changed', at }), 'lost');
      await loads.expectEntry({ state: 'loading', lease: { owner: 'another' } });
      await loads.expectEvents(0, 3, action);
    },
  );

  it('is lost, and not told unchanged, if another takes a day whose files are loaded', async () => {
    await loads.dropEvents('a', 0, 3);
    await loads.load();
    // The clock moves by a lease until another may take the day.
    const run = { deadline: loads.clock.now() + 3 * LEASE_MS };
    const at = { listed: () => loads.takenByAnother() };
    await ends(loads.load({ reason: 'changed', at, run }), 'lost');
  });

  it('moves no partition once its time is over, and is handed back', async () => {
    await loads.dropEvents('a', 0, 3);
    await ends(loads.load(outOfTime()), 'handed_back', { failure: OUT_OF_TIME });
    expect(await loads.read()).toBeNull();
  });

  it('fails when its time is over twice in a row, and is handed back when it failed otherwise between', async () => {
    await loads.dropEvents('a', 0, 3);
    await loads.load(outOfTime());
    await loads.load({ at: { listed: passing } });
    for (const outcome of ['handed_back', 'failed'] as const)
      await ends(loads.load(outOfTime()), outcome, { failure: OUT_OF_TIME });
  });

  it('is given up after a try that failed and two that were killed, and keeps what is read', async () => {
    await loads.dropEvents('a', 0, 20);
    await loads.load();
    await loads.dropEvents('b', 20, 30);
    // A failure that may pass is a try, the first of three, and no kill.
    await ends(loads.load({ at: { listed: passing } }), 'handed_back');
    for (const _ of [1, 2]) await loads.kill({ killAt: 'fetched' });
    const failure = { code: 'SLUICE_LOAD_KILLED', message: expect.stringContaining('3 tries') };
    await ends(loads.load(), 'failed', { failure });
    await loads.expectEntry({
      state: 'failed',
      attempts: 3,
      fingerprint: 'as planned',
      failure,
      files: [{ fate: 'loaded' }],
    });
    await loads.expectEvents(0, 20);
  });

  it.each(['backfill', 'triggered'] as const)(
    'has two tries anew when it is %s after two kills',
    async (reason) => {
      await loads.dropEvents('a', 0, 20);
      const failure = { code: 'SLUICE_LOAD_KILLED', message: expect.stringContaining('2 tries') };
      for (const _ of [1, 2]) await loads.kill({ killAt: 'fetched' });
      await ends(loads.load(), 'failed', { failure });
      for (const _ of [1, 2]) await loads.kill({ killAt: 'mapped', reason });
      await ends(loads.load({ reason }), 'failed', { failure });
      await loads.kill({ killAt: 'fetched', reason });
      await ends(loads.load({ reason }), 'succeeded');
    },
  );

  it("lists and reads the customer's bucket with its expected owner", async () => {
    await loads.dropEvents('a', 0, 1);
    const calls = noteCalls();
    await loads.load();
    const ofTheirs = calls.filter(({ input }) => input.includes(DROPS));
    const owner = `"ExpectedBucketOwner":"${THEIRS}"`;
    expect(ofTheirs.filter(({ input }) => !input.includes(owner))).toEqual([]);
    expect(new Set(ofTheirs.map(({ command }) => command))).toEqual(
      new Set(['ListObjectsV2Command', 'GetObjectCommand']),
    );
  });
});
