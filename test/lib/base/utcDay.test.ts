import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, isoTimestamp, isUtcDay, utcDay } from '../../../lib/base/time.ts';

const instant = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(9999, 11, 31) });

describe('utcDay', () => {
  it.each([
    [Date.UTC(2026, 10, 20, 23, 59, 59, 999), '2026-11-20'],
    [Date.UTC(2026, 10, 21), '2026-11-21'],
    [Date.UTC(2028, 1, 29, 12), '2028-02-29'],
  ])('of %d returns %s', (epochMs, day) => expect(utcDay(epochMs)).toBe(day));

  it('returns days that exist', () => {
    fc.assert(fc.property(instant, (epochMs) => isUtcDay(utcDay(epochMs))));
  });

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-1-1',
    '20261120',
    '',
    '2026-11-20T00:00:00Z',
    '2027-02-29',
    '0000-12-31',
  ])('rejects %s as a day', (text) => expect(isUtcDay(text)).toBe(false));

  it('accepts the first day of the first year', () => {
    expect(isUtcDay('0001-01-01')).toBe(true);
  });

  it('adds and subtracts days across months and leap years', () => {
    expect(addDays('2028-02-28', 2)).toBe('2028-03-01');
    fc.assert(
      fc.property(instant, fc.integer({ min: -400, max: 400 }), (epochMs, days) => {
        const day = utcDay(Math.min(epochMs, Date.UTC(9990, 0)));
        expect(addDays(addDays(day, days), -days)).toBe(day);
      }),
    );
  });
});

describe('isoTimestamp', () => {
  it('is what toISOString returns, also of a part of a millisecond', () => {
    const part = fc.double({ min: 0, max: Date.UTC(9999, 11, 31), noNaN: true });
    fc.assert(
      fc.property(fc.oneof(instant, part), (epochMs) => {
        expect(isoTimestamp(epochMs)).toBe(new Date(epochMs).toISOString());
      }),
    );
  });
});
