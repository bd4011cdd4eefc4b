import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VERSION } from '../../../lib/base/version.ts';
import { type Curations, DAY, exposures, ids, startCurations } from './startCurations.ts';

describe('a day that is curated', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 20));
    await curations.land('b', exposures(10, 40, DAY, '11:00:00'));
  });
  afterEach(() => curations.close());

  it('has one row an event, an account that adds up, and is read by the views', async () => {
    expect(await curations.read()).toEqual(ids(0, 40));
    expect(await curations.night()).toMatchObject([
      { outcome: 'curated', account: { rawRows: 50, rows: 40, resends: 10, differing: 0 } },
    ]);
    const entry = await curations.entry();
    expect(entry).toMatchObject({
      state: 'succeeded',
      rows: { in: 50, out: 40, refused: 0 },
      curated: { code: VERSION, account: { rawRows: 50, rows: 40, resends: 10 }, rawFiles: 2 },
    });
    expect(entry?.curated?.run).toBeUndefined();
    expect(entry?.lease).toBeUndefined();
    const location = await curations.curatedLocation();
    expect(location).toBe(`statsig/ingested/curated_exposures/${DAY}/${entry?.version}/`);
    expect(await curations.rowsUnder(location ?? '')).toHaveLength(40);
    expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
    expect(await curations.read()).toEqual(ids(0, 40));
  });
});
