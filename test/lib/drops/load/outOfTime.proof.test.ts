import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Loads, readEvents, someEvents, startLoads } from './startLoads.ts';

describe('a load whose time is over', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
    await loads.drop('a.parquet', someEvents(0, 20));
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    await loads.drop('b.parquet', someEvents(20, 59));
  });
  afterEach(() => loads.close());

  const failure = { code: 'SLUICE_LOAD_OUT_OF_TIME' };
  const outOfTime = (reason: 'new' | 'retried') => {
    const stop = new AbortController();
    const at = { fetched: async () => stop.abort() };
    return loads.load({ at, reason, run: { signal: stop.signal } });
  };

  it('releases the day immediately before the function times out', async () => {
    expect(await outOfTime('new')).toMatchObject({ outcome: 'handed_back', failure });
    expect(await loads.read()).toEqual(readEvents(0, 20));
    expect(await loads.entry()).toMatchObject({ state: 'waiting', failure, attempts: 1 });
    expect((await loads.entry())?.lease).toBeUndefined();
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    expect((await loads.entry())?.failure).toBeUndefined();
    expect(await loads.read()).toEqual(readEvents(0, 59));
  });
});
