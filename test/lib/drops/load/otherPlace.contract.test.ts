import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../../harness/configInput.ts';
import { firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { planDay } from './planDay.ts';
import { DAY, readEvents, someEvents, THEIRS } from './startLoads.ts';

let day: LoadedDay;
afterEach(() => day.loads.close());

describe('a day that was loaded from another place', () => {
  beforeEach(async () => {
    day = await LoadedDay.start();
  });

  /** The same dataset with days that are called otherwise. */
  function at(dataset: Partial<DatasetInput>) {
    const datasets = [eventsDataset(dataset)];
    const { sources } = defineConfig({
      bucket: 'sluice-own',
      sources: [acmeSource({ owner: THEIRS, settleMinutes: 0, datasets })],
    });
    const [source = day.loads.source] = sources;
    const loader = { config: { ...day.loads.config, sources } };
    return async (
      asked?: 'triggered' | 'backfill' | 'keep' | 'empty',
      planned = { ...day.loads, source },
    ) => {
      const { decision, tasks } = await planDay(planned, DAY, asked);
      return tasks[0] === undefined ? decision : day.loads.load({ ...tasks[0], loader });
    };
  }
  const OLD = 's3://acme-drops/events/YYYY-MM-DD';
  const NEW = 's3://acme-drops/events/ds=YYYY-MM-DD';
  const there = at.bind(null, { dayFormat: 'ds=YYYY-MM-DD' });
  const dropThere = (name: string, rows: string | Uint8Array) =>
    day.loads.drop(`${name}.parquet`, rows, `ds=${DAY}`);
  const fates = async () => (await day.loads.entry())?.files.map(({ key, fate }) => `${key} ${fate}`);

  it('is unchanged until this place has files, which are loaded as a change', async () => {
    const runThere = there();
    const { version } = (await day.loads.entry()) ?? {};
    for (const asked of [undefined, 'triggered', 'backfill', 'keep'] as const) {
      await runThere(asked);
      expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', version, place: OLD });
    }
    await dropThere('_temporary/0/a', someEvents(0, 1));
    expect(await runThere()).toEqual({ skip: 'elsewhere' });
    await dropThere('a', someEvents(7, 9));
    expect(await runThere()).toMatchObject({ outcome: 'succeeded', files: 2 });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', place: NEW });
    expect(await fates()).toEqual([
      `events/ds=${DAY}/a.parquet loaded`,
      `events/ds=${DAY}/_temporary/0/a.parquet left_out`,
    ]);
    // Back at the former place, which has other files still: they are loaded, too.
    expect(await at({})()).toMatchObject({ outcome: 'succeeded' });
    expect(await day.loads.read()).toEqual(firstRows);
    expect(await runThere()).toMatchObject({ outcome: 'succeeded' });
    // And now that place has none.
    await day.remove('a', 'b');
    expect(await at({})()).toEqual({ skip: 'elsewhere' });
    expect(await at({ dayFormat: 'YYYYMMDD' })()).toEqual({ skip: 'elsewhere' });
    expect(await day.loads.read()).toEqual(readEvents(7, 9));
  });

  it('is settled as it was where it waited, or was loaded in pieces, when the place changed', async () => {
    day.loads.cutAt(1);
    for (const name of ['a', 'b']) await day.drop(name, someEvents(9, 12));
    const later = async () => day.loads.clock.advance(600_000);
    expect(
      await day.loads.load({ ...(await planDay(day.loads, DAY)).tasks[0], at: { recorded: later } }),
    ).toMatchObject({ done: 1 });
    day.loads.clock.advance(7 * 3_600_000);
    expect(await there()()).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', place: OLD, rows: { out: 5 } });
    expect(await day.loads.entry()).not.toHaveProperty('run');
    expect(await day.loads.read()).toEqual(firstRows);
    expect(await there()()).toEqual({ skip: 'elsewhere' });
  });

  it('stays failed if it waited for a retry when the place changed', async () => {
    await day.drop('a', 'SELECT 1 AS something');
    expect(await day.run()).toMatchObject({ outcome: 'failed' });
    const { version } = (await day.loads.entry()) ?? {};
    expect(await there()('backfill', day.loads)).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'failed', place: OLD, version, failure: {} });
    expect(await there()()).toEqual({ skip: 'elsewhere' });
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('keeps its rows when this place has nothing with rows, and loads what comes after', async () => {
    const runThere = there();
    await dropThere('a', noRows);
    expect(await runThere()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await runThere()).toEqual({ skip: 'unchanged' });
    expect(await runThere('keep')).toMatchObject({ outcome: 'unchanged' });
    expect(await runThere()).toEqual({ skip: 'unchanged' });
    await dropThere('a', new TextEncoder().encode('PAR1 and no more PAR1'));
    expect(await runThere()).toMatchObject({ outcome: 'failed' });
    expect(await day.loads.entry()).toMatchObject({ place: OLD });
    expect(await runThere()).toEqual({ skip: 'failed' });
    await dropThere('a', someEvents(7, 9));
    await day.loads.drop('notes.csv', new Uint8Array([1]), `ds=${DAY}`);
    expect(await runThere()).toMatchObject({ outcome: 'succeeded' });
    expect(await day.loads.read()).toEqual(readEvents(7, 9));
    expect(await fates()).toEqual([
      `events/ds=${DAY}/a.parquet loaded`,
      `events/ds=${DAY}/notes.csv left_out`,
    ]);
  });

  it('stays missing or failed there, until a person says what is meant', async () => {
    await day.remove('a', 'b');
    await day.loads.remove('_SUCCESS');
    await day.run();
    expect(await there()()).toEqual({ skip: 'elsewhere' });
    expect(await day.loads.entry()).toMatchObject({ state: 'inputs_missing' });
    expect(await there()('keep')).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'succeeded', accepted: true, place: OLD });
    await day.drop('a', 'SELECT 1 AS something');
    expect(await day.run()).toMatchObject({ outcome: 'failed' });
    expect(await there()('backfill')).toEqual({ skip: 'elsewhere' });
    expect(await day.loads.entry()).toMatchObject({ state: 'failed' });
    expect(await there()('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await day.loads.read()).toEqual([]);
  });
});
