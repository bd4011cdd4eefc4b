import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CatalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { firstRows, LoadedDay } from './LoadedDay.ts';
import { DAY, readEvents, someEvents } from './startLoads.ts';

describe('a drop that returns to an earlier loaded state', () => {
  let day: LoadedDay;
  beforeEach(async () => {
    day = await LoadedDay.start();
  });
  afterEach(() => day.loads.close());

  it('is read again after the response to the move was lost', async () => {
    await day.drop('a', someEvents(0, 2, 'second'));
    const { catalog } = day.loads.makeLoader();
    const lost: typeof catalog = {
      ...catalog,
      batchUpdate: async (...asked) => {
        await catalog.batchUpdate(...asked);
        throw new CatalogCallError('InternalServiceException', false, 'lost');
      },
    };
    expect(await day.loads.load({ loader: { catalog: lost } })).toMatchObject({ outcome: 'handed_back' });
    await day.drop('a', someEvents(0, 2));
    await day.loads.load({ reason: 'changed' });
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'succeeded' });
  });

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

    it('is read again when its files are found missing', async () => {
      await day.remove('a', 'b');
      expect(await day.run()).toMatchObject({ outcome: 'inputs_missing' });
      expect(await day.loads.read()).toEqual(firstRows);
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
});
