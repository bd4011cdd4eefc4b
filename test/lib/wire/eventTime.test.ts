import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { clockCorrection, clockSkew, readTime } from '../../../lib/wire/eventTime.ts';
import { MAX_TIME_MS, MIN_TIME_MS } from '../../../lib/wire/limits.ts';

const noon = Date.UTC(2026, 10, 20, 12);

describe('readTime', () => {
  it('accepts milliseconds as a number or as text, whole or fractional', () => {
    expect(readTime(noon)).toBe(noon);
    expect(readTime(String(noon))).toBe(noon);
    expect(readTime(noon + 0.9)).toBe(noon);
    expect(readTime(`${noon}.25`)).toBe(noon);
    expect(readTime(0)).toBe(0);
    expect(readTime(-1)).toBe(-1);
  });

  it.each([
    { text: '2026-11-20T12:00:00Z', expected: noon },
    { text: '2026-11-20T12:00:00.5Z', expected: noon + 500 },
    { text: '2026-11-20T12:00:00.123456789Z', expected: noon + 123 },
    { text: '2026-11-20T12:00:00.0012345678901Z', expected: noon + 1 },
    { text: '2026-11-20 12:00:00', expected: noon },
    { text: '2026-11-20T12:00', expected: noon },
    { text: '2026-11-20', expected: noon - 12 * HOUR_MS },
    { text: '2026-11-20T14:00:00+02:00', expected: noon },
    { text: '2026-11-20T14:00:00+02', expected: noon },
    { text: '2026-11-20T06:30:00-0530', expected: noon },
    { text: '2026-11-20t12:00:00z', expected: noon },
  ])('accepts $text', ({ text, expected }) => {
    expect(readTime(text)).toBe(expected);
  });

  it.each([
    null,
    undefined,
    '',
    'yesterday',
    '2026-02-30T00:00:00Z',
    '2026-13-01',
    '2026-11-20T25:00:00Z',
    '20/11/2026',
    'NaN',
    'Infinity',
    // An event's time has no exponent. A sender's clock may have one: see clockSkew.
    '1e12',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    MAX_TIME_MS + 1,
    MIN_TIME_MS - 1,
    '99999999999999999999',
    true,
    [],
    {},
  ])('rejects %p', (value) => {
    expect(readTime(value)).toBeNull();
  });

  it('restores every instant of the years 1 to 9999 from its ISO text', () => {
    fc.assert(
      fc.property(fc.integer({ min: MIN_TIME_MS, max: MAX_TIME_MS }), (time) => {
        expect(readTime(new Date(time).toISOString())).toBe(time);
        expect(readTime(time)).toBe(time);
      }),
    );
    expect(readTime(MAX_TIME_MS)).toBe(MAX_TIME_MS);
    expect(readTime(MIN_TIME_MS)).toBe(MIN_TIME_MS);
  });
});

describe('clockSkew', () => {
  it('uses the first value that is a time', () => {
    expect(clockSkew([null, 'soon', noon - 10, noon], noon)).toBe(10);
    expect(clockSkew([String(noon + 10)], noon)).toBe(-10);
    expect(clockSkew([null, undefined, 'soon', [noon], {}], noon)).toBeNull();
  });

  it.each([
    { written: '1795195437624,87', sentAt: 1_795_195_437_624 },
    { written: '1795195437624.87', sentAt: 1_795_195_437_624 },
    { written: '1.795195437624E+12', sentAt: 1_795_195_437_624 },
    { written: '1,795195437624E+12', sentAt: 1_795_195_437_624 },
    { written: '1.795195437624e12', sentAt: 1_795_195_437_624 },
    // To 100 seconds.
    { written: '1.7951954E+12', sentAt: 1_795_195_400_000 },
    // A gateway joins two headers of one name.
    { written: '1795195437624,1795195437628', sentAt: 1_795_195_437_624 },
  ])('reads a number as a device writes it in its language: $written', ({ written, sentAt }) => {
    expect(clockSkew([written], noon)).toBe(noon - sentAt);
  });

  const expectIgnored = (written: string) => {
    expect(clockSkew([written], noon)).toBeNull();
    expect(clockSkew([written, noon - 10], noon)).toBe(10);
  };

  it.each(['1.79E+12', '1,8E+12', '2E+12', '1.7952E+12', '1.795195E+12'])(
    'ignores a number that is less precise than the tolerance: %s',
    expectIgnored,
  );

  it.each(['1e400', '1E', 'E+12', '1,2,3', '1.5e-3', `1e${'9'.repeat(80)}`])(
    'ignores a malformed number, and one of no year: %s',
    expectIgnored,
  );
});

describe('clockCorrection', () => {
  it('keeps times when the clock is unknown or off by at most five minutes', () => {
    for (const skew of [0, 1, -1, 5 * MINUTE_MS, -5 * MINUTE_MS, null]) {
      for (const time of [noon, noon - 400 * DAY_MS, noon + DAY_MS]) {
        expect(clockCorrection(time, skew, noon)).toBe(0);
      }
    }
  });

  it('corrects times by a clock that is further off, in either direction and even by decades', () => {
    for (const skew of [5 * MINUTE_MS + 1, -5 * MINUTE_MS - 1, DAY_MS, -DAY_MS, -400 * DAY_MS, noon]) {
      for (const age of [-5 * MINUTE_MS, 0, 3 * DAY_MS, 30 * DAY_MS]) {
        expect(clockCorrection(noon - skew - age, skew, noon)).toBe(skew);
      }
    }
  });

  it.each([
    { what: 'in seconds', sentAt: Math.floor(noon / 1000) },
    { what: '0', sentAt: 0 },
    { what: 'long ago', sentAt: noon - 400 * DAY_MS },
    { what: 'years ahead', sentAt: noon + 400 * DAY_MS },
  ])('ignores a clock that is $what beside a current event', ({ sentAt }) => {
    const skew = clockSkew([sentAt], noon);
    for (const time of [noon, noon - MINUTE_MS, noon - 3 * DAY_MS]) {
      expect(clockCorrection(time, skew, noon)).toBeNull();
    }
  });

  it.each([
    { what: 'five minutes after its arrival', age: -5 * MINUTE_MS - 1 },
    { what: '30 days before its arrival', age: 30 * DAY_MS + 1 },
  ])('does not move a time to more than $what', ({ age }) => {
    expect(clockCorrection(noon - DAY_MS - age, DAY_MS, noon)).toBeNull();
  });

  it('never moves a time more than five minutes after its arrival or more than 30 days before it', () => {
    const anyTime = fc.integer({ min: MIN_TIME_MS, max: MAX_TIME_MS });
    const near = fc.integer({ min: -40 * DAY_MS, max: 40 * DAY_MS });
    const times = fc.oneof(
      fc.tuple(anyTime, anyTime),
      fc.tuple(anyTime, near).map(([sentAt, age]): [number, number] => [sentAt - age, sentAt]),
    );
    fc.assert(
      fc.property(times, ([time, sentAt]) => {
        const correction = clockCorrection(time, noon - sentAt, noon);
        if (correction === null || correction === 0) return;
        expect(time + correction).toBeLessThanOrEqual(noon + 5 * MINUTE_MS);
        expect(time + correction).toBeGreaterThanOrEqual(noon - 30 * DAY_MS);
      }),
      { numRuns: 1_000 },
    );
  });
});
