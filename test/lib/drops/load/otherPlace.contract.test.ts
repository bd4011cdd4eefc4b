import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../../harness/configInput.ts';
import { type Asked, firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, readEvents, someEvents, THEIRS } from './startLoads.ts';

let day: LoadedDay;
afterEach(() => day.loads.close());

describe('a day that was loaded from another place', () => {
  beforeEach(async () => {
    day = await LoadedDay.start();
  });

  const OLD = 's3://acme-drops/events/YYYY-MM-DD';
  const NEW = 's3://acme-drops/events/ds=YYYY-MM-DD';

  /** Makes the run of the same dataset with days that are called otherwise. */
  function runAt(dataset: Partial<DatasetInput>) {
    const { sources } = defineConfig({
      bucket: 'sluice-own',
      sources: [acmeSource({ owner: THEIRS, settleMinutes: 0, datasets: [eventsDataset(dataset)] })],
    });
    const [source] = sources;
    if (source === undefined) throw new Error('no source');
    const loader = { config: { ...day.loads.config, sources } };
    /** @param planner Where the plan looks. Default: where the load does. */
    return async (asked?: Asked, planner = { ...day.loads, source }) => {
      const { decision, tasks } = await planDay(planner, DAY, asked);
      return tasks[0] === undefined ? decision : day.loads.load({ ...tasks[0], loader });
    };
  }
  const runThere: ReturnType<typeof runAt> = (...asked) => runAt({ dayFormat: 'ds=YYYY-MM-DD' })(...asked);
  const dropThere = (name: string, rows: string | Uint8Array) =>
    day.loads.drop(`${name}.parquet`, rows, `ds=${DAY}`);
  const fates = async () => (await day.loads.entry())?.files.map(({ key, fate }) => `${key} ${fate}`);

  it.each([undefined, 'triggered', 'backfill', 'keep'] as const)(
    'is unchanged while this place has no file of it, asked for as %s',
    async (asked) => {
      const { version } = (await day.loads.entry()) ?? {};
      await runThere(asked);
      expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', version, place: OLD });
    },
  );

  it('is unchanged while a log of this place counts none of its files', async () => {
    await dropThere('a', someEvents(7, 9));
    await day.loads.drop('_spark_metadata/0', new TextEncoder().encode('v1'), `ds=${DAY}`);
    expect(await runThere()).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', place: OLD });
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('is loaded as a change once this place has files, of which none is gone', async () => {
    await dropThere('a', someEvents(7, 9));
    // What can't be loaded has come in place of no file of the other place.
    await day.loads.drop('notes.csv', new TextEncoder().encode('a,b'), `ds=${DAY}`);
    expect(await runThere()).toMatchObject({ outcome: 'succeeded', files: 2 });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', place: NEW });
    expect(await fates()).toEqual([
      `events/ds=${DAY}/a.parquet loaded`,
      `events/ds=${DAY}/notes.csv left_out`,
    ]);
    expect(await day.loads.read()).toEqual(readEvents(7, 9));
  });

  it('is settled as it was where it was loaded in pieces when the place changed', async () => {
    day.loads.cutAt(1);
    for (const name of ['a', 'b']) await day.drop(name, someEvents(9, 12));
    const later = async () => day.loads.clock.advance(600_000);
    const task = await plannedTask(day.loads, DAY);
    expect(await day.loads.load({ ...task, at: { recorded: later } })).toMatchObject({ done: 1 });
    day.loads.clock.advance(7 * 3_600_000);
    expect(await runThere()).toEqual({ outcome: 'unchanged' });
    const entry = await day.loads.entry();
    expect(entry).toMatchObject({ state: 'succeeded', place: OLD, rows: { out: 5 } });
    expect(entry).not.toHaveProperty('run');
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('stays failed if it waited for a retry when the place changed', async () => {
    await day.drop('a', 'SELECT 1 AS something');
    expect(await day.run()).toMatchObject({ outcome: 'failed' });
    const { version } = (await day.loads.entry()) ?? {};
    expect(await runThere('backfill', day.loads)).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'failed', place: OLD, version, failure: {} });
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('is missing when the files of this place have no rows, and keeps its own', async () => {
    await dropThere('a', noRows);
    expect(await runThere()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await runThere()).toEqual({ skip: 'unchanged' });
    expect(await runThere('keep')).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', accepted: true, place: OLD });
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('fails by a file of this place that can not be read, and keeps its rows and place', async () => {
    await dropThere('a', new TextEncoder().encode('PAR1 and no more PAR1'));
    expect(await runThere()).toMatchObject({ outcome: 'failed' });
    expect(await day.loads.entry()).toMatchObject({ place: OLD });
    expect(await runThere()).toEqual({ skip: 'failed' });
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('stays missing there, until a person says that its rows stay', async () => {
    await day.remove('a', 'b');
    await day.loads.remove('_SUCCESS');
    await day.run();
    expect(await runThere()).toEqual({ skip: 'elsewhere' });
    expect(await day.loads.entry()).toMatchObject({ state: 'inputs_missing' });
    expect(await runThere('keep')).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', accepted: true, place: OLD });
  });

  it('stays failed there, until a person says that its rows go', async () => {
    await day.drop('a', 'SELECT 1 AS something');
    expect(await day.run()).toMatchObject({ outcome: 'failed' });
    expect(await runThere('backfill')).toEqual({ skip: 'elsewhere' });
    expect(await day.loads.entry()).toMatchObject({ state: 'failed' });
    expect(await runThere('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await day.loads.read()).toEqual([]);
  });
});
