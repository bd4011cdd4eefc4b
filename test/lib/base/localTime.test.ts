import { afterEach, describe, expect, it } from '@jest/globals';
import { localTime } from '../../../lib/base/time.ts';
import { lookbackDays } from '../../../lib/drops/plan/decideDay.ts';
import { dueDays } from '../../../lib/drops/plan/late/dueDays.ts';

const { DateTimeFormat } = Intl;
afterEach(() => {
  Intl.DateTimeFormat = DateTimeFormat;
});

/** Counts the formatters that are made: each has memory beside the heap, until the collector runs. */
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
  it('is written by one formatter of each zone, however many days are looked at', () => {
    const count = countFormats();
    for (const timezone of ['Europe/Lisbon', 'America/Bogota', 'Europe/Lisbon']) {
      for (let now = 0; now < 400 * 86_400_000; now += 86_400_000) {
        lookbackDays(now, timezone, 30);
        dueDays({ timezone, lookbackDays: 3, expectedBy: { hour: 9, daysAfter: 1, weekdays: ['mon'] } }, now);
      }
    }
    expect(count.made).toBe(2);
  });

  it('is that of its zone on both sides of a clock change, also if another zone was asked before', () => {
    const before = Date.parse('2026-03-29T00:59:59Z');
    for (const { zone, times } of [
      { zone: 'Europe/Berlin', times: ['2026-03-29 01:59:59', '2026-03-29 03:00:00'] },
      { zone: 'Asia/Kolkata', times: ['2026-03-29 06:29:59', '2026-03-29 06:30:00'] },
      { zone: 'UTC', times: ['2026-03-29 00:59:59', '2026-03-29 01:00:00'] },
    ])
      expect([localTime(before, zone), localTime(before + 1_000, zone)]).toEqual(times);
  });

  it('is refused of a zone that is none', () => {
    expect(() => localTime(0, 'Europe/Nowhere')).toThrow(RangeError);
  });
});
