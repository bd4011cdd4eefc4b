import { expect, it } from '@jest/globals';
import { readServedDays } from '../../../lib/curate/servedDays.ts';
import { curatedDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { config, DAY, listed, OTHER, startDayList } from './startDayList.ts';

it('a day whose entry in the list is damaged is read from its partition, if it has one', async () => {
  const { store, keeper } = startDayList();
  const stored = { [OTHER]: {}, [DAY]: {}, '2026-11-17': listed('v1') };
  await store.write(curatedDaysKey('events'), JSON.stringify({ days: stored }));
  const events = new Map([
    [DAY, 'v1'],
    ['2026-11-17', 'v1'],
  ]);
  const { days, unserved } = await readServedDays(
    { config, listed: keeper.listed },
    { exposures: new Map(), events },
  );
  expect(days).toEqual({ exposures: [], events: [DAY, '2026-11-17'] });
  expect(unserved).toEqual({ exposures: 0, events: 1 });
});
