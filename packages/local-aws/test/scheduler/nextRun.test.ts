import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextRun } from '../../src/scheduler/schedule.ts';

const at = (text: string) => Date.parse(`${text}Z`);
const next = (expression: string, after: string) => {
  const run = nextRun(expression, at(after));
  return run === undefined ? undefined : new Date(run).toISOString().slice(0, 16);
};

describe('nextRun', () => {
  it.each([
    ['cron(5 0 * * ? *)', '2026-11-20T00:04:59', '2026-11-20T00:05'],
    ['cron(5 0 * * ? *)', '2026-11-20T00:05:00', '2026-11-21T00:05'],
    ['cron(0/15 8-17 ? * MON-FRI *)', '2026-11-20T17:50:00', '2026-11-23T08:00'],
    ['cron(0 0 1 JAN,JUL ? *)', '2026-11-20T00:00:00', '2027-01-01T00:00'],
    ['cron(0 12 29 2 ? *)', '2026-11-20T00:00:00', '2028-02-29T12:00'],
    ['rate(5 minutes)', '2026-11-20T00:00:00', '2026-11-20T00:05'],
    ['rate(1 day)', '2026-12-31T10:00:00', '2027-01-01T10:00'],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it('returns nothing for a schedule that never runs again', () => {
    expect(next('cron(0 0 31 2 ? *)', '2026-11-20T00:00:00')).toBeUndefined();
    expect(next('cron(0 0 1 1 ? 2020)', '2026-11-20T00:00:00')).toBeUndefined();
  });

  it.each([
    'cron(5 0 * * *)',
    'cron(60 0 * * ? *)',
    'cron(0 0 1 1 2 *)',
    'rate(0 minutes)',
    'daily',
    'cron(x 0 * * ? *)',
  ])('rejects %s as AWS does', (expression) => {
    expect(() => nextRun(expression, 0)).toThrow(expect.objectContaining({ code: 'ValidationException' }));
  });

  it('rejects by name what AWS supports and the emulator does not', () => {
    expect(() => nextRun('cron(0 0 L * ? *)', 0)).toThrow(
      expect.objectContaining({ code: 'NotImplemented' }),
    );
  });

  it('is always later, at the start of a minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 4e12 }),
        (minute, hour, after) => {
          const run = nextRun(`cron(${minute} ${hour} * * ? *)`, after);
          expect(run).toBeGreaterThan(after);
          expect(run).toBeLessThanOrEqual(after + 86_400_000);
          const date = new Date(run ?? 0);
          expect(date.getUTCHours()).toEqual(hour);
          expect(date.getUTCMinutes()).toEqual(minute);
          expect(date.getUTCSeconds()).toBe(0);
        },
      ),
    );
  });
});
