import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadFaultPoints } from '../../../../lib/drops/load/Loader.ts';
import { CatalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { NO_FILES } from '../../../../lib/ledger/LedgerEntry.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import {
  DAY,
  emptyingPoints,
  type Loads,
  parquetOf,
  readEvents,
  someEvents,
  startLoads,
} from './startLoads.ts';

const TWO_DAYS_MS = 2 * 86_400_000;

describe('a drop that returns to an earlier loaded state', () => {
  let loads: Loads;
  let first: Uint8Array;
  const dropFirst = () => loads.drop('a.parquet', first);
  const dropSecond = () => loads.drop('a.parquet', someEvents(0, 3, 'second'));
  beforeEach(async () => {
    loads = await startLoads();
    first = await parquetOf(someEvents(0, 3, 'first'));
    await dropFirst();
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
  });
  afterEach(() => loads.close());

  /** Queries read the first file, the ledger says so of the version they read, and no sweep takes it away. */
  async function expectFirst() {
    expect(await loads.entry()).toMatchObject({ state: 'succeeded', rows: { out: 3 }, files: [{}] });
    for (const _ of [1, 2]) {
      expect(await loads.read()).toEqual(readEvents(0, 3, 'first'));
      loads.clock.advance(TWO_DAYS_MS);
      await loads.sweep();
    }
    const { version = '' } = (await loads.entry()) ?? {};
    for (const key of await loads.keys('statsig/ingested/')) expect(key).toContain(`/${DAY}/${version}/`);
  }

  it.each(loadFaultPoints)(
    'is read again after a load of the other state was killed at %s',
    async (point) => {
      await dropSecond();
      expect(await loads.load({ killAt: point, reason: 'changed' })).toBe('killed');
      await dropFirst();
      loads.clock.advance(LEASE_MS + 1);
      expect(await loads.load({ reason: 'changed' })).toMatchObject({
        outcome:
          loadFaultPoints.indexOf(point) < loadFaultPoints.indexOf('moved') ? 'unchanged' : 'succeeded',
      });
      await expectFirst();
    },
  );

  it.each(emptyingPoints)('is read again after a load of its deletion was killed at %s', async (killAt) => {
    await loads.remove('a.parquet');
    expect(await loads.load({ killAt, reason: 'empty', fingerprint: NO_FILES })).toBe('killed');
    await dropFirst();
    loads.clock.advance(LEASE_MS + 1);
    await loads.load({ reason: 'changed' });
    await expectFirst();
  });

  it('is read again after the response to the move was lost', async () => {
    await dropSecond();
    const { catalog } = loads.makeLoader();
    const lost: typeof catalog = {
      ...catalog,
      batchUpdate: async (...asked) => {
        await catalog.batchUpdate(...asked);
        throw new CatalogCallError('InternalServiceException', false, 'lost');
      },
    };
    expect(await loads.load({ loader: { catalog: lost } })).toMatchObject({ outcome: 'handed_back' });
    await dropFirst();
    await loads.load({ reason: 'changed' });
    await expectFirst();
  });

  it('is read again after its partition was dropped by hand, as is a day without rows', async () => {
    const { config, glue } = loads;
    const dropPartition = () =>
      glue.send(
        new DeletePartitionCommand({
          DatabaseName: config.database,
          TableName: 'acme_events',
          PartitionValues: [DAY],
        }),
      );
    await dropPartition();
    expect(await loads.load({ reason: 'triggered' })).toMatchObject({ outcome: 'succeeded' });
    await expectFirst();
    await dropPartition();
    await loads.remove('a.parquet');
    expect(await loads.load({ reason: 'deleted' })).toMatchObject({ outcome: 'inputs_missing' });
    expect(await loads.read()).toEqual(readEvents(0, 3, 'first'));
    await dropPartition();
    const empty = { reason: 'empty', fingerprint: NO_FILES } as const;
    expect(await loads.load(empty)).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await loads.read()).toEqual([]);
    expect(await loads.load(empty)).toEqual({ outcome: 'unchanged' });
  });

  it('that had no rows keeps those of a load that was killed after queries read them', async () => {
    const day = '2026-11-18';
    expect(await loads.load({ day })).toMatchObject({ outcome: 'succeeded_no_data' });
    const key = 'late.parquet';
    await loads.drop(key, someEvents(0, 1), day);
    expect(await loads.load({ day, killAt: 'moved' })).toBe('killed');
    await loads.remove(key, day);
    loads.clock.advance(LEASE_MS + 1);
    expect(await loads.load({ day })).toMatchObject({ outcome: 'inputs_missing' });
    expect(await loads.read(day)).toEqual(readEvents(0, 1));
  });
});
