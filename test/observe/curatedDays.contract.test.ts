import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { curatedText } from '../../cli/commands/curate.ts';
import { addDays } from '../../lib/base/time.ts';
import { publishViews } from '../../lib/curate/publishViews.ts';
import type { ViewCatalog } from '../../lib/curate/ViewCatalog.ts';
import { versionPrefix } from '../../lib/tables/tableFolders.ts';
import {
  readCuratedCalendar,
  readCurationState,
  readServedFaults,
} from '../../observe/facts/days/curatedDays.ts';
import { type Curations, DAY, exposures, startCurations } from '../lib/curate/startCurations.ts';

describe('the calendar of curated days', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 5));
    await curations.night();
  });
  afterEach(() => curations.close());

  const place = () => {
    const { s3, glue, config, clock } = curations;
    const { wait, random } = curations.makePlanner();
    return { s3, glue, config, clock, wait, random, now: clock.now() };
  };
  const calendar = () => readCuratedCalendar(place(), { kinds: ['exposures'], days: 3, until: DAY });

  it('names the views that have no room for a day', async () => {
    const { config, listed } = curations;
    const stored = await listed.read('exposures');
    const own = stored?.days[DAY];
    if (stored === null || own === undefined) throw new Error('not listed');
    // Every other day after it: each is a range of its own, and a view names the newest 100.
    const newer = Array.from({ length: 102 }, (_, i) => addDays(DAY, 2 * i + 2));
    const days = { ...stored.days, ...Object.fromEntries(newer.map((day) => [day, own])) };
    expect(await listed.write('exposures', days, stored.eTag)).toBe(true);
    const planner = curations.makePlanner();
    const partitions: ViewCatalog['partitions'] = async (table) => ({
      items: Object.keys(days).map((day) => {
        const prefix = versionPrefix(config, table, day, own.version);
        return { day, location: `s3://${config.bucket}/${prefix}` };
      }),
      next: undefined,
    });
    await publishViews({ ...planner, views: { ...planner.views, partitions } });

    const shown = await calendar();
    const views = 'experiment_exposures, first_exposures, secondary_exposures, unit_links';
    expect(shown.tables).toMatchObject([
      {
        listed: 103,
        leftOut: 3,
        days: [{ day: DAY, state: 'left_out', why: expect.stringContaining(views) }],
      },
    ]);
    expect(curatedText(shown)).toMatch(/ 3 days of these are left out of the text of some views/);
    expect(curatedText(shown)).toMatch(new RegExp(`${DAY} +both `));
    expect(await readCurationState(place())).toMatchObject([{ leftOut: 3 }, { leftOut: 0 }]);
  });

  it('finds days that views read although their raw files have changed, until the plan takes them out', async () => {
    const key = await curations.land('late', exposures(5, 6));
    const faults = async () => (await readServedFaults(place())).map(({ stale, gone }) => [stale, gone]);
    expect((await calendar()).tables[0]?.days).toMatchObject([{ state: 'curated', why: '' }]);
    expect(await faults()).toEqual([
      [[DAY], []],
      [[], []],
    ]);
    await curations.plan(curations.fileEvent(key));
    expect((await calendar()).tables[0]?.days).toMatchObject([
      { state: 'outdated', why: expect.stringContaining('its raw files or columns have changed') },
    ]);
    expect(await faults()).toEqual([
      [[], []],
      [[], []],
    ]);
  });

  it('finds a day whose partition is gone, which views name and do not read', async () => {
    const { glue, config } = curations;
    const of = { DatabaseName: config.database, TableName: config.curatedTables.exposures };
    await glue.send(new DeletePartitionCommand({ ...of, PartitionValues: [DAY] }));
    expect((await calendar()).tables[0]?.days).toMatchObject([
      { state: 'waiting', why: expect.stringContaining('does not have its partition') },
    ]);
  });

  it('finds days that the last night should have queued', async () => {
    const unplanned = async () => (await readCurationState(place())).map((state) => state.unplanned);
    await curations.land('a', exposures(0, 1, '2026-11-15'), 'exposures', '2026-11-15');
    expect(await unplanned()).toEqual([['2026-11-15'], []]);
    await curations.plan({ sluice: 'curate' });
    expect(await unplanned()).toEqual([[], []]);
  });
});
