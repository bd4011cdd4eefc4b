import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { firstRows, LoadedDay } from './LoadedDay.ts';
import { plannedTask } from './planDay.ts';
import { ends, type Loads, readEvents, someEvents } from './startLoads.ts';

describe('a drop that returns to an earlier loaded state', () => {
  const EARLIER = '2026-11-18';
  let day: LoadedDay;
  let loads: Loads;
  beforeEach(async () => {
    day = await LoadedDay.start();
    ({ loads } = day);
  });
  afterEach(() => loads.close());

  describe('whose partition was dropped by hand', () => {
    beforeEach(() => loads.dropPartition());

    it('is read again once it is asked for', async () => {
      await ends(loads.load({ reason: 'triggered' }), 'succeeded');
      await day.afterNights({ rows: firstRows, state: 'succeeded' });
    });

    it('is empty, and not absent, once a person has said that its rows go', async () => {
      await day.remove('a', 'b');
      await ends(day.run('empty'), 'succeeded_no_data');
      expect(await loads.read()).toEqual([]);
      await ends(day.run('empty'), 'unchanged');
    });
  });

  /** Has the load of a late file killed once queries read it, and removes the file. */
  async function killLate(): Promise<void> {
    await loads.drop('late.parquet', someEvents(0, 1), EARLIER);
    await loads.kill({ day: EARLIER, killAt: 'moved' });
    await loads.remove('late.parquet', EARLIER);
  }

  it('that had no rows keeps those of a load that was killed after queries read them', async () => {
    await ends(loads.load({ day: EARLIER }), 'succeeded_no_data');
    await killLate();
    await ends(loads.load({ day: EARLIER }), 'inputs_missing');
    expect(await loads.read(EARLIER)).toEqual(readEvents(0, 1));
  });

  it('that was killed after queries read it loses those rows once a person has said so', async () => {
    await killLate();
    const task = await plannedTask(loads, EARLIER, 'empty');
    await ends(loads.load(task), 'succeeded_no_data');
    expect(await loads.read(EARLIER)).toEqual([]);
  });
});
