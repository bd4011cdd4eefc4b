import { afterEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { killPoints, Lake, nameOf } from './Lake.ts';
import { DAY, exposures } from './startCurations.ts';

describe('an erasure of a curated day', () => {
  let lake: Lake;
  afterEach(() => lake.curations.close());
  const start = async () => {
    lake = await Lake.start();
    const files = [await lake.land(DAY, 0, 20), await lake.land(DAY, 15, 30)] as const;
    await lake.curations.night();
    return files;
  };
  const kept = async () => (await lake.curations.entry())?.curated?.kept;

  it('is why rows are gone, and no finding', async () => {
    await start();
    await lake.erase(17);
    expect((await lake.curations.entry())?.erasures).toMatchObject([{ endedAt: expect.any(Number) }]);
    lake.curations.clock.advance(MINUTE_MS);
    await lake.curations.work();
    expect(await lake.missing(DAY)).toEqual([]);
    expect(await lake.remains()).toEqual([]);
    expect(await kept()).toBeUndefined();
    expect(await lake.found()).toEqual([]);
    await lake.night();
    expect((await lake.curations.entry())?.erasures).toBeUndefined();
  });

  it.each(killPoints)(
    'between a deletion and the next night takes its rows alone, killed at %s too',
    async (point) => {
      const [, lost] = await start();
      await lake.remove(lost);
      expect(await lake.erase(25, point)).toBe(false);
      expect((await lake.missing(DAY)).filter((event) => event !== 25)).toEqual([]);
      expect(await lake.curations.listedDays()).toEqual([DAY]);
      await lake.erase(25);
      expect(await lake.missing(DAY)).toEqual([]);
      lake.curations.clock.advance(MINUTE_MS);
      await lake.curations.work();
      await lake.night();
      expect(await lake.missing(DAY)).toEqual([]);
      expect(await lake.remains()).toEqual([]);
      // The lost file alone had 20 to 29.
      expect(await kept()).toMatchObject({ rows: 9 });
      // Versions of what was deleted have gone, so that nothing comes back.
      await lake.restore(DAY, () => true);
      await lake.night();
      expect(await lake.missing(DAY)).toEqual([]);
      expect(await lake.remains()).toEqual([]);
    },
  );

  it.each([...killPoints, undefined])(
    'explains no file that is replaced after it by an empty one, killed at %s and gone on with',
    async (point) => {
      const [first] = await start();
      lake.curations.clock.advance(MINUTE_MS);
      expect(await lake.erase(5, point)).toBe(point === undefined);
      await lake.curations.land(nameOf(first), exposures(0, 0));
      await lake.erase(5);
      lake.curations.clock.advance(MINUTE_MS);
      await lake.curations.work();
      expect(await lake.missing(DAY)).toEqual([]);
      await lake.night();
      await lake.night();
      expect(await lake.missing(DAY)).toEqual([]);
      expect(await lake.remains()).toEqual([]);
      // The replaced file alone had 0 to 14.
      expect(await kept()).toMatchObject({ rows: 14 });
      expect(await lake.found()).toEqual([DAY]);
    },
  );

  it.each(killPoints)('that is stopped at %s is no finding in the nights after it', async (point) => {
    await start();
    expect(await lake.erase(5, point)).toBe(false);
    await lake.night();
    await lake.night();
    expect((await lake.missing(DAY)).filter((event) => event !== 5)).toEqual([]);
    expect(await lake.found()).toEqual([]);
    await lake.erase(5);
    await lake.night();
    expect(await lake.missing(DAY)).toEqual([]);
    expect(await lake.remains()).toEqual([]);
    expect(await kept()).toBeUndefined();
  });

  it('takes rows out of a file that was replaced before by a smaller one, and no others', async () => {
    const [, replaced] = await start();
    await lake.curations.land(nameOf(replaced), exposures(15, 18));
    await lake.erase(16);
    await lake.erase(28);
    await lake.night();
    expect(await lake.missing(DAY)).toEqual([]);
    expect(await lake.remains()).toEqual([]);
  });
});
