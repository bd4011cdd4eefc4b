import { afterEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, instantOf, localDay, localTime } from '../../../lib/base/time.ts';

const { DateTimeFormat } = Intl;
afterEach(() => {
  Intl.DateTimeFormat = DateTimeFormat;
});

/** Counts the formatters that are made from now on: each has memory beside the heap until it is garbage-collected. */
function countFormats(): { made: number } {
  const count = { made: 0 };
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
    construct(target, given) {
      count.made += 1;
      return Reflect.construct(target, given);
    },
  });
  return count;
}

describe('the time in a time zone', () => {
  it('needs no new formatter for a zone that was asked before, also when zones alternate', () => {
    const zones = ['Europe/Lisbon', 'America/Bogota'];
    for (const zone of zones) localTime(0, zone);
    const count = countFormats();
    for (let now = 0; now < 400 * DAY_MS; now += DAY_MS) {
      for (const zone of zones) {
        localTime(now, zone);
        instantOf(localDay(now, zone), 9, zone);
      }
    }
    expect(count.made).toBe(0);
  });

  it.each([
    {
      zone: 'Europe/Berlin',
      at: '2026-03-29T00:59:59Z',
      times: ['2026-03-29 01:59:59', '2026-03-29 03:00:00'],
    },
    {
      zone: 'Europe/Berlin',
      at: '2026-10-25T00:59:59Z',
      times: ['2026-10-25 02:59:59', '2026-10-25 02:00:00'],
    },
    {
      zone: 'Asia/Kolkata',
      at: '2026-03-29T00:59:59Z',
      times: ['2026-03-29 06:29:59', '2026-03-29 06:30:00'],
    },
    { zone: 'UTC', at: '2026-03-29T00:59:59Z', times: ['2026-03-29 00:59:59', '2026-03-29 01:00:00'] },
  ])('at $at and a second later is $times in $zone', ({ zone, at, times }) => {
    const instant = Date.parse(at);
    expect([localTime(instant, zone), localTime(instant + 1_000, zone)]).toEqual(times);
  });

  it('throws a RangeError for a name that is no time zone', () => {
    expect(() => localTime(0, 'Europe/Nowhere')).toThrow(RangeError);
  });
});
