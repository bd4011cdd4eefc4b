import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dayText } from '../../../../cli/ingest/dayText.ts';
import { firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { planDay } from './planDay.ts';
import { DAY, readEvents, someEvents } from './startLoads.ts';

let day: LoadedDay;
afterEach(() => day.loads.close());

describe('a loaded day whose files are deleted or have no rows', () => {
  beforeEach(async () => {
    day = await LoadedDay.start();
  });

  const ways: Readonly<Record<string, readonly [how: () => Promise<unknown>, fates: readonly string[]]>> = {
    'are deleted': [
      async () => {
        await day.remove('a', 'b');
        await day.loads.remove('_SUCCESS');
      },
      ['a.parquet loaded', 'b.parquet loaded'],
    ],
    'are deleted, but for a marker': [
      () => day.remove('a', 'b'),
      ['_SUCCESS left_out success_marker', 'a.parquet loaded', 'b.parquet loaded'],
    ],
    'are replaced by files without rows': [
      async () => {
        for (const name of ['a', 'b']) await day.drop(name, noRows);
      },
      ['a.parquet loaded no_rows', 'b.parquet loaded no_rows', '_SUCCESS left_out success_marker'],
    ],
    'are deleted, and a file without rows arrives': [
      async () => {
        await day.remove('a', 'b');
        await day.drop('c', noRows);
      },
      [
        'c.parquet left_out no_rows',
        '_SUCCESS left_out success_marker',
        'a.parquet loaded',
        'b.parquet loaded',
      ],
    ],
  };

  it.each(Object.entries(ways))('keeps its rows when they %s, until files come', async (_, [how, fates]) => {
    const { version } = (await day.loads.entry()) ?? {};
    await how();
    const missingSince = day.loads.clock.now();
    expect(await day.run()).toMatchObject({ outcome: 'inputs_missing', rows: { out: 5 } });
    for (const asked of [undefined, 'triggered', 'backfill'] as const) {
      await day.run(asked);
      expect(await day.loads.entry()).toMatchObject({ state: 'inputs_missing', version, missingSince });
    }
    expect(await day.afterNights()).toEqual({ rows: firstRows, state: 'inputs_missing', fates });
    const entry = await day.loads.entry();
    if (entry === null) throw new Error('no entry');
    expect(dayText(entry)).toContain(`the last good version ${version} of ${DAY}`);

    await day.remove('a', 'b', 'c');
    await day.drop('d', someEvents(7, 9));
    expect(await day.run()).toMatchObject({ outcome: 'succeeded' });
    expect(await day.afterNights()).toEqual({
      rows: readEvents(7, 9),
      state: 'succeeded',
      fates: expect.arrayContaining(['d.parquet loaded']),
    });
    expect(await day.loads.entry()).not.toHaveProperty('missingSince');
  });

  it.each(['are deleted', 'are replaced by files without rows'])(
    'stays kept, or goes, as a person says when they %s',
    async (way) => {
      await ways[way]?.[0]();
      await day.run();
      expect(await day.run('keep')).toMatchObject({ outcome: 'unchanged' });
      expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'succeeded' });
      // The other way round, later.
      expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
      expect(await day.afterNights()).toMatchObject({ rows: [], state: 'succeeded_no_data' });
      expect(await day.run('keep')).toEqual({ outcome: 'unchanged' });
      expect(await day.afterNights()).toMatchObject({ rows: [], state: 'succeeded_no_data' });
      await day.drop('a', someEvents(0, 1));
      await day.run();
      expect(await day.afterNights()).toMatchObject({ rows: readEvents(0, 1), state: 'succeeded' });
    },
  );

  it('passes with one command, also before the plan has seen it', async () => {
    await day.remove('a', 'b');
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await day.loads.read()).toEqual([]);
    await day.drop('a', someEvents(0, 1));
    await day.run();
    await day.drop('a', noRows);
    expect(await day.run('keep')).toMatchObject({ outcome: 'succeeded' });
    expect(await day.afterNights()).toMatchObject({ rows: readEvents(0, 1), state: 'succeeded' });
    // What was accepted is the folder as it was.
    await day.remove('a');
    expect(await day.run()).toMatchObject({ outcome: 'inputs_missing' });
  });

  it('takes an acceptance for the files that the person saw, and leaves a day that needs none', async () => {
    expect(await day.run('empty')).toEqual({ outcome: 'unchanged' });
    expect(await day.run('keep')).toEqual({ outcome: 'unchanged' });
    await day.remove('a', 'b');
    await day.run();
    const { tasks } = await planDay(day.loads, DAY, 'empty');
    await day.drop('b', noRows);
    expect(await day.loads.load(tasks[0])).toMatchObject({ outcome: 'inputs_missing' });
    await day.drop('a', someEvents(0, 1));
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded' });
    expect(await day.loads.read()).toEqual(readEvents(0, 1));
  });

  it('loads what is left of it while any file has rows', async () => {
    await day.drop('a', noRows);
    await day.run();
    expect(await day.afterNights()).toMatchObject({
      rows: readEvents(2, 5),
      state: 'succeeded',
      fates: ['a.parquet loaded', 'b.parquet loaded', '_SUCCESS left_out success_marker'],
    });
    await day.remove('b');
    await day.run();
    expect(await day.afterNights()).toMatchObject({ rows: readEvents(2, 5), state: 'inputs_missing' });
  });

  it('keeps its rows after a load that failed', async () => {
    await day.drop('a', noRows);
    await day.loads.drop('b.parquet', new TextEncoder().encode('PAR1 and no more PAR1'));
    expect(await day.run()).toMatchObject({ outcome: 'failed' });
    await day.remove('a', 'b');
    expect(await day.run()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'inputs_missing' });
  });

  it('is not empty for good without a person’s word when somebody deleted the files of its version, too', async () => {
    const { version, filesWritten } = (await day.loads.entry()) ?? {};
    await day.loads.makeLoader().landing.remove(await day.loads.keys('statsig/ingested/'));
    await day.remove('a', 'b');
    for (const asked of [undefined, 'backfill'] as const) {
      expect(await day.run(asked)).toMatchObject({ outcome: 'inputs_missing', rows: { out: 5 } });
      expect(await day.loads.entry()).toMatchObject({ version, filesWritten });
    }
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await day.loads.entry()).toMatchObject({ filesWritten: [] });
  });
});

it('is found of a day that waits for a marker, too', async () => {
  day = await LoadedDay.start({ waitFor: 'READY' });
  await day.remove('a', 'b');
  await day.loads.remove('READY');
  await day.run();
  expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'inputs_missing' });
  // It is written anew, and not whole yet.
  await day.drop('a', someEvents(0, 1));
  await day.run();
  expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'waiting' });
});
