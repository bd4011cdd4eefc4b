import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import type { DatasetInput } from '../../../harness/configInput.ts';
import { type Asked, firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, ends, type Loads, someEvents } from './startLoads.ts';

let day: LoadedDay;
let loads: Loads;
afterEach(() => loads.close());

describe('a day that was loaded from another place', () => {
  beforeEach(async () => {
    day = await LoadedDay.start();
    ({ loads } = day);
  });

  const OLD = 's3://acme-drops/events/YYYY-MM-DD';
  const NEW = 's3://acme-drops/events/ds=YYYY-MM-DD';

  /** Makes the run of the same dataset with days that are called otherwise. */
  function runAt(dataset: Partial<DatasetInput>) {
    const config = loads.configWith(dataset);
    const [source] = config.sources;
    if (source === undefined) throw new Error('no source');
    /** @param planner Where the plan looks. Default: where the load does. */
    return async (asked?: Asked, planner = { ...loads, source }) => {
      const { decision, tasks } = await planDay(planner, DAY, asked);
      return tasks[0] === undefined ? decision : loads.load({ ...tasks[0], loader: { config } });
    };
  }
  const runThere: ReturnType<typeof runAt> = (...asked) => runAt({ dayFormat: 'ds=YYYY-MM-DD' })(...asked);
  const dropThere = (name: string, rows: string | Uint8Array) =>
    loads.drop(`${name}.parquet`, rows, `ds=${DAY}`);
  const fates = async () => (await loads.entry())?.files.map(({ key, fate }) => `${key} ${fate}`);

  it.each([undefined, 'triggered', 'backfill', 'keep'] as const)(
    'is unchanged while this place has no file of it, asked for as %s',
    async (asked) => {
      const { version } = (await loads.entry()) ?? {};
      await runThere(asked);
      await loads.expectEntry({ state: 'succeeded', version, place: OLD });
    },
  );

  it('is unchanged while a log of this place counts none of its files', async () => {
    await dropThere('a', someEvents(7, 9));
    await loads.drop('_spark_metadata/0', Buffer.from('v1'), `ds=${DAY}`);
    await ends(runThere(), 'unchanged');
    await loads.expectEntry({ state: 'succeeded', place: OLD });
    expect(await loads.read()).toEqual(firstRows);
  });

  it('is loaded as a change once this place has files, of which none is gone', async () => {
    await dropThere('a', someEvents(7, 9));
    // What can't be loaded has come in place of no file of the other place.
    await loads.drop('notes.csv', Buffer.from('a,b'), `ds=${DAY}`);
    await ends(runThere(), 'succeeded', { files: 2 });
    await loads.expectEntry({ state: 'succeeded', place: NEW });
    expect(await fates()).toEqual([
      `events/ds=${DAY}/a.parquet loaded`,
      `events/ds=${DAY}/notes.csv left_out`,
    ]);
    await loads.expectEvents(7, 9);
  });

  it('is settled as it was where it was loaded in pieces when the place changed', async () => {
    loads.cutAt(1);
    for (const name of ['a', 'b']) await loads.dropEvents(name, 9, 12);
    const later = async () => loads.clock.advance(10 * MINUTE_MS);
    const task = await plannedTask(loads, DAY);
    expect(await loads.load({ ...task, at: { recorded: later } })).toMatchObject({ done: 1 });
    loads.clock.advance(7 * HOUR_MS);
    await ends(runThere(), 'unchanged');
    const entry = await loads.entry();
    expect(entry).toMatchObject({ state: 'succeeded', place: OLD, rows: { out: 5 } });
    expect(entry).not.toHaveProperty('run');
    expect(await loads.read()).toEqual(firstRows);
  });

  it('stays failed if it waited for a retry when the place changed', async () => {
    await day.drop('a', 'SELECT 1 AS something');
    await ends(day.run(), 'failed');
    const { version } = (await loads.entry()) ?? {};
    await ends(runThere('backfill', loads), 'unchanged');
    await loads.expectEntry({ state: 'failed', place: OLD, version, failure: {} });
    expect(await loads.read()).toEqual(firstRows);
  });

  it('is missing when the files of this place have no rows, and keeps its own', async () => {
    await dropThere('a', noRows);
    await ends(runThere(), 'inputs_missing');
    expect(await runThere()).toEqual({ skip: 'unchanged' });
    await ends(runThere('keep'), 'unchanged');
    await loads.expectEntry({ state: 'succeeded', accepted: true, place: OLD });
    expect(await loads.read()).toEqual(firstRows);
  });

  it('fails by a file of this place that can not be read, and keeps its rows and place', async () => {
    await dropThere('a', Buffer.from('PAR1 and no more PAR1'));
    await ends(runThere(), 'failed');
    await loads.expectEntry({ place: OLD });
    expect(await runThere()).toEqual({ skip: 'failed' });
    expect(await loads.read()).toEqual(firstRows);
  });

  it('stays missing there, until a person says that its rows stay', async () => {
    await day.remove('a', 'b');
    await loads.remove('_SUCCESS');
    await day.run();
    expect(await runThere()).toEqual({ skip: 'elsewhere' });
    await loads.expectEntry({ state: 'inputs_missing' });
    await ends(runThere('keep'), 'unchanged');
    await loads.expectEntry({ state: 'succeeded', accepted: true, place: OLD });
  });

  it('stays failed there, until a person says that its rows go', async () => {
    await day.drop('a', 'SELECT 1 AS something');
    await ends(day.run(), 'failed');
    expect(await runThere('backfill')).toEqual({ skip: 'elsewhere' });
    await loads.expectEntry({ state: 'failed' });
    await ends(runThere('empty'), 'succeeded_no_data');
    expect(await loads.read()).toEqual([]);
  });
});
