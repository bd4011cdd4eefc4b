import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { changesOf, lastDayOf } from '../../observe/facts/flow/changes.ts';
import type { RequestCounts } from '../../observe/facts/flow/requestCounts.ts';

const START = Date.UTC(2026, 10, 19, 12);
const END = Date.UTC(2026, 10, 20, 12, 10);

const none: RequestCounts = {
  requests: 0,
  received: 0,
  landed: 0,
  quarantined: 0,
  overflowed: 0,
  ignored: 0,
  filtered: 0,
  failedBy: {},
  refusedBy: {},
};
type Some = Partial<RequestCounts>;
/** The day that ends now. */
const period = { start: START, end: END };
/** So many requests in each hour of a week, until so many hours before the day. */
const weekOf = (requests: number, hours = 0) => {
  const before = new Map<number, RequestCounts>();
  for (let at = START - 7 * DAY_MS; at < START - hours * HOUR_MS; at += HOUR_MS)
    before.set(at, { ...none, requests });
  return before;
};

/** What changed when each hour of some days before had `usual`, and five minutes of today `today` (else `usual`). */
function changes({
  usual = {},
  days = 7,
  today = () => undefined,
}: {
  readonly usual?: Some;
  readonly days?: number;
  readonly today?: (at: string) => Some | undefined;
}) {
  const before = new Map<number, RequestCounts>();
  for (let at = START - days * DAY_MS; at < START; at += HOUR_MS) before.set(at, { ...none, ...usual });
  const day = new Map<number, RequestCounts>();
  for (let at = START; at < END; at += 5 * MINUTE_MS) {
    const own = today(new Date(at).toISOString().slice(11, 16));
    const isHourly = at % HOUR_MS === 0;
    const counts = { ...none, ...(own ?? (isHourly ? usual : {})) };
    if (counts.requests > 0) day.set(at, counts);
  }
  return changesOf({ day, before, ...period });
}

const at = (time: string) => `2026-11-20T${time}:00.000Z`;
const only = (times: readonly string[], counts: Some) => (time: string) =>
  times.includes(time) ? counts : undefined;

