import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS } from '../../src/base/clock.ts';
import { nextRun } from '../../src/scheduler/schedule.ts';

const at = (text: string) => Date.parse(`${text}Z`);
const next = (expression: string, after: string) => {
  const run = nextRun(expression, at(after));
  return run === undefined ? undefined : new Date(run).toISOString().slice(0, 16);
};

describe('nextRun', () => {
  it.each([
    { expression: 'cron(5 0 * * ? *)', after: '2026-11-20T00:04:59', expected: '2026-11-20T00:05' },
    { expression: 'cron(5 0 * * ? *)', after: '2026-11-20T00:05:00', expected: '2026-11-21T00:05' },
    {
      expression: 'cron(0/15 8-17 ? * MON-FRI *)',
      after: '2026-11-20T17:50:00',
      expected: '2026-11-23T08:00',
    },
    { expression: 'cron(0 0 1 JAN,JUL ? *)', after: '2026-11-20T00:00:00', expected: '2027-01-01T00:00' },
    { expression: 'cron(0 12 29 2 ? *)', after: '2026-11-20T00:00:00', expected: '2028-02-29T12:00' },
    { expression: 'cron(0 0 1 1 ? 2100)', after: '2026-11-20T00:00:00', expected: '2100-01-01T00:00' },
    { expression: 'cron(0 12 ? 2 SUN *)', after: '2026-11-20T00:00:00', expected: '2027-02-07T12:00' },
    { expression: 'cron(*/20 3,5 * * ? *)', after: '2026-11-20T03:40:00', expected: '2026-11-20T05:00' },
    { expression: 'cron(59 23 31 12 ? *)', after: '2026-11-20T00:00:00', expected: '2026-12-31T23:59' },
    { expression: 'rate(5 minutes)', after: '2026-11-20T00:00:00', expected: '2026-11-20T00:05' },
    { expression: 'rate(1 day)', after: '2026-12-31T10:00:00', expected: '2027-01-01T10:00' },
  ])('$expression after $after is $expected', ({ expression, after, expected }) => {
    expect(next(expression, after)).toBe(expected);
  });

  it.each(['cron(0 0 31 2 ? *)', 'cron(0 0 1 1 ? 2020)'])('%s never runs again', (expression) => {
    expect(next(expression, '2026-11-20T00:00:00')).toBeUndefined();
  });

  it.each([
    'cron(5 0 * * *)',
    'cron(60 0 * * ? *)',
    'cron(0 0 1 1 2 *)',
    'rate(0 minutes)',
    'daily',
    'cron(x 0 * * ? *)',
    'cron(1/2/3 0 * * ? *)',
    'cron(1-2-3 0 * * ? *)',
    'cron(0/1e1 0 * * ? *)',
    'cron(0/0 0 * * ? *)',
    'cron(9-5 0 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(? 0 * * ? *)',
    'cron(0 0 1,? * 2 *)',
    'cron(0 0 ? 13 2 *)',
    'cron(0 0 ? * 8 *)',
    'cron(0 0 ? * ? *)',
    'cron(0 0 0 * ? *)',
    'cron(0 0 1 1 ? 2200)',
  ])('rejects %s as AWS does', (expression) => {
    expect(() => nextRun(expression, 0)).toThrow(expect.objectContaining({ code: 'ValidationException' }));
  });

  it.each(['L', '15W', 'LW'])('refuses a day of the month that is not emulated: %s', (day) => {
    expect(() => nextRun(`cron(0 0 ${day} * ? *)`, 0)).toThrow(
      expect.objectContaining({ code: 'NotImplemented' }),
    );
  });

  it.each(['6L', 'FRIL', '6#2', 'FRI#2'])('refuses a day of the week that is not emulated: %s', (day) => {
    expect(() => nextRun(`cron(0 0 ? * ${day} *)`, 0)).toThrow(
      expect.objectContaining({ code: 'NotImplemented' }),
    );
  });

  it('is within a day after the instant, at the start of the minute that the expression states', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 4e12 }),
        (minute, hour, after) => {
          const run = nextRun(`cron(${minute} ${hour} * * ? *)`, after);
          expect(run).toBeGreaterThan(after);
          expect(run).toBeLessThanOrEqual(after + DAY_MS);
          const date = new Date(run ?? 0);
          expect(date.getUTCHours()).toEqual(hour);
          expect(date.getUTCMinutes()).toEqual(minute);
          expect(date.getUTCSeconds()).toBe(0);
        },
      ),
    );
  });
});
