import { expect, it } from '@jest/globals';
import { statusCards } from '../../console/page/pages/statusCards.ts';
import { hoursAgo, waitingFacts, wellHour, wellStatus } from '../observe/statusFacts.ts';

const period = {
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
    [
      '/live',
      'Requests',
      'last 7 days',
      [
        ['202', 2],
        ['refused, 4xx', 4, 'warning'],
        ['503', 8, 'bad'],
        ['5xx without the collector', 16, 'bad'],
      ],
    ],
    [
      '/sql',
      'Events',
      'last hour',
      [
        ['accepted', 7],
        ['quarantined', 2, 'warning'],
        ['rows of events', 6],
        ['rows of quarantine', 0],
      ],
    ],
    [
      '/tables',
      'Waiting',
      'now',
      [
        ['in the buffer', 5],
        ['oldest of it', '2 h'],
        ['objects in landing/', 3],
        ['days without partition', 0, 'plain'],
        ['relay waits', 4, 'plain'],
        ['relay refused', 3, 'bad'],
      ],
    ],
    [
      '/tables',
      'Newest',
      'how long ago',
      [
        ['request', '1 h'],
        ['events', 'now'],
        ['quarantine', '–'],
      ],
    ],
  ]);
});

it('the cards of Status have the same figures before there is an answer, none of which is known', () => {
  const figures = statusCards(undefined, [], '1').flatMap(([, , , ofCard]) => ofCard);
  expect(figures.map(([name]) => name)).toContain('rows of exposures');
  for (const [, value] of figures) expect([undefined, null, '–']).toContain(value);
});
