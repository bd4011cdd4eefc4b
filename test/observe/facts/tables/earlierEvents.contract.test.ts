import { expect, it } from '@jest/globals';
import { at, DAYS, each, MORNING, type Sent, type Told, told, toldOf, views } from './contentTables.ts';

// What is told of events from before the time window, which is of seven days. The time of the queries is 12:00 on 2026-11-20.

const renewals = (sdk_type: string, more: Sent): Sent => ({
  ...more,
  as: { event_name: 'renewal', sdk_type },
});
const usual = renewals('py-server', { days: each(10, ...DAYS) });
/** So many rows, of which no ten have one time: these would be told by their time. @param second Their time. */
const old = (count: number, second: string, sdk_type = 'py-server') =>
  Array.from({ length: Math.ceil(count / 9) }, (_, i) =>
    renewals(sdk_type, { received: at(MORNING, Math.min(9, count - 9 * i)), time: `${second}.${10 + i}` }),
  );
const earlier = (row: Partial<Told>): Told =>
  told({ part: 'age', kind: 'earlier', value: 'renewal', since: MORNING, days: 0, ...row });

it('they are told by name and SDK with the least and the most days, and as no growth of either', async () => {
  const events = [
    views,
    usual,
    ...old(60, '2026-10-21 08:00:00'),
    ...old(5, '2026-11-12 20:00:00'),
    ...old(3, '2026-11-13 02:00:00', 'py-job'),
  ];
  expect(await toldOf({ events })).toEqual([
    earlier({ sdk: 'py-server 3.0.0', count: 65, of: 65, usual: 7.5, mean: 30 }),
    earlier({ sdk: 'py-job 3.0.0', count: 3, of: 3, usual: 7.25, mean: 7.25 }),
  ]);
});

it.each([
  { what: 'the first time of the window', second: '2026-11-13 08:00:00' },
  { what: 'a time before the year 2000, which no clock meant', second: '1999-12-31 23:59:59' },
])('those with $what are none', async ({ second }) => {
  expect(await toldOf({ events: [views, ...old(5, second)] })).toEqual([]);
});

it('they leave growth of others of their name to be told, with its own number', async () => {
  const loop = renewals('py-server', { received: at(MORNING, 60) });
  const rows = await toldOf({ events: [views, usual, ...old(600, '2026-10-21 08:00:00'), loop] });
  expect(rows.filter(({ part, kind }) => part === 'event' && kind === 'more')).toEqual([
    told({
      value: 'renewal',
      kind: 'more',
      label: 'py-server',
      count: 60,
      of: 80,
      usual: 0.333,
      since: MORNING,
    }),
  ]);
});
