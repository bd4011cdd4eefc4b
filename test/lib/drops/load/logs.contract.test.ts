import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { planDay } from './planDay.ts';
import { DAY, DROPS, ends, type Loads, someEvents, startLoads } from './startLoads.ts';

/** The content of a marker. */
const none = new Uint8Array();
const bytes = (text: string) => Buffer.from(text);
/** The path of a file of a transaction of Databricks. */
const part = (transaction: string) => `country=DE/part-0-tid-${transaction}-0a1b-c000.snappy.parquet`;
/** The content of a commit of Databricks, by the paths of files. */
const changes = (added: readonly string[], removed: readonly string[] = []) =>
  bytes(JSON.stringify({ added: added.map(nameOf), removed: removed.map(nameOf) }));
const nameOf = (path: string) => path.split('/').at(-1) ?? '';
/** A batch of Spark's log. */
const batch = (...names: readonly string[]) =>
  bytes(
    ['v1', ...names.map((name) => JSON.stringify({ path: `s3a://w/x/${name}`, action: 'add' }))].join('\n'),
  );

describe('a folder’s own log', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
    // Each file is a piece: a day of one file is loaded as any other.
    loads.cutAt(1);
  });
  afterEach(() => loads.close());

  /** Puts a marker of Databricks. */
  const mark = (name: string, text: Uint8Array = none) => loads.drop(`country=DE/_${name}`, text);
  /** Puts a batch of Spark's log beside the days. */
  const putLog = (name: string, text: Uint8Array) =>
    loads.theirs.send(
      new PutObjectCommand({ Bucket: DROPS, Key: `events/_spark_metadata/${name}`, Body: text }),
    );
  /** Plans the day, and loads it if it is queued: the state that follows. */
  async function run(asked?: 'triggered' | 'backfill') {
    loads.clock.advance(HOUR_MS);
    const { decision, tasks } = await planDay(loads, DAY, asked);
    const [task] = tasks;
    if (task === undefined) return decision;
    return loads.loadInPieces(task);
  }
  /** The fate of each file by its name, with its detail. */
  const fates = async () =>
    Object.fromEntries(
      ((await loads.entry())?.files ?? [])
        .filter(({ reason }) => reason !== 'success_marker')
        .map(({ key, fate, detail = '' }) => [nameOf(key), `${fate} ${detail}`.trim()]),
    );

  describe('of a commit', () => {
    const first = part('1111');
    const second = part('2222');
    /** Files `first`, which is committed and loaded, and `second`, whose transaction is under way. */
    async function startSecond(): Promise<void> {
      await loads.drop(first, someEvents(0, 2));
      await mark('committed_1111', changes([first]));
      await run();
      await mark('started_2222');
      await loads.drop(second, someEvents(2, 5));
    }

    it('lets files wait that are not committed, beside those that are loaded', async () => {
      await startSecond();
      await ends(run(), 'succeeded', { rows: { out: 2 } });
      expect(await fates()).toEqual({
        [nameOf(first)]: 'loaded',
        [nameOf(second)]: 'left_out Not committed: no _committed_2222.',
      });
      expect(await run()).toEqual({ skip: 'unchanged' });
    });

    it('removes files, also after they were loaded', async () => {
      await startSecond();
      await mark('committed_2222', changes([second], [first]));
      await ends(run(), 'succeeded', { rows: { out: 3 } });
      await loads.expectEvents(2, 5);
      expect(await fates()).toEqual({
        [nameOf(second)]: 'loaded',
        [nameOf(first)]: 'left_out Removed by _committed_2222.',
      });
    });

    it('leaves the day as it is when a vacuum removes a marker', async () => {
      await startSecond();
      await mark('committed_2222', changes([second], [first]));
      await run();
      await loads.remove('country=DE/_started_2222');
      await ends(run(), 'unchanged');
      expect(await run()).toEqual({ skip: 'unchanged' });
    });

    it.each([undefined, 'triggered', 'backfill'] as const)(
      'lets a day wait of which no file is committed, asked for as %s',
      async (asked) => {
        await loads.drop(first, someEvents(0, 2));
        await mark('started_1111');
        await ends(run(asked), 'settling', { again: false });
        expect(await run()).toMatchObject({ wait: 'marker' });
        await loads.expectEntry({ state: 'waiting', fingerprint: null });
        expect(await fates()).toEqual({ [nameOf(first)]: 'left_out Not committed: no _committed_1111.' });
        expect(await loads.read()).toBeNull();
      },
    );

    it('takes no day its last rows by removing all of its files', async () => {
      await loads.drop(first, someEvents(0, 2));
      await mark('committed_1111', changes([first]));
      await run();
      await mark('committed_2222', changes([], [first]));
      await ends(run(), 'inputs_missing');
      await loads.expectEvents(0, 2);
      expect(await fates()).toMatchObject({
        [nameOf(first)]: expect.stringMatching(/^loaded It does not count/),
      });
      expect(await run()).toEqual({ skip: 'unchanged' });
    });
  });

  it('fails the day by name if it is damaged', async () => {
    await loads.drop(part('1111'), someEvents(0, 2));
    await mark('committed_1111', bytes('no JSON'));
    const code = 'SLUICE_SOURCE_LOG_INVALID';
    await ends(run(), 'failed', { failure: { code } });
    const files = (await loads.entry())?.files;
    expect(files).toMatchObject([{ fate: 'held' }, { fate: 'failed', reason: code }]);
  });

  it('of Spark leaves the day as it is when a batch of another day is added', async () => {
    await loads.drop('DE/a.parquet', someEvents(0, 2));
    await loads.drop('DE/failed.parquet', someEvents(2, 3));
    await putLog('0', batch(`${DAY}/DE/a.parquet`));
    await ends(run(), 'succeeded', { rows: { out: 2 } });
    const { version } = (await loads.entry()) ?? {};
    await putLog('1.compact', batch(`${DAY}/DE/a.parquet`, '2026-11-18/DE/a.parquet'));
    await ends(run(), 'unchanged');
    await loads.expectEntry({ state: 'succeeded', version });
    expect(await run()).toEqual({ skip: 'unchanged' });
  });

  it('is read again, with the day, if it changes before it is read', async () => {
    await loads.drop(part('1111'), someEvents(0, 2));
    await loads.drop(part('2222'), someEvents(2, 5));
    await mark('committed_2222', changes([part('2222')]));
    let times = 0;
    const listed = async () => {
      times += 1;
      if (times === 1) await mark('committed_2222', changes([part('2222')], [part('1111')]));
    };
    await ends(loads.load({ at: { listed } }), 'succeeded');
    await loads.expectEvents(2, 5);
    expect(times).toBe(2);
  });

  it('may change while the day is loaded', async () => {
    await loads.dropEvents('a', 0, 2);
    await loads.dropEvents('b', 2, 3);
    await putLog('0', batch(`${DAY}/a.parquet`));
    const change = () => putLog('1', batch('2026-11-18/a.parquet'));
    await ends(loads.load({ at: { mapped: change } }), 'succeeded');
    await loads.expectEvents(0, 2);
  });
});

describe('a file that is not finished', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
    loads.cutAt(1);
    await loads.drop('a.parquet.filepart', bytes('PAR1 rows'));
  });
  afterEach(() => loads.close());

  it('fails no day that has nothing else', async () => {
    await ends(loads.loadInPieces(), 'succeeded_no_data');
  });

  it('is loaded once it is whole, and not a second time when it gets its name', async () => {
    await loads.drop('a.parquet.filepart', someEvents(0, 2));
    await ends(loads.loadInPieces(), 'succeeded', { rows: { out: 2 } });
    await loads.dropEvents('a', 0, 2);
    expect(await loads.loadInPieces({ reason: 'changed' })).toMatchObject({ rows: { out: 2 } });
    await loads.expectEvents(0, 2);
  });
});
