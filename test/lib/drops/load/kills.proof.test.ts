import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VERSION_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { DAY, type Loads, readEvents, someEvents, startLoads } from './startLoads.ts';

const FOLDER = `statsig/ingested/acme_events/${DAY}/`;
const TWO_DAYS_MS = 2 * 86_400_000;
/** One row of 40 has no name. */
const WITH_REFUSED = `${someEvents(20, 59)} UNION ALL SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u999'`;

describe('a load that is killed', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads({ refusedShare: 0.1 });
    await loads.drop('a.parquet', someEvents(0, 20));
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    await loads.drop('b.parquet', WITH_REFUSED);
  });
  afterEach(() => loads.close());

  const versions = async () =>
    new Set((await loads.keys(FOLDER)).map((key) => key.slice(FOLDER.length).split('/')[0]));
  const afterwards = readEvents(0, 59);

  async function expectWhole() {
    expect(await loads.read()).toEqual(afterwards);
    expect(await loads.entry()).toMatchObject({
      state: 'succeeded',
      rows: { in: 60, out: 59, refused: 1 },
      files: [{ fate: 'loaded' }, { fate: 'loaded', rows: { in: 40, out: 39, refused: 1 } }],
    });
    expect((await loads.rowsUnder('quarantine/')).map(({ reason }) => reason)).toEqual([
      'SLUICE_INGEST_ROW_NAME_MISSING',
    ]);
    loads.clock.advance(TWO_DAYS_MS);
    await loads.sweep();
    expect((await versions()).size).toBe(1);
    expect(await loads.keys(VERSION_NOTES)).toEqual([]);
    expect(await loads.read()).toEqual(afterwards);
  }

  it('keeps the published version even if the ledger does not record it', async () => {
    expect(await loads.load({ killAt: 'moved' })).toBe('killed');
    loads.clock.advance(TWO_DAYS_MS);
    expect(await loads.sweep()).toEqual({ removed: 1, kept: 1, failed: 0 });
    expect(await loads.read()).toEqual(afterwards);
  });

  it('has its incomplete version swept, but not within a day', async () => {
    expect(await loads.load({ killAt: 'uploaded' })).toBe('killed');
    expect((await versions()).size).toBe(2);
    loads.clock.advance(3_600_000);
    expect(await loads.sweep()).toEqual({ removed: 0, kept: 0, failed: 0 });
    loads.clock.advance(86_400_000);
    expect(await loads.sweep()).toEqual({ removed: 1, kept: 1, failed: 0 });
    expect((await versions()).size).toBe(1);
    expect(await loads.read()).toEqual(readEvents(0, 20));
  });

  it('allows only one of two concurrent loads, which writes one copy', async () => {
    const outcomes = await Promise.all([loads.load(), loads.load(), loads.load()]);
    expect(outcomes.map((one) => (one === 'killed' ? one : one.outcome)).sort()).toEqual([
      'busy',
      'busy',
      'succeeded',
    ]);
    await expectWhole();
  });

  it('releases the day immediately before the function times out', async () => {
    const stop = new AbortController();
    const outcome = await loads.load({
      at: { fetched: async () => stop.abort() },
      run: { signal: stop.signal },
    });
    expect(outcome).toMatchObject({
      outcome: 'handed_back',
      failure: { code: 'SLUICE_LOAD_OUT_OF_TIME' },
    });
    expect(await loads.read()).toEqual(readEvents(0, 20));
    expect(await loads.entry()).toMatchObject({
      state: 'waiting',
      failure: { code: 'SLUICE_LOAD_OUT_OF_TIME' },
      attempts: 1,
    });
    expect((await loads.entry())?.lease).toBeUndefined();
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    expect((await loads.entry())?.failure).toBeUndefined();
    await expectWhole();
  });

  it('fails the day when its time is over twice', async () => {
    const outOfTime = async (reason: 'new' | 'retried') => {
      const stop = new AbortController();
      const at = { fetched: async () => stop.abort() };
      return loads.load({ at, reason, run: { signal: stop.signal } });
    };
    const failure = { code: 'SLUICE_LOAD_OUT_OF_TIME' };
    expect(await outOfTime('new')).toMatchObject({ outcome: 'handed_back', failure });
    expect(await outOfTime('new')).toMatchObject({ outcome: 'failed', failure });
    expect(await outOfTime('retried')).toMatchObject({ outcome: 'failed', failure });
    expect(await outOfTime('new')).toMatchObject({ outcome: 'handed_back', failure });
    expect(await loads.read()).toEqual(readEvents(0, 20));
  });
});
