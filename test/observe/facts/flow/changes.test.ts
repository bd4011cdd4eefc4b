import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { changesOf, lastDayOf, readDayCounts } from '../../../../observe/facts/flow/changes.ts';
import type { RequestCounts } from '../../../../observe/facts/flow/requestCounts.ts';
import { metricClient } from '../../../harness/metricClient.ts';

/** The hour in which the last day begins: ten minutes of it are longer ago than 24 hours. */
const START = Date.UTC(2026, 10, 19, 12);
const END = Date.UTC(2026, 10, 20, 12, 10);
const DAY_AGO = START + 10 * MINUTE_MS;
const PERIOD_MS = 5 * MINUTE_MS;
/** The last day, which ends now. */
const lastDay = { start: START, end: END };

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
/** So many requests in each hour of a week, until so many hours before the day. */
const weekOf = (requests: number, hours = 0) => {
  const before = new Map<number, RequestCounts>();
  for (let at = START - 7 * DAY_MS; at < START - hours * HOUR_MS; at += HOUR_MS) {
    before.set(at, { ...none, requests });
  }
  return before;
};

interface Counted {
  /** The counts of each hour of the days before, and of each hour of today of which `today` says nothing. Default none. */
  readonly usual?: Some;
  /** How many days before there are. Default 7. */
  readonly days?: number;
  /** The counts of five minutes of the last day, by their time of day: `03:05`. */
  readonly today?: (time: string) => Some | undefined;
}

function changes({ usual = {}, days = 7, today = () => undefined }: Counted) {
  const before = new Map<number, RequestCounts>();
  for (let at = START - days * DAY_MS; at < START; at += HOUR_MS) before.set(at, { ...none, ...usual });
  const day = new Map<number, RequestCounts>();
  for (let at = START; at < END; at += PERIOD_MS) {
    const own = today(new Date(at).toISOString().slice(11, 16));
    const isHourly = at % HOUR_MS === 0;
    const counts = { ...none, ...(own ?? (isHourly ? usual : {})) };
    if (counts.requests > 0) day.set(at, counts);
  }
  return changesOf({ day, before, ...lastDay });
}

const at = (time: string) => `2026-11-20T${time}:00.000Z`;
const only = (times: readonly string[], counts: Some) => (time: string) =>
  times.includes(time) ? counts : undefined;

it('the counts of the last day begin with an hour, and a week of hours is read before', async () => {
  const point = (time: string, count: number) => [Date.parse(time), count] as const;
  const cloudwatch = metricClient({
    'received SampleCount collect prod': [
      point('2026-11-12T11:59:00Z', 1),
      point('2026-11-12T12:00:00Z', 2),
      point('2026-11-19T11:59:00Z', 4),
      point('2026-11-19T12:00:00Z', 8),
      point('2026-11-20T12:07:00Z', 16),
    ],
  });
  const now = Date.parse('2026-11-20T12:07:30Z');
  const { day, before, ...range } = await readDayCounts({
    cloudwatch,
    stack: { service: 'sluice', stage: 'prod' },
    now,
  });
  const requestsOf = (counts: ReadonlyMap<number, RequestCounts>) =>
    Array.from(counts, ([time, { requests }]) => ({ time: new Date(time).toISOString(), requests }));
  expect(range).toEqual(lastDay);
  expect(requestsOf(before)).toEqual([
    { time: '2026-11-12T12:00:00.000Z', requests: 2 },
    { time: '2026-11-19T11:00:00.000Z', requests: 4 },
  ]);
  expect(requestsOf(day)).toEqual([
    { time: '2026-11-19T12:00:00.000Z', requests: 8 },
    { time: '2026-11-20T12:05:00.000Z', requests: 16 },
  ]);
});

