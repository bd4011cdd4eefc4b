import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dayText } from '../../../../cli/ingest/dayText.ts';
import { planDay } from './planDay.ts';
import { DAY, DROPS, type Loads, pieceSizes, readEvents, someEvents, startLoads } from './startLoads.ts';

const HOUR_MS = 3_600_000;
const none = new Uint8Array();
const bytes = (text: string) => new TextEncoder().encode(text);
const part = (transaction: string) => `country=DE/part-0-tid-${transaction}-0a1b-c000.snappy.parquet`;
const changes = (added: readonly string[], removed: readonly string[] = []) =>
  bytes(JSON.stringify({ added: added.map(nameOf), removed: removed.map(nameOf) }));
const nameOf = (path: string) => path.split('/').at(-1) ?? '';
/** A batch of Spark's log. */
const batch = (...names: readonly string[]) =>
  bytes(
    ['v1', ...names.map((name) => JSON.stringify({ path: `s3a://w/x/${name}`, action: 'add' }))].join('\n'),
  );

describe.each(pieceSizes)('a folder’s own log, %s', (_, pieceBytes) => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
    loads.cutAt(pieceBytes);
  });
  afterEach(() => loads.close());

  const mark = (name: string, text: Uint8Array = none) => loads.drop(`country=DE/_${name}`, text);
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
  const fates = async () =>
    Object.fromEntries(
      ((await loads.entry())?.files ?? [])
        .filter(({ reason }) => reason !== 'success_marker')
        .map(({ key, fate, detail = '' }) => [nameOf(key), `${fate} ${detail}`.trim()]),
    );

  it('lets a commit remove files, also after they were loaded', async () => {
    const first = part('1111');
    const two = part('2222');
    await loads.drop(first, someEvents(0, 2));
    await mark('committed_1111', changes([first]));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 2 } });

    // Not committed yet, and then it is.
    await mark('started_2222');
    await loads.drop(two, someEvents(2, 5));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 2 } });
    expect(await fates()).toEqual({
      [nameOf(first)]: 'loaded',
      [nameOf(two)]: 'left_out Not committed: no _committed_2222.',
    });
    expect(await run()).toEqual({ skip: 'unchanged' });
    await mark('committed_2222', changes([two], [first]));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    expect(await loads.read()).toEqual(readEvents(2, 5));
    expect(await fates()).toEqual({
      [nameOf(two)]: 'loaded',
      [nameOf(first)]: 'left_out Removed by _committed_2222.',
    });
    const entry = await loads.entry();
    expect(entry === null ? '' : dayText(entry)).toContain('removed Removed by _committed_2222.');

    // What a vacuum leaves is the same day.
    await loads.remove('country=DE/_started_2222');
    expect(await run()).toEqual({ outcome: 'unchanged' });
    expect(await run()).toEqual({ skip: 'unchanged' });
  });

  it('lets a day wait whose files are not committed, however it is asked for', async () => {
    const first = part('1111');
    await loads.drop(first, someEvents(0, 2));
    await mark('started_1111');
    for (const asked of [undefined, 'triggered', 'backfill'] as const)
      expect(await run(asked)).toMatchObject({ outcome: 'settling', again: false });
    expect(await run()).toMatchObject({ wait: 'marker' });
    expect(await loads.read()).toBeNull();
    const entry = await loads.entry();
    expect(entry).toMatchObject({ state: 'waiting', fingerprint: null });
    if (entry === null) throw new Error('nothing was noted');
    expect(dayText(entry)).toContain('The day has had 1 file and no commit since ');
    expect(await fates()).toEqual({ [nameOf(first)]: 'left_out Not committed: no _committed_1111.' });

    await mark('committed_1111', changes([first]));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 2 } });
    // All of its files are removed: no day loses its last rows by that.
    await mark('committed_2222', changes([], [first]));
    expect(await run()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await loads.read()).toEqual(readEvents(0, 2));
    expect(await fates()).toMatchObject({
      [nameOf(first)]: expect.stringMatching(/^loaded It does not count/),
    });
    expect(await run()).toEqual({ skip: 'unchanged' });
  });

  it('fails the day by name if it is damaged', async () => {
    await loads.drop(part('1111'), someEvents(0, 2));
    await mark('committed_1111', bytes('no JSON'));
    const code = 'SLUICE_SOURCE_LOG_INVALID';
    expect(await run()).toMatchObject({ outcome: 'failed', failure: { code } });
    const files = (await loads.entry())?.files;
    expect(files).toMatchObject([{ fate: 'held' }, { fate: 'failed', reason: code }]);
  });

  it('of Spark beside the days loads a day when it names files, and else leaves it', async () => {
    await loads.drop('DE/a.parquet', someEvents(0, 2));
    await loads.drop('DE/failed.parquet', someEvents(2, 3));
    await putLog('0', batch());
    expect(await run()).toMatchObject({ outcome: 'settling' });
    await putLog('1', batch(`${DAY}/DE/a.parquet`));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 2 } });
    expect(await fates()).toMatchObject({
      'failed.parquet': expect.stringMatching(/^left_out Not committed: /),
    });

    // A batch of another day.
    const { version } = (await loads.entry()) ?? {};
    await putLog('2.compact', batch(`${DAY}/DE/a.parquet`, '2026-11-18/DE/a.parquet'));
    expect(await run()).toEqual({ outcome: 'unchanged' });
    expect(await loads.entry()).toMatchObject({ state: 'succeeded', version });
    expect(await run()).toEqual({ skip: 'unchanged' });
    await loads.drop('DE/b.parquet', someEvents(3, 4));
    await putLog('3', batch(`${DAY}/DE/b.parquet`));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
  });

  it('may change while the day is loaded', async () => {
    await loads.drop('a.parquet', someEvents(0, 2));
    await loads.drop('b.parquet', someEvents(2, 3));
    await putLog('0', batch(`${DAY}/a.parquet`));
    const change = () => putLog('1', batch('2026-11-18/a.parquet'));
    expect(await loads.load({ at: { mapped: change } })).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 2));
  });

  it('is no file that is not finished, which is a warning and fails no day', async () => {
    await loads.drop('a.parquet.filepart', bytes('PAR1 rows'));
    expect(await run()).toMatchObject({ outcome: 'succeeded_no_data' });
    await loads.drop('a.parquet', someEvents(0, 2));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 2 } });
    // A whole one is loaded until it has its name, too.
    await loads.drop('b.parquet.filepart', someEvents(2, 3));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    await loads.drop('b.parquet', someEvents(2, 3));
    expect(await run()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    expect(await loads.read()).toEqual(readEvents(0, 3));
  });
});
