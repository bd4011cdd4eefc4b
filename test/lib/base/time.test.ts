import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  daysBetween,
  instantOf,
  isoHour,
  isoTimestamp,
  isUtcDay,
  isUtcHour,
  MINUTE_MS,
  parseInstant,
  startOfHour,
  utcDay,
} from '../../../lib/base/time.ts';

/** Any instant of the years 1 to 9999. */
const instant = fc.integer({
  min: Date.parse('0001-01-01T00:00Z'),
  max: Date.UTC(9999, 11, 31, 23, 59, 59, 999),
});

describe('utcDay', () => {
  it.each([
    { at: '2026-11-20T23:59:59.999Z', day: '2026-11-20' },
    { at: '2026-11-21T00:00:00.000Z', day: '2026-11-21' },
    { at: '2028-02-29T12:00:00.000Z', day: '2028-02-29' },
    { at: '1969-12-31T23:59:59.999Z', day: '1969-12-31' },
    { at: '0001-01-01T00:00:00.000Z', day: '0001-01-01' },
  ])('of $at is $day', ({ at, day }) => {
    expect(utcDay(Date.parse(at))).toBe(day);
  });

  it('returns days that exist', () => {
    fc.assert(fc.property(instant, (epochMs) => isUtcDay(utcDay(epochMs))));
  });
});

describe('isUtcDay', () => {
  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-1-1',
    '20261120',
    '',
    '2026-11-20T00:00:00Z',
    '2027-02-29',
    '0000-12-31',
  ])('is false for "%s"', (text) => {
    expect(isUtcDay(text)).toBe(false);
  });

  it.each(['0001-01-01', '2028-02-29', '9999-12-31'])('is true for %s', (text) => {
    expect(isUtcDay(text)).toBe(true);
  });
});

describe('addDays', () => {
  it.each([
    { day: '2028-02-28', days: 2, sum: '2028-03-01' },
    { day: '2028-03-01', days: -2, sum: '2028-02-28' },
    { day: '2026-12-31', days: 1, sum: '2027-01-01' },
    { day: '2026-11-20', days: -365, sum: '2025-11-20' },
  ])('of $day and $days is $sum', ({ day, days, sum }) => {
    expect(addDays(day, days)).toBe(sum);
  });
});

it('the days between two are all of them, with both ends, and none where the first is later', () => {
  expect(daysBetween('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
  expect(daysBetween('2026-03-01', '2026-02-27')).toEqual([]);
});

describe('isoTimestamp', () => {
  it('cuts off a fraction of a millisecond', () => {
    expect(isoTimestamp(Date.UTC(2026, 10, 20, 7, 32, 0, 123) + 0.9)).toBe('2026-11-20T07:32:00.123Z');
  });

  it('is what toISOString returns, whatever minute was asked before', () => {
    const withinMinute = fc.integer({ min: 0, max: 59_999 });
    fc.assert(
      fc.property(instant, instant, withinMinute, (first, second, ms) => {
        const sameMinute = Math.floor(first / MINUTE_MS) * MINUTE_MS + ms;
        for (const epochMs of [first, sameMinute, second, sameMinute])
          expect(isoTimestamp(epochMs)).toBe(new Date(epochMs).toISOString());
      }),
    );
  });
});

it.each([
  { text: '2026-11-25T00', isHour: true },
  { text: '2026-11-25T19', isHour: true },
  { text: '2026-11-25T23', isHour: true },
  { text: '2026-11-25T24', isHour: false },
  { text: '2026-02-30T07', isHour: false },
  { text: '2026-11-25T7', isHour: false },
  { text: '2026-11-25', isHour: false },
])('"$text" is an hour of a day: $isHour', ({ text, isHour }) => {
  expect(isUtcHour(text)).toBe(isHour);
});

it('the hour of an instant is the one that it is in', () => {
  expect(isoHour(Date.parse('2026-11-25T07:59:59.999Z'))).toBe('2026-11-25T07');
});

it.each([
  { text: '2026-11-20T07:30:00Z', at: '2026-11-20T07:30:00.000Z' },
  { text: '2026-11-20T09:30+02:00', at: '2026-11-20T07:30:00.000Z' },
  { text: '2026-11-20T07:30', at: null },
  { text: '2026-02-30T07:30:00Z', at: null },
  { text: '2026-11-20T25:00Z', at: null },
  { text: '2026-11-20', at: null },
])('"$text" is the instant $at', ({ text, at }) => {
  expect(parseInstant(text)).toBe(at && Date.parse(at));
});

describe('an hour of a day in a time zone', () => {
  it.each([
    { day: '2026-11-20', hours: 9, timezone: 'Asia/Kolkata', at: '2026-11-20T03:30Z' },
    { day: '2026-03-29', hours: 1, timezone: 'Europe/Berlin', at: '2026-03-29T00:00Z' },
    // Skipped.
    { day: '2026-03-29', hours: 2, timezone: 'Europe/Berlin', at: '2026-03-29T01:00Z' },
    { day: '2026-03-08', hours: 2, timezone: 'America/New_York', at: '2026-03-08T07:00Z' },
    // The day begins at one o'clock.
    { day: '2026-09-06', hours: 0, timezone: 'America/Santiago', at: '2026-09-06T04:00Z' },
    { day: '2026-03-29', hours: 3, timezone: 'Europe/Berlin', at: '2026-03-29T01:00Z' },
    { day: '2026-03-08', hours: 3, timezone: 'America/New_York', at: '2026-03-08T07:00Z' },
    // Counted from the day before.
    { day: '2026-03-28', hours: 33, timezone: 'Europe/Berlin', at: '2026-03-29T07:00Z' },
    // On the day on which an hour comes twice.
    { day: '2026-10-25', hours: 1, timezone: 'Europe/Berlin', at: '2026-10-24T23:00Z' },
    { day: '2026-10-25', hours: 3, timezone: 'Europe/Berlin', at: '2026-10-25T02:00Z' },
    { day: '2026-11-01', hours: 2, timezone: 'America/New_York', at: '2026-11-01T07:00Z' },
    // That hour itself.
    { day: '2026-10-25', hours: 2, timezone: 'Europe/Berlin', at: '2026-10-25T00:00Z' },
    { day: '2026-11-01', hours: 1, timezone: 'America/New_York', at: '2026-11-01T05:00Z' },
    { day: '2021-10-29', hours: 0, timezone: 'Asia/Amman', at: '2021-10-28T21:00Z' },
  ])('$hours of $day in $timezone is $at', ({ day, hours, timezone, at }) => {
    expect(new Date(instantOf(day, hours, timezone))).toEqual(new Date(at));
  });
});

it.each([
  { at: '2026-11-20T07:00:00.000Z', what: 'begins' },
  { at: '2026-11-20T07:59:59.999Z', what: 'ends' },
])('an hour starts at its first millisecond, also where it $what', ({ at }) => {
  expect(startOfHour(Date.parse(at))).toBe(Date.UTC(2026, 10, 20, 7));
});
