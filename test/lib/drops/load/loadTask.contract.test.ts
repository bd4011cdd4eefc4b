import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import { landingBucket } from '../../../../lib/aws/landingBucket.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import {
  DAY,
  type LoadOptions,
  type Loads,
  parquetOf,
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
  /** Has a load killed, and its lease end. */
  async function kill(how: LoadOptions): Promise<void> {
    expect(await loads.load(how)).toBe('killed');
    loads.clock.advance(LEASE_MS + 1);
  }

  it('loads the files of its day, at any depth, and those of no other', async () => {
    await loads.drop('a.parquet', someEvents(0, 30));
    await loads.drop('deeper/b.parquet', someEvents(30, 50));
    await loads.drop('a.parquet', someEvents(90, 99), '2026-11-18');
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded', rows: { in: 50, out: 50, refused: 0 } });
    expect(await loads.read()).toEqual(readEvents(0, 50));
    expect(await loads.read('2026-11-18')).toBeNull();
  });

  it('replaces the rows of a corrected file and adds those of a late one, in a new version', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    await loads.load();
    const { version } = (await loads.entry()) ?? {};
    await loads.drop('a.parquet', someEvents(0, 3, 'mended'));
    await loads.drop('late.parquet', someEvents(3, 5));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual([...readEvents(0, 3, 'mended'), ...readEvents(3, 5)]);
    expect((await loads.entry())?.superseded).toEqual([{ version, at: loads.clock.now() }]);
  });

  it('removes the rows of a deleted file, and names it as gone', async () => {
    const a = await loads.drop('a.parquet', someEvents(0, 3));
    const b = await loads.drop('b.parquet', someEvents(3, 5));
    await loads.load();
    await loads.remove('a.parquet');
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded', files: 1 });
    expect(await loads.read()).toEqual(readEvents(3, 5));
    expect((await loads.entry())?.files).toMatchObject([
      { key: b, fate: 'loaded' },
      { key: a, fate: 'gone' },
    ]);
  });

  it('creates no partition and no version for a day whose files never had rows', async () => {
    await loads.drop('none.parquet', someEvents(0, 0));
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded_no_data', files: 1, rows: { in: 0 } });
    expect(await loads.read()).toBeNull();
    expect(await loads.keys('statsig/')).toEqual([]);
    expect(await loads.load()).toEqual({ outcome: 'unchanged' });
  });

  it('lists again when a file is replaced or deleted while it is read', async () => {
    await loads.drop('a.parquet', someEvents(0, 2));
    await loads.drop('b.parquet', someEvents(2, 4));
    let times = 0;
    const listed = async () => {
      times += 1;
      if (times === 1) await loads.drop('a.parquet', someEvents(0, 2, 'mended'));
      if (times === 2) await loads.remove('b.parquet');
    };
    expect(await loads.load({ at: { listed } })).toMatchObject({ outcome: 'succeeded' });
    expect(times).toBe(3);
    expect(await loads.read()).toEqual(readEvents(0, 2, 'mended'));
    expect((await loads.entry())?.files).toHaveLength(1);
  });

  it('releases a day whose files never stop changing', async () => {
    let version = 0;
    const listed = async () => {
      version += 1;
      await loads.drop('a.parquet', someEvents(0, 2, `v${version}`));
    };
    await listed();
    expect(await loads.load({ at: { listed } })).toMatchObject({
      outcome: 'handed_back',
      failure: { code: 'SLUICE_LOAD_FILES_CHANGING' },
    });
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
  });

  it('reads a large file in ranges, and uploads its rows in parts', async () => {
    // Random texts of 40 MB: more than one range, and more than one part on the way out.
    const text = "array_to_string([md5(random()::VARCHAR) FOR _ IN range(250)], '')";
    const bytes = await parquetOf(
      `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, 'seen' AS event_name, ${text} AS unit_id FROM range(5000)`,
    );
    const half = 33_554_432;
    expect(bytes.byteLength).toBeGreaterThan(half);
    await loads.drop('large.parquet', bytes);
    const ranges: unknown[] = [];
    const customerBucket = (access: Parameters<typeof customerBucketFrom>[1]) => {
      const bucket = customerBucketFrom(loads.s3, access);
      const read: typeof bucket.read = (object, range) => {
        ranges.push(range);
        return bucket.read(object, range);
      };
      return { ...bucket, read };
    };
    const landing = landingBucket(loads.s3, loads.config.bucket);
    const loaded = await loads.load({ loader: { customerBucket, landing } });
    expect(loaded).toMatchObject({ outcome: 'succeeded', rows: { out: 5_000 } });
    // They are read in parallel, in any order.
    expect(new Set(ranges)).toEqual(
      new Set([
        { first: 0, last: half - 1 },
        { first: half, last: bytes.byteLength - 1 },
      ]),
    );
  });

  it.each([
    { room: 'fit', bytes: 2 ** 32, users: ['u000', 'u001'] },
    { room: 'do not fit', bytes: 20_000, users: ['u001', 'u000'] },
  ])(
    'writes rows in their order if they $room the disk, otherwise as they come',
    async ({ bytes, users }) => {
      // They are small in the file, and large once they are read.
      const rows = someEvents(0, 2).replace('AS event_name', "AS event_name, repeat('x', 100000) AS more");
      await loads.drop('a.parquet', await parquetOf(`${rows} ORDER BY unit_id DESC`, 'zstd'));
      const loaded = await loads.load({ loader: { freeBytes: async () => bytes } });
      expect(loaded).toMatchObject({ outcome: 'succeeded' });
      const written = await loads.rowsUnder('statsig/ingested/acme_events/');
      expect(written.map(({ user_id }) => user_id)).toEqual(users);
    },
  );

  it('refuses a file that does not fit the disk with its rows', async () => {
    const bytes = await parquetOf(someEvents(0, 2));
    const key = await loads.drop('a.parquet', bytes);
    const freeBytes = async () => 2 * bytes.byteLength - 1;
    const failure = {
      code: 'SLUICE_INGEST_FILE_TOO_LARGE',
      message: expect.stringContaining(`${key}: ${bytes.byteLength} bytes`),
    };
    expect(await loads.load({ loader: { freeBytes } })).toMatchObject({ outcome: 'failed', failure });
    expect(await loads.entry()).toMatchObject({ state: 'failed', files: [{ key, fate: 'failed' }] });
  });

  it.each(['mapped', 'uploaded', 'moved'] as const)(
    'is lost to another that takes the day at %s, and moves and settles nothing after it',
    async (point) => {
      await loads.drop('a.parquet', someEvents(0, 3));
      await loads.load();
      await loads.drop('a.parquet', someEvents(0, 3, 'mended'));
      const takeOver = async () => {
        loads.clock.advance(3_600_000);
        const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
        await loads.ledger.claim(place, 'another', loads.clock.now() + 3_600_000, 'f');
      };
      expect(await loads.load({ reason: 'changed', at: { [point]: takeOver } })).toEqual({ outcome: 'lost' });
      expect(await loads.entry()).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
      expect(await loads.read()).toEqual(readEvents(0, 3, point === 'moved' ? 'mended' : 'seen'));
    },
  );

  it('is lost, and not told unchanged, if another takes a day whose files are loaded', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    await loads.load();
    const listed = async () => {
      loads.clock.advance(LEASE_MS + 1);
      const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
      await loads.ledger.claim(place, 'another', loads.clock.now() + LEASE_MS, 'f');
    };
    const run = { deadline: loads.clock.now() + 3 * LEASE_MS };
    expect(await loads.load({ reason: 'changed', at: { listed }, run })).toEqual({ outcome: 'lost' });
  });

  it('moves no partition once its time is over, and is handed back', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    expect(await loads.load(outOfTime())).toMatchObject({ outcome: 'handed_back', failure: OUT_OF_TIME });
    expect(await loads.read()).toBeNull();
  });

  it('fails when its time is over twice in a row, and not when it failed otherwise between', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    await loads.load(outOfTime());
    await loads.load({ at: { listed: passing } });
    for (const outcome of ['handed_back', 'failed'])
      expect(await loads.load(outOfTime())).toMatchObject({ outcome, failure: OUT_OF_TIME });
  });

  it('fails at the third try when two were killed, and keeps what is read', async () => {
    await loads.drop('a.parquet', someEvents(0, 20));
    await loads.load();
    await loads.drop('b.parquet', someEvents(20, 30));
    // A failure that may pass is a try, and no kill.
    await loads.load({ at: { listed: passing } });
    for (const _ of [1, 2]) await kill({ killAt: 'fetched' });
    const failure = { code: 'SLUICE_LOAD_KILLED', message: expect.stringContaining('3 tries') };
    expect(await loads.load()).toMatchObject({ outcome: 'failed', failure });
    const failed = { state: 'failed', attempts: 3, fingerprint: 'as planned', failure };
    expect(await loads.entry()).toMatchObject({ ...failed, files: [{ fate: 'loaded' }] });
    expect(await loads.read()).toEqual(readEvents(0, 20));
  });

  it('has as many tries anew when a person asks for a day that was killed', async () => {
    await loads.drop('a.parquet', someEvents(0, 20));
    for (const _ of [1, 2]) await kill({ killAt: 'fetched' });
    await loads.load();
    for (const _ of [1, 2]) await kill({ killAt: 'mapped', reason: 'backfill' });
    const failure = { code: 'SLUICE_LOAD_KILLED', message: expect.stringContaining('2 tries') };
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({ outcome: 'failed', failure });
    await kill({ killAt: 'fetched', reason: 'triggered' });
    expect(await loads.load({ reason: 'triggered' })).toMatchObject({ outcome: 'succeeded' });
  });

  it('sends the expected bucket owner in every call', async () => {
    await loads.drop('a.parquet', someEvents(0, 1));
    const calls: (string | undefined)[] = [];
    loads.s3.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (JSON.stringify(args.input).includes('acme-drops')) {
            const isGuarded = JSON.stringify(args.input).includes(`"ExpectedBucketOwner":"${THEIRS}"`);
            calls.push(`${commandName} ${isGuarded}`);
          }
          return next(args);
        },
      { step: 'initialize' },
    );
    await loads.load();
    // The day's folder, Spark's log beside it, then where formats of tables keep their logs.
    const lists = Array(8).fill('ListObjectsV2Command true');
    expect(calls).toEqual([...lists, 'GetObjectCommand true']);
  });
});
