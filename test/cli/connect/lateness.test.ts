import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Lateness,
  lookbackNotes,
  readLateness,
  recommendLookback,
} from '../../../cli/connect/lateness.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const config = defineConfig({ bucket: 'acme-experiments' });
const { pastDays } = config.timeWindow;

const late = (daysLate: number, rows: number, settled = true): Lateness => ({
  ...{ daysLate, settled, rows },
  withinAMinute: daysLate === 0 ? rows : 0,
  withinAnHour: daysLate === 0 ? rows : 0,
  underAnotherDay: 0,
});

describe('the recommended lookback', () => {
  it.each([
    [[late(0, 5_000)], 1],
    [[late(0, 9_990), late(3, 10)], 1],
    [[late(0, 9_989), late(3, 11)], 4],
    [[late(0, 9_000), late(1, 995), late(6, 5)], 2],
    [[late(0, 1_000), late(pastDays, 1_000)], pastDays + 1],
  ])('of %j is %i days', (seen, days) => {
    expect(recommendLookback(seen, config)).toMatchObject({ days, basis: 'settled' });
  });

  it('is the longest possible without rows', () => {
    expect(recommendLookback([], config)).toMatchObject({ days: pastDays + 1, basis: 'bound', rows: 0 });
    const { timeWindow } = defineConfig({ bucket: 'acme-experiments', timeWindow: { pastDays: 2 } });
    expect(recommendLookback([], { database: 'sluice', timeWindow })).toMatchObject({ days: 3 });
  });

  it('ignores days that can still get rows, unless there are too few other rows', () => {
    const recent = late(0, 100_000, false);
    expect(recommendLookback([late(4, 1_000), recent], config)).toMatchObject({ days: 5, basis: 'settled' });
    expect(recommendLookback([late(4, 999), recent], config)).toMatchObject({ days: 5, basis: 'recent' });
    expect(recommendLookback([late(4, 10), recent], config)).toMatchObject({ days: 1, basis: 'recent' });
  });

  it('covers 99.9 % of the rows, and one day less does not', () => {
    const seen = fc.array(fc.integer({ min: 0, max: 1_000_000 }), {
      minLength: pastDays + 1,
      maxLength: pastDays + 1,
    });
    fc.assert(
      fc.property(seen, (counts) => {
        const { days, rows } = recommendLookback(
          counts.map((count, daysLate) => late(daysLate, count)),
          config,
        );
        const reached = (reach: number) =>
          counts.slice(0, reach).reduce((total, count) => total + count, 0) >= rows * 0.999;
        expect(rows === 0 || reached(days)).toBe(true);
        expect(rows > 0 && days > 1 && reached(days - 1)).toBe(false);
      }),
    );
  });

  it('explains its figure in notes', () => {
    const notes = lookbackNotes(
      recommendLookback([late(0, 9_000), late(1, 995), { ...late(6, 5), underAnotherDay: 4 }], config),
    );
    expect(notes[0]).toContain(
      'Lookback: 2 days, counted back from the day of the load. Of 10,000 rows, these shares were received: 90 % on their own day, 99.95 % at most 1 day later.',
    );
    expect(notes[0]).toContain('No row needs more than 8 days');
    expect(notes[1]).toContain('90 % were received within a minute');
    expect(notes[2]).toContain('4 rows were older than 7 days when they arrived');
    expect(lookbackNotes(recommendLookback([late(0, 10, false)], config)).join()).toContain(
      'Fewer than 1,000 rows belong to days older than 7 days',
    );
    expect(lookbackNotes(recommendLookback([], config)).join()).toContain('the most that any row needs');
  });

  it("is read from Athena's text values", () => {
    const row = {
      ...{ days_late: '2', settled: 'true', row_count: '7', within_a_minute: '1' },
      ...{ within_an_hour: '3', under_another_day: '0' },
    };
    expect(readLateness([row])).toEqual([
      { daysLate: 2, settled: true, rows: 7, withinAMinute: 1, withinAnHour: 3, underAnotherDay: 0 },
    ]);
  });
});
