import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { firstRows, LoadedDay } from './LoadedDay.ts';
import { plannedTask } from './planDay.ts';
import { DAY, readEvents, someEvents } from './startLoads.ts';

describe('a drop that returns to an earlier loaded state', () => {
  let day: LoadedDay;
  beforeEach(async () => {
    day = await LoadedDay.start();
  });
  afterEach(() => day.loads.close());

  describe('whose partition was dropped by hand', () => {
    beforeEach(async () => {
      const { config, glue } = day.loads;
      await glue.send(
        new DeletePartitionCommand({
          DatabaseName: config.database,
          TableName: 'acme_events',
          PartitionValues: [DAY],
        }),
      );
    });

    it('is read again once it is asked for', async () => {
      expect(await day.loads.load({ reason: 'triggered' })).toMatchObject({ outcome: 'succeeded' });
      expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'succeeded' });
    });

    it('is empty, and not absent, once a person has said that its rows go', async () => {
      await day.remove('a', 'b');
      expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
      expect(await day.loads.read()).toEqual([]);
      expect(await day.run('empty')).toEqual({ outcome: 'unchanged' });
    });
  });

  it('that had no rows keeps those of a load that was killed after queries read them', async () => {
    const { loads } = day;
    const earlier = '2026-11-18';
    expect(await loads.load({ day: earlier })).toMatchObject({ outcome: 'succeeded_no_data' });
    const key = 'late.parquet';
    await loads.drop(key, someEvents(0, 1), earlier);
    expect(await loads.load({ day: earlier, killAt: 'moved' })).toBe('killed');
    await loads.remove(key, earlier);
    loads.clock.advance(LEASE_MS + 1);
    expect(await loads.load({ day: earlier })).toMatchObject({ outcome: 'inputs_missing' });
    expect(await loads.read(earlier)).toEqual(readEvents(0, 1));
  });

  it('that was killed after queries read it loses those rows once a person has said so', async () => {
    const { loads } = day;
    const earlier = '2026-11-18';
    await loads.drop('late.parquet', someEvents(0, 1), earlier);
    expect(await loads.load({ day: earlier, killAt: 'moved' })).toBe('killed');
    await loads.remove('late.parquet', earlier);
    loads.clock.advance(LEASE_MS + 1);
    const task = await plannedTask(loads, earlier, 'empty');
    expect(await loads.load(task)).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await loads.read(earlier)).toEqual([]);
  });
});
