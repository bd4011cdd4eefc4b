import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { EXPORT_LOOKBACK, Lake } from './Lake.ts';
import { Month } from './Month.ts';

/** Nights between which files are deleted, replaced and brought back, rewritten by the writer, erased, late, and expired. */
describe('thirty days', () => {
  let lake: Lake;
  afterEach(() => lake.curations.close());

  it("lose no row of a curated day or a customer's bucket but for a known reason", async () => {
    lake = await Lake.start();
    const month = new Month(lake);
    const done = new Set<string>();
    for (let night = 0; night < 30; night += 1) {
      await month.steps['land a file of today']?.();
      for (let count = 0; count < 5; count += 1) {
        const step = await month.step(night);
        if (step !== null) done.add(step);
      }
      await month.night(night);
      await month.exportAll();
    }
    expect([...done].sort()).toEqual(Object.keys(month.steps).sort());
    for (const event of month.unfinished) await lake.erase(event);
    await lake.curations.work();
    expect(await lake.remains()).toEqual([]);
    // Nothing of this month is shown by a day that has been over for longer than exports look back.
    const expired = [...lake.landed.keys()].filter((day) => lake.today > addDays(day, EXPORT_LOOKBACK + 1));
    for (const day of expired) expect({ day, seen: [...(await lake.seen(day))] }).toEqual({ day, seen: [] });
    const { found, keptCopies } = month;
    const counts = { found, keptCopies, erased: lake.erased, expired: new Set(expired) };
    for (const [what, { size }] of Object.entries(counts))
      expect({ what, isSome: size > 0 }).toEqual({ what, isSome: true });
  }, 900_000);
});