describe('what is not as usual', () => {
  it('is nothing on a usual day, nor on a first one', () => {
    expect(changes({ usual: { requests: 120 } })).toEqual([]);
    expect(changes({})).toEqual([]);
    expect(changesOf({ day: new Map(), before: new Map(), ...period })).toEqual([]);
    expect(changes({ days: 0, today: only(['12:00', '03:00'], { requests: 9_000 }) })).toEqual([]);
  });

  it('is five times the usual events that the lists leave out, once it is known how many are usual', () => {
    const today = only(['03:00'], { requests: 100, filtered: 100 });
    expect(changes({ usual: { requests: 100, filtered: 20 }, today })).toMatchObject([
      { what: 'ignored', first: at('03:00'), usual: 20 },
    ]);
    expect(changes({ usual: { requests: 100, filtered: 21 }, today })).toEqual([]);
    expect(changes({ days: 0, today })).toEqual([]);
  });

  it.each([
    { usual: 0, first: '00:00' },
    { usual: 1, first: '03:00' },
  ])(
    'of events left out where $usual are usual began at $first, with few of them before',
    ({ usual, first }) => {
      const few = only(['00:00'], { requests: 100, filtered: 1 });
      const many = only(['03:00'], { requests: 100, filtered: 100 });
      const today = (time: string) => few(time) ?? many(time);
      expect(changes({ usual: { requests: 100, filtered: usual }, today })).toMatchObject([
        { what: 'ignored', first: at(first), usual },
      ]);
    },
  );

  it('counts no request that is older than 24 hours, though its hour is compared', () => {
    const day = new Map([
      [START + 5 * MINUTE_MS, { ...none, refusedBy: { A: 1 } }],
      [
        START + 10 * MINUTE_MS,
        {
          ...none,
          requests: 9,
          received: 8,
          landed: 7,
          overflowed: 6,
          refusedBy: { A: 2 },
          failedBy: { B: 3, C: 1 },
        },
      ],
    ]);
    expect(lastDayOf({ day, before: new Map(), ...period })).toMatchObject({
      requests: 9,
      received: 8,
      overflowed: 6,
      refused: 2,
      failed: 4,
    });
  });

  it('is no spike that ended before the last 24 hours, though its hour is read', () => {
    const before = weekOf(100);
    const day = new Map([[START + 5 * MINUTE_MS, { ...none, requests: 90_000 }]]);
    const found = changesOf({ day, before, ...period });
    expect(found.filter(({ hour }) => hour === 90_000)).toEqual([]);
  });

  it('has when requests were answered 503 first and last, by code', () => {
    const day = new Map<number, RequestCounts>(
      [10, 5, 5].map((n, i) => [START + HOUR_MS + i * 5 * MINUTE_MS, { ...none, failedBy: { A: n } }]),
    );
    day.set(END, { ...none, failedBy: { B: 1 } });
    const first = '2026-11-19T13:00:00.000Z';
    const last = '2026-11-19T13:10:00.000Z';
    expect(lastDayOf({ day, before: new Map(), ...period }).failedBy).toEqual({
      A: { count: 20, first, last },
      B: { count: 1, first: at('12:10'), last: at('12:10') },
    });
  });

  it('has the requests that are usual in this hour, of a young stage those of all hours before', () => {
    const usual = (...hours: readonly (readonly [hoursAgo: number, requests: number])[]) => {
      const before = new Map(
        hours.map(([hoursAgo, requests]) => [START - hoursAgo * HOUR_MS, { ...none, requests }]),
      );
      return lastDayOf({ day: new Map(), before, ...period }).usual;
    };
    expect(usual([24, 5], [48, 7], [72, 6], [1, 90])).toBe(5.5);
    const day = new Map(
      Array.from({ length: 23 }, (_, i) => [START + (i + 1) * HOUR_MS, { ...none, requests: 5 }]),
    );
    expect(lastDayOf({ day, before: new Map(), ...period }).usual).toBe(5);
  });

  it('has the requests of each hour of the days before, once there are three', () => {
    const usualHours = (days: number) => {
      const counts = Array.from({ length: days * 24 }, (_, i) => i + 1);
      const before = new Map(counts.map((requests) => [START - requests * HOUR_MS, { ...none, requests }]));
      return lastDayOf({ day: new Map(), before, ...period }).usualHours;
    };
    expect(usualHours(7)[11]).toEqual({ least: 1, median: 73, most: 145 });
    expect(usualHours(7)[12]).toEqual({ least: 0, median: 72, most: 144 });
    expect(usualHours(2)).toEqual([]);
  });

  it('is a spike from 50 times the median of the same hour', () => {
    const usual = { requests: 2, received: 20 };
    const burst = (requests: number) => changes({ usual, today: only(['03:05', '03:10'], { requests }) });
    expect(burst(48)).toEqual([]);
    expect(burst(49)).toMatchObject([
      { what: 'requests', first: at('03:05'), last: at('03:10'), hour: expect.any(Number), usual: 2 },
    ]);
    expect(changes({ usual, today: only(['03:05'], { requests: 1, received: 970 }) })).toEqual([]);
    expect(changes({ usual, today: only(['03:05'], { requests: 1, received: 980 }) })).toHaveLength(1);
    const night = (requests: number) => changes({ today: only(['03:05'], { requests }) });
    expect(night(99)).toHaveLength(0);
    expect(night(100)).toHaveLength(1);
    const [found] = changes({ usual, today: only(['03:05'], { requests: 1, received: 4_000 }) });
    expect(found).toMatchObject({ what: 'events', first: at('03:05'), last: at('03:05'), usual: 20 });
    expect(found?.day).toBeGreaterThan(4_400);
  });

  it('is told with its busiest hour', () => {
    const bursts: Readonly<Record<string, Some>> = {
      '03:05': { requests: 200 },
      '05:05': { requests: 900 },
      '07:05': { requests: 300 },
    };
    expect(changes({ usual: { requests: 2 }, today: (time) => bursts[time] })).toMatchObject([
      { first: at('03:05'), last: at('07:05'), hour: 902, day: 1_448 },
    ]);
  });

  it('lasts as long as five minutes have a tenth of the most', () => {
    const lastOf = (requests: number) => {
      const counts: Readonly<Record<string, Some>> = { '03:05': { requests: 900 }, '03:10': { requests } };
      return changes({ usual: { requests: 2 }, today: (time) => counts[time] })[0]?.last;
    };
    expect(lastOf(89)).toBe(at('03:05'));
    expect(lastOf(90)).toBe(at('03:10'));
  });

  it('of a young stage, is a spike by the day before, or by all hours before', () => {
    const usual = { requests: 12 };
    for (const days of [0, 1])
      expect(changes({ usual, days, today: only(['03:05'], { requests: 900 }) })).toMatchObject([
        { what: 'requests', usual: 12, first: at('03:05') },
      ]);
  });

  it('is a rise of events past the stream, from 20 and five times the usual', () => {
    const what = 'overflowed';
    const counts = (n: number) => ({ requests: 50, overflowed: n });
    const today = (n: number) => only(['04:00', '04:20'], counts(n));
    expect(changes({ usual: counts(0), today: today(9) })).toEqual([]);
    expect(changes({ usual: counts(0), today: today(10) })).toEqual([
      { what, first: at('04:00'), last: at('04:20'), hour: 20, usual: 0, day: 20 },
    ]);
    expect(changes({ usual: counts(10), today: today(24) })).toEqual([]);
    expect(changes({ usual: counts(10), today: today(25) })).toMatchObject([{ what, hour: 50, usual: 10 }]);
  });

  it('is a silence of more than an hour in which 30 requests would have come', () => {
    const silent = (usual: number, from: string, to: string, days = 7) =>
      changes({
        usual: { requests: usual },
        days,
        today: (time) => ({ requests: time >= from && time < to ? 0 : usual / 12 }),
      });
    expect(changes({ usual: { requests: 600 } })).toEqual([]);
    expect(silent(60, '02:00', '03:00')).toEqual([]);
    expect(silent(27, '02:00', '03:05')).toEqual([]);
    expect(silent(60, '02:00', '03:05')).toEqual([
      { what: 'silence', first: at('02:00'), last: at('03:05'), usual: 60, hour: 0, day: 1_385 },
    ]);
    // What would have come in two shorter ones does not add up.
    const twice = (time: string) =>
      (time >= '01:00' && time < '01:55') || (time >= '02:00' && time < '03:05');
    expect(
      changes({ usual: { requests: 27 }, today: (time) => ({ requests: twice(time) ? 0 : 27 / 12 }) }),
    ).toEqual([]);
    expect(silent(60, '02:00', '08:00', 2)).toEqual([]);
  });

  it('is a silence that began before the last day, since the hour after the last request', () => {
    const silent = (from: number) => {
      const before = weekOf(60, 3);
      // Counts of other kinds, as of browsers that ask, are no requests.
      before.set(START - 2 * HOUR_MS, none);
      const day = new Map([[START + 4 * HOUR_MS, { ...none, requests: 1 }]]);
      for (let time = START + 4 * HOUR_MS; time < END; time += 5 * MINUTE_MS)
        day.set(time, { ...none, requests: 5 });
      return changesOf({ day, before, start: START + from, end: END + from });
    };
    for (const from of [0, HOUR_MS, 2 * HOUR_MS])
      expect(silent(from)[0]).toMatchObject({
        what: 'silence',
        first: '2026-11-19T09:00:00.000Z',
        last: '2026-11-19T16:00:00.000Z',
      });
  });

  it('is a silence that lasts while nothing has come since', () => {
    const before = weekOf(60);
    const day = new Map<number, RequestCounts>();
    for (let time = START; time < END - 80 * MINUTE_MS; time += 5 * MINUTE_MS)
      day.set(time, { ...none, requests: 5 });
    expect(changesOf({ day, before, ...period })).toMatchObject([
      { what: 'silence', first: at('10:50'), last: null },
    ]);
    day.set(END - 5 * MINUTE_MS, { ...none, requests: 1 });
    expect(changesOf({ day, before, ...period })).toMatchObject([
      { what: 'silence', first: at('10:50'), last: at('12:05') },
    ]);
  });
});
