import { expect, it } from '@jest/globals';
import { statusCards } from '../../console/page/pages/statusCards.ts';
import type { Period } from '../../observe/facts/flow/overTime.ts';
import { hoursAgo, waitingFacts, wellHour, wellStatus } from '../observe/statusFacts.ts';

const period: Period = {
  atSeconds: 0,
  accepted: 1,
  refused: 2,
  failed: 4,
  unreached: 8,
  events: 0,
  overflowed: 0,
  messages: 0,
  ageSeconds: 0,
};
const LISTED = { count: 3, bytes: 9, hasMore: false, oldest: null };

it('the cards of Status have what came in, what waits, and how new it is', () => {
  const status = {
    ...wellStatus,
    ...waitingFacts({ buffered: { count: 5, oldest: hoursAgo(2) }, landing: LISTED }),
    lastHour: { ...wellHour, received: 9, landed: 7, quarantined: 2 },
    lastRequestAt: hoursAgo(1),
    tables: [
      { table: 'events' as const, name: 'e', newestRowAt: hoursAgo(0), rowsLastHour: 6 },
      { table: 'quarantine' as const, name: 'q', newestRowAt: null, rowsLastHour: 0 },
    ],
    relay: {
      waiting: { count: 4, oldest: null },
      stranded: null,
      refused: [
        { reason: '401', count: 2, oldest: '', since: '' },
        { reason: '404', count: 1, oldest: '', since: '' },
      ],
      hasMore: false,
    },
  };
  expect(statusCards(status, [period, period], '7')).toEqual([
    {
      path: '/live',
      name: 'Requests',
      span: 'last 7 days',
      figures: [
        ['202', 2],
        ['refused, 4xx', 4, 'warning'],
        ['503', 8, 'bad'],
        ['5xx without the collector', 16, 'bad'],
      ],
    },
    {
      path: '/sql',
      name: 'Events',
      span: 'last hour',
      figures: [
        ['accepted', 7],
        ['quarantined', 2, 'warning'],
        ['rows of events', 6],
        ['rows of quarantine', 0],
      ],
    },
    {
      path: '/tables',
      name: 'Waiting',
      span: 'now',
      figures: [
        ['in the buffer', 5],
        ['oldest of it', '2 h'],
        ['objects in landing/', 3],
        ['partitions missing or wrong', 0, 'plain'],
        ['relay waits', 4, 'plain'],
        ['relay refused', 3, 'bad'],
      ],
    },
    {
      path: '/tables',
      name: 'Newest',
      span: 'how long ago',
      figures: [
        ['request', '1 h'],
        ['events', 'now'],
        ['quarantine', '–'],
      ],
    },
  ]);
});

it('the card of requests says how many days it is of where none of the choices is asked for', () => {
  expect(statusCards(undefined, [], '3')[0]).toMatchObject({ name: 'Requests', span: 'last 3 days' });
});

it('the cards of Status have the same figures before there is an answer, none of which is known', () => {
  const figures = statusCards(undefined, [], '1').flatMap((card) => card.figures);
  expect(figures.map(([name]) => name)).toContain('rows of exposures');
  for (const [, value] of figures) expect([undefined, null, '–']).toContain(value);
});
