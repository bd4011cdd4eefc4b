import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import { landingBucket } from '../../../../lib/aws/landingBucket.ts';
import { NO_FILES } from '../../../../lib/ledger/LedgerEntry.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { DAY, type Loads, parquetOf, readEvents, someEvents, startLoads, THEIRS } from './startLoads.ts';

describe('a load', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
  });
  afterEach(() => loads.close());

  it('loads a day of several files, and records the result of each', async () => {
    const a = await loads.drop('a.parquet', someEvents(0, 30));
    const b = await loads.drop('deeper/b.parquet', someEvents(30, 50));
    await loads.drop('_SUCCESS', new Uint8Array());
    await loads.drop('notes.csv', new TextEncoder().encode('a,b'));
    await loads.drop('_temporary/c.parquet', someEvents(0, 1));
    await loads.drop('empty.parquet', new Uint8Array());
    await loads.drop('a.parquet', someEvents(90, 99), '2026-11-18');

    expect(await loads.load()).toMatchObject({ outcome: 'succeeded', rows: { in: 50, out: 50, refused: 0 } });
    expect(await loads.read()).toEqual(readEvents(0, 50));
    expect(await loads.read('2026-11-18')).toBeNull();
    const entry = await loads.entry();
    expect(entry).toMatchObject({
      state: 'succeeded',
      attempts: 1,
      superseded: [],
    });
    expect(entry?.lease).toBeUndefined();
    expect(entry?.files.map(({ key, fate, reason }) => [key, fate, reason])).toEqual([
      [a, 'loaded', undefined],
      [b, 'loaded', undefined],
      [`events/${DAY}/_SUCCESS`, 'left_out', 'success_marker'],
      [`events/${DAY}/_temporary/c.parquet`, 'left_out', 'temporary'],
      [`events/${DAY}/empty.parquet`, 'left_out', 'empty'],
      [`events/${DAY}/notes.csv`, 'left_out', 'not_parquet'],
    ]);
    const [row] = await loads.rowsUnder(`statsig/ingested/acme_events/${DAY}/`);
    expect(row).toMatchObject({ source_file: expect.any(String), row_number: expect.any(String) });
  });

  it('skips a day whose files are already loaded, unless a reload is requested', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    await loads.load();
    const before = await loads.entry();
    expect(await loads.load({ reason: 'changed' })).toEqual({ outcome: 'unchanged' });
    const after = await loads.entry();
    expect(after).toMatchObject({ state: 'succeeded', version: before?.version, files: before?.files });
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({ outcome: 'succeeded' });
    expect((await loads.entry())?.version).not.toBe(before?.version);
    expect(await loads.read()).toEqual(readEvents(0, 3));
  });

  it('replaces a corrected file, adds a late one and removes a deleted one', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    await loads.load();
    const first = (await loads.entry())?.version;
    await loads.drop('a.parquet', someEvents(0, 3, 'mended'));
    await loads.drop('late.parquet', someEvents(3, 5));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual([...readEvents(0, 3, 'mended'), ...readEvents(3, 5)]);
    expect((await loads.entry())?.superseded).toEqual([{ version: first, at: loads.clock.now() }]);
    await loads.remove('a.parquet');
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded', files: 1 });
    expect(await loads.read()).toEqual(readEvents(3, 5));
    const fates = async () =>
      (await loads.entry())?.files.map(({ key, fate }) => [key.slice(key.lastIndexOf('/') + 1), fate]);
    expect(await fates()).toEqual([
      ['late.parquet', 'loaded'],
      ['a.parquet', 'gone'],
    ]);
    await loads.remove('late.parquet');
    expect(await loads.load({ reason: 'deleted' })).toMatchObject({ outcome: 'inputs_missing' });
    expect(await fates()).toEqual([['late.parquet', 'loaded']]);
    expect(await loads.read()).toEqual(readEvents(3, 5));
    const accepted = { reason: 'empty', fingerprint: NO_FILES } as const;
    expect(await loads.load(accepted)).toMatchObject({ outcome: 'succeeded_no_data', files: 0 });
    expect(await fates()).toEqual([['late.parquet', 'gone']]);
    expect(await loads.read()).toEqual([]);
    expect(await loads.load({ reason: 'deleted' })).toEqual({ outcome: 'unchanged' });
  });

  it('creates no partition for a day that never had rows', async () => {
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded_no_data' });
    await loads.drop('none.parquet', someEvents(0, 0));
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded_no_data', files: 1, rows: { in: 0 } });
    expect(await loads.load()).toEqual({ outcome: 'unchanged' });
    expect(await loads.entry()).toMatchObject({ state: 'succeeded_no_data' });
    expect(await loads.read()).toBeNull();
    expect(await loads.keys('statsig/')).toEqual([]);
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

  it('reads large files in ranges, and rejects a file that does not fit on its disk with its rows', async () => {
    // Random texts of 40 MB: more than one range, and more than one part on the way out.
    const text = "array_to_string([md5(random()::VARCHAR) FOR _ IN range(250)], '')";
    const large = `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, 'seen' AS event_name, ${text} AS unit_id FROM range(5000)`;
    const bytes = await parquetOf(large);
    expect(bytes.byteLength).toBeGreaterThan(33_554_432);
    const asked: unknown[] = [];
    await loads.drop('large.parquet', bytes);
    const customerBucket = (access: Parameters<typeof customerBucketFrom>[1]) => {
      const bucket = customerBucketFrom(loads.s3, access);
      return {
        list: bucket.list,
        read: (...how: Parameters<typeof bucket.read>) => {
          asked.push(how[1]);
          return bucket.read(...how);
        },
      };
    };
    const landing = landingBucket(loads.s3, loads.config.bucket);
    expect(await loads.load({ loader: { customerBucket, landing } })).toMatchObject({
      outcome: 'succeeded',
      rows: { out: 5_000 },
    });
    expect(asked.length).toBe(Math.ceil(bytes.byteLength / 33_554_432));
    // The ranges are read in parallel, in any order.
    expect(asked).toContainEqual({ first: 0, last: 33_554_431 });

    const tooSmall = async (...free: number[]) => {
      const freeBytes = async () => free.shift() ?? 0;
      return loads.load({ reason: 'backfill', loader: { freeBytes } });
    };
    expect(await tooSmall(2 * bytes.byteLength - 1)).toMatchObject({
      outcome: 'failed',
      failure: {
        code: 'SLUICE_INGEST_FILE_TOO_LARGE',
        message: expect.stringContaining('large.parquet: '),
      },
    });
    expect(await loads.entry()).toMatchObject({ state: 'failed', files: [{ fate: 'failed' }] });
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
    const stop = new AbortController();
    const late = { at: { uploaded: async () => stop.abort() }, run: { signal: stop.signal } };
    const failure = { code: 'SLUICE_LOAD_OUT_OF_TIME' };
    expect(await loads.load(late)).toMatchObject({ outcome: 'handed_back', failure });
    expect(await loads.read()).toBeNull();
    // Twice in a row fails; another failure between is none of its kind.
    const at = { listed: () => Promise.reject(new Error('It may pass.')) };
    expect(await loads.load({ at })).toMatchObject({ outcome: 'handed_back' });
    for (const outcome of ['handed_back', 'failed'])
      expect(await loads.load(late)).toMatchObject({ outcome, failure });
  });

  it('that is killed twice fails, keeps what is read, and is retried on request', async () => {
    await loads.drop('a.parquet', someEvents(0, 20));
    await loads.load();
    await loads.drop('b.parquet', someEvents(20, 30));
    // A failure that may pass is no kill.
    const at = { listed: () => Promise.reject(new Error('It may pass.')) };
    expect(await loads.load({ at })).toMatchObject({ outcome: 'handed_back' });
    const killed = async (how: Parameters<Loads['load']>[0]) => {
      expect(await loads.load(how)).toBe('killed');
      loads.clock.advance(LEASE_MS + 1);
    };
    for (const _ of [1, 2]) await killed({ killAt: 'fetched' });
    const failure = { code: 'SLUICE_LOAD_KILLED', message: expect.stringContaining('3 tries') };
    expect(await loads.load({ killAt: 'fetched' })).toMatchObject({ outcome: 'failed', failure });
    const failed = { state: 'failed', attempts: 3, fingerprint: 'as planned', failure };
    expect(await loads.entry()).toMatchObject({ ...failed, files: [{ fate: 'loaded' }] });
    expect(await loads.read()).toEqual(readEvents(0, 20));
    // A settled day begins anew, and has as many tries when somebody asks for it.
    for (const _ of [1, 2]) await killed({ killAt: 'mapped', reason: 'backfill' });
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({
      failure: { code: 'SLUICE_LOAD_KILLED', message: expect.stringContaining('2 tries') },
    });
    await killed({ killAt: 'fetched', reason: 'triggered' });
    expect(await loads.load({ reason: 'triggered' })).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 30));
  });

  it('ignores a task for a dataset that is no longer configured', async () => {
    expect(await loads.load({ dataset: 'gone' })).toEqual({ outcome: 'unknown' });
    expect(await loads.keys()).toEqual([]);
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