describe('the last day', () => {
  it('has what came within 24 hours, and nothing older', () => {
    const day = new Map([
      [DAY_AGO - PERIOD_MS, { ...none, requests: 1, received: 1, overflowed: 1, refusedBy: { A: 1 } }],
      [
        DAY_AGO,
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
    expect(lastDayOf({ day, before: new Map(), ...lastDay })).toMatchObject({
      requests: 9,
      received: 8,
      overflowed: 6,
      refused: 2,
      failed: 4,
    });
  });

  it('has when requests were answered 503 first and last, by code', () => {
    const day = new Map<number, RequestCounts>(
      [10, 5, 5].map((n, i) => [START + HOUR_MS + i * PERIOD_MS, { ...none, failedBy: { A: n } }]),
    );
    day.set(END, { ...none, failedBy: { B: 1 } });
    const first = '2026-11-19T13:00:00.000Z';
    const last = '2026-11-19T13:10:00.000Z';
    expect(lastDayOf({ day, before: new Map(), ...lastDay }).failedBy).toEqual({
      A: { count: 20, first, last },
      B: { count: 1, first: at('12:10'), last: at('12:10') },
    });
  });

  it('has since when answers with each code of the day came before it, up to a day without any', () => {
    const refused = (code: string) => ({ ...none, refusedBy: { [code]: 1 } });
    const day = new Map<number, RequestCounts>([
      [START, { ...none, failedBy: { F: 1 } }],
      [DAY_AGO, refused('A')],
      [END - PERIOD_MS, { ...none, failedBy: { F: 1 }, refusedBy: { C: 50 } }],
    ]);
    const before = new Map<number, RequestCounts>([
      [START - 60 * HOUR_MS, refused('A')],
      [START - 30 * HOUR_MS, refused('A')],
      [START - 20 * HOUR_MS, refused('A')],
      [START - 10 * HOUR_MS, refused('B')],
      [START - HOUR_MS, { ...none, failedBy: { G: 1 } }],
    ]);
    expect(lastDayOf({ day, before, ...lastDay }).earlier).toEqual({
      refused: { A: '2026-11-18T06:00:00.000Z' },
      failed: { F: '2026-11-19T12:00:00.000Z' },
    });
  });

  it.each([
    { what: 'has as many as hours of the day have on average', count: 2, first: '2026-11-19T04:00:00.000Z' },
    { what: 'has fewer, as of a scanner', count: 1, first: undefined },
  ])('has since when answers with a code came by an hour that $what', ({ count, first }) => {
    const refused = (number: number) => ({ ...none, refusedBy: { A: number } });
    const day = new Map<number, RequestCounts>([[END - PERIOD_MS, refused(48)]]);
    const before = new Map<number, RequestCounts>([[START - 8 * HOUR_MS, refused(count)]]);
    expect(lastDayOf({ day, before, ...lastDay }).earlier.refused['A']).toBe(first);
  });

  it('has the requests that are usual in the hour of now, by that hour of the days before', () => {
    // Of noon of the 19th to the 16th, of which the newest has none; and of another hour.
    const hours = {
      [START - DAY_MS]: 5,
      [START - 2 * DAY_MS]: 7,
      [START - 3 * DAY_MS]: 6,
      [START - HOUR_MS]: 90,
    };
    const before = new Map(
      Object.entries(hours).map(([time, requests]) => [Number(time), { ...none, requests }]),
    );
    // The median of 0, 5, 6 and 7.
    expect(lastDayOf({ day: new Map(), before, ...lastDay }).usual).toBe(5.5);
  });

  it('has the requests that are usual in all hours, of a stage that is younger than a day', () => {
    const day = new Map(
      Array.from({ length: 23 }, (_, i) => [START + (i + 1) * HOUR_MS, { ...none, requests: 5 }]),
    );
    expect(lastDayOf({ day, before: new Map(), ...lastDay }).usual).toBe(5);
  });

  it('has the requests of each hour of the days before, once there are three', () => {
    // The hour that began n hours before the day has n requests.
    const usualHours = (days: number) => {
      const counts = Array.from({ length: days * 24 }, (_, i) => i + 1);
      const before = new Map(counts.map((requests) => [START - requests * HOUR_MS, { ...none, requests }]));
      return lastDayOf({ day: new Map(), before, ...lastDay }).usualHours;
    };
    expect(usualHours(7)[11]).toEqual({ least: 1, median: 73, most: 145 });
    // Of noon the newest is that of the last day, which has none.
    expect(usualHours(7)[12]).toEqual({ least: 0, median: 72, most: 144 });
    expect(usualHours(3)).toHaveLength(24);
    expect(usualHours(2)).toEqual([]);
  });
});

describe('what is not as usual', () => {
  it('is nothing on a usual day, nor on a first one', () => {
    expect(changes({ usual: { requests: 120 } })).toEqual([]);
    expect(changes({})).toEqual([]);
    expect(changesOf({ day: new Map(), before: new Map(), ...lastDay })).toEqual([]);
    expect(changes({ days: 0, today: only(['12:00', '03:00'], { requests: 9_000 }) })).toEqual([]);
  });

  it('is a spike from 50 times the median of the same hour', () => {
    const usual = { requests: 2, received: 20 };
    // Two come at the beginning of the hour as on other days.
    const requests = (count: number) =>
      changes({ usual, today: only(['03:05', '03:10'], { requests: count }) });
    expect(requests(48)).toEqual([]);
    expect(requests(49)).toMatchObject([
      { what: 'requests', first: at('03:05'), last: at('03:10'), hour: 100, usual: 2 },
    ]);
    const events = (received: number) =>
      changes({ usual, today: only(['03:05'], { requests: 1, received }) });
    expect(events(979)).toEqual([]);
    expect(events(980)).toMatchObject([
      { what: 'events', first: at('03:05'), last: at('03:05'), hour: 1_000, usual: 20 },
    ]);
  });

  const NIGHT = ['03:00', '04:00', '05:00'];

  it('is a spike of three hours with four times the most of the same hour', () => {
    expect(changes({ usual: { requests: 100 }, today: only(NIGHT, { requests: 400 }) })).toMatchObject([
      { what: 'requests', first: at('03:00'), last: at('05:00'), hour: 400, usual: 100 },
    ]);
    const events = only(NIGHT, { requests: 100, received: 1_200 });
    expect(changes({ usual: { requests: 100, received: 300 }, today: events })).toMatchObject([
      { what: 'events', first: at('03:00'), last: at('05:00'), hour: 1_200, usual: 300 },
    ]);
  });

  it.each([
    { what: 'two hours of four times the most', usual: 100, times: ['03:00', '04:00'], requests: 400 },
    { what: 'three hours of less than that, as of a campaign', usual: 100, times: NIGHT, requests: 399 },
    { what: 'three hours of fewer than 100', usual: 20, times: NIGHT, requests: 99 },
    { what: 'what comes for the first time', usual: 100, days: 2, times: NIGHT, requests: 400 },
  ])('is no spike of $what', ({ usual, days = 7, times, requests }) => {
    expect(changes({ usual: { requests: usual }, days, today: only(times, { requests }) })).toEqual([]);
  });

  it('is no spike of hours of which one day before had half as many', () => {
    const before = weekOf(100);
    const day = new Map<number, RequestCounts>();
    for (let time = START; time < END; time += HOUR_MS) {
      const isNight = NIGHT.includes(new Date(time).toISOString().slice(11, 16));
      day.set(time, { ...none, requests: isNight ? 400 : 100 });
      if (isNight) before.set(time - 3 * DAY_MS, { ...none, requests: 200 });
    }
    expect(changesOf({ day, before, ...lastDay })).toEqual([]);
  });

  it('is a spike from 100 requests or 1,000 events in an hour in which none are usual', () => {
    const night = (counts: Some) => changes({ today: only(['03:05'], counts) }).map(({ what }) => what);
    expect(night({ requests: 99 })).toEqual([]);
    expect(night({ requests: 100 })).toEqual(['requests']);
    expect(night({ requests: 1, received: 999 })).toEqual([]);
    expect(night({ requests: 1, received: 1_000 })).toEqual(['events']);
  });

  it('is no spike that ended before the last 24 hours, though its hour is read', () => {
    const spikeAt = (time: number) => {
      const day = new Map([[time, { ...none, requests: 90_000 }]]);
      return changesOf({ day, before: weekOf(100), ...lastDay }).map(({ what }) => what);
    };
    // Nothing came after it, which is a silence.
    expect(spikeAt(DAY_AGO - PERIOD_MS)).toEqual(['silence']);
    expect(spikeAt(DAY_AGO)).toEqual(['requests', 'silence']);
  });

  it('is told with its busiest hour, and with all of the day', () => {
    const bursts: Readonly<Record<string, Some>> = {
      '03:05': { requests: 200 },
      '05:05': { requests: 900 },
      '07:05': { requests: 300 },
    };
    // Of 24 hours that begin after 12:00 on the day before, two requests each.
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

  it.each([
    { stage: 'with one day before', days: 1 },
    { stage: 'without a day before, by all its hours', days: 0 },
  ])('is a spike of a stage $stage', ({ days }) => {
    const today = only(['03:05'], { requests: 900 });
    expect(changes({ usual: { requests: 12 }, days, today })).toMatchObject([
      { what: 'requests', usual: 12, first: at('03:05') },
    ]);
  });

  it('is a rise of events past the stream, from 20 in an hour and five times the usual', () => {
    const what = 'overflowed';
    const counts = (overflowed: number) => ({ requests: 50, overflowed });
    const found = (usual: number, first: number, last: number) => {
      const times: Readonly<Record<string, Some>> = { '04:00': counts(first), '04:20': counts(last) };
      return changes({ usual: counts(usual), today: (time) => times[time] });
    };
    expect(found(0, 10, 9)).toEqual([]);
    expect(found(0, 10, 10)).toEqual([
      { what, first: at('04:00'), last: at('04:20'), hour: 20, usual: 0, day: 20 },
    ]);
    expect(found(10, 25, 24)).toEqual([]);
    expect(found(10, 25, 25)).toMatchObject([{ what, hour: 50, usual: 10 }]);
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
    { what: 'began with the first of them if none are usual', usual: 0, first: '00:00' },
    { what: 'began in the hour of many of them if some are usual', usual: 1, first: '03:00' },
  ])('of events that the lists leave out $what', ({ usual, first }) => {
    const times: Readonly<Record<string, Some>> = {
      '00:00': { requests: 100, filtered: 1 },
      '03:00': { requests: 100, filtered: 100 },
    };
    expect(
      changes({ usual: { requests: 100, filtered: usual }, today: (time) => times[time] }),
    ).toMatchObject([{ what: 'ignored', first: at(first), usual }]);
  });
});

describe('a silence', () => {
  /** What is found where `usual` requests an hour come, but from 02:00 to this time. */
  const silent = (usual: number, to: string, days = 7) =>
    changes({
      usual: { requests: usual },
      days,
      today: (time) => ({ requests: time >= '02:00' && time < to ? 0 : usual / 12 }),
    });

  it('is more than an hour without a request', () => {
    expect(silent(60, '03:00')).toEqual([]);
    expect(silent(60, '03:05')).toEqual([
      // Five requests each five minutes of 24 hours, but for 65 minutes.
      { what: 'silence', first: at('02:00'), last: at('03:05'), usual: 60, hour: 0, day: 1_375 },
    ]);
  });

  it('is of a time in which 30 requests would have come', () => {
    // Of 65 minutes: 29 and a quarter, and 30 and a third.
    expect(silent(27, '03:05')).toEqual([]);
    expect(silent(28, '03:05')).toMatchObject([{ what: 'silence', usual: 28 }]);
  });

  it('is none of two times that are too short, however much would have come in both', () => {
    const isSilent = (time: string) =>
      (time >= '01:00' && time < '01:55') || (time >= '02:00' && time < '03:05');
    const today = (time: string) => ({ requests: isSilent(time) ? 0 : 27 / 12 });
    expect(changes({ usual: { requests: 27 }, today })).toEqual([]);
  });

  it('is told once three days before are known', () => {
    const found = (days: number) => silent(60, '08:00', days).map(({ what }) => what);
    expect(found(2)).toEqual([]);
    expect(found(3)).toEqual(['silence']);
  });

  it.each([0, 1, 2])(
    'that began before the last day is told since the hour after the last request, also with %d hours of the last day gone',
    (later) => {
      const before = weekOf(60, 3);
      // Counts of other kinds, as of browsers that ask, are no requests.
      before.set(START - 2 * HOUR_MS, none);
      const day = new Map([[START + 4 * HOUR_MS, { ...none, requests: 1 }]]);
      for (let time = START + 4 * HOUR_MS; time < END; time += PERIOD_MS)
        day.set(time, { ...none, requests: 5 });
      const from = later * HOUR_MS;
      const [found] = changesOf({ day, before, start: START + from, end: END + from });
      expect(found).toMatchObject({
        what: 'silence',
        first: '2026-11-19T09:00:00.000Z',
        last: '2026-11-19T16:00:00.000Z',
      });
    },
  );

  it('lasts until a request comes', () => {
    const before = weekOf(60);
    const day = new Map<number, RequestCounts>();
    for (let time = START; time < END - 80 * MINUTE_MS; time += PERIOD_MS)
      day.set(time, { ...none, requests: 5 });
    expect(changesOf({ day, before, ...lastDay })).toMatchObject([
      { what: 'silence', first: at('10:50'), last: null },
    ]);
    day.set(END - PERIOD_MS, { ...none, requests: 1 });
    expect(changesOf({ day, before, ...lastDay })).toMatchObject([
      { what: 'silence', first: at('10:50'), last: at('12:05') },
    ]);
  });
});
