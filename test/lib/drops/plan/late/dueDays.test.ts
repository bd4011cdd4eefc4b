import { describe, expect, it } from '@jest/globals';
import {
  dueDays,
  expectsDrops,
  firstDay,
  isOver,
  reportedUntil,
} from '../../../../../lib/drops/plan/late/dueDays.ts';
import { type DatasetInput, definedDataset } from '../../../../harness/configInput.ts';

/** Days of a dataset whose drop is due at a moment, and since when. */
function due(input: Partial<DatasetInput>, now: string) {
  const days = dueDays(definedDataset(input).dataset, Date.parse(now));
  return days.map(({ day, due: since }) => ({ day, since: new Date(since).toISOString() }));
}

describe('days whose drop is due', () => {
  it('are none without an expected hour', () => {
    expect(due({}, '2026-11-20T12:00:00Z')).toEqual([]);
  });

  it('are the days whose expected hour has passed, on the next day by default', () => {
    expect(due({ expectedBy: { hour: 9 } }, '2026-11-20T08:59:59Z')).toEqual([
      { day: '2026-11-17', since: '2026-11-18T09:00:00.000Z' },
      { day: '2026-11-18', since: '2026-11-19T09:00:00.000Z' },
    ]);
    expect(due({ expectedBy: { hour: 9 } }, '2026-11-20T09:00:00Z').at(-1)).toEqual({
      day: '2026-11-19',
      since: '2026-11-20T09:00:00.000Z',
    });
  });

  it('are due so many days later as the dataset says', () => {
    expect(due({ expectedBy: { hour: 23, daysAfter: 0 }, lookbackDays: 1 }, '2026-11-20T23:00:00Z')).toEqual([
      { day: '2026-11-19', since: '2026-11-19T23:00:00.000Z' },
      { day: '2026-11-20', since: '2026-11-20T23:00:00.000Z' },
    ]);
    expect(due({ expectedBy: { hour: 0, daysAfter: 3 } }, '2026-11-20T00:00:00Z')).toEqual([
      { day: '2026-11-17', since: '2026-11-20T00:00:00.000Z' },
    ]);
  });

  it('are limited to the configured weekdays', () => {
    // 2026-11-20 is a Friday.
    const expectedBy: DatasetInput['expectedBy'] = { hour: 6, weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'] };
    const days = due({ expectedBy, lookbackDays: 7 }, '2026-11-24T07:00:00Z');
    expect(days.map(({ day }) => day)).toEqual([
      '2026-11-17',
      '2026-11-18',
      '2026-11-19',
      '2026-11-20',
      '2026-11-23',
    ]);
  });

  it('follow the time of their own zone, on both sides of a clock change', () => {
    const berlin = { expectedBy: { hour: 9 }, timezone: 'Europe/Berlin', lookbackDays: 2 };
    // Clocks go back on 2026-10-25 at 3:00, and on 2026-03-29 they go forward at 2:00.
    expect(due(berlin, '2026-10-26T12:00:00Z')).toEqual([
      { day: '2026-10-24', since: '2026-10-25T08:00:00.000Z' },
      { day: '2026-10-25', since: '2026-10-26T08:00:00.000Z' },
    ]);
    expect(due(berlin, '2026-03-29T12:00:00Z')).toEqual([
      { day: '2026-03-27', since: '2026-03-28T08:00:00.000Z' },
      { day: '2026-03-28', since: '2026-03-29T07:00:00.000Z' },
    ]);
  });

  it('are due an hour later if the clock skips their hour', () => {
    const skipped = { expectedBy: { hour: 2, timezone: 'Europe/Berlin' }, lookbackDays: 1 };
    expect(due(skipped, '2026-03-29T12:00:00Z')).toEqual([
      { day: '2026-03-28', since: '2026-03-29T01:00:00.000Z' },
    ]);
  });
});

it('drops are expected if any dataset of any source says by when', () => {
  const { source, dataset } = definedDataset({});
  const expected = definedDataset({ expectedBy: { hour: 9 } }).dataset;
  const sourceOf = (...datasets: readonly (typeof dataset)[]) => ({ ...source, datasets: [...datasets] });
  expect(expectsDrops([sourceOf(dataset), sourceOf(dataset, expected)])).toBe(true);
  expect(expectsDrops([sourceOf(dataset), sourceOf(dataset)])).toBe(false);
});

describe('the days of a dataset', () => {
  const { dataset } = definedDataset({ timezone: 'Pacific/Auckland', lookbackDays: 2 });
  // 2026-11-21 in Auckland.
  const now = Date.parse('2026-11-20T12:00:00Z');

  it('begin with the first of the lookback before its own today, or with that of more days', () => {
    expect(firstDay(dataset, now)).toBe('2026-11-19');
    expect(firstDay(dataset, now, 30)).toBe('2026-10-22');
  });

  it('are spoken of until thirty days after the lookback', () => {
    expect(reportedUntil(dataset, '2026-11-20')).toBe('2026-12-22');
  });
});

describe('a day', () => {
  const over = (input: Partial<DatasetInput>, day: string, now: string) =>
    isOver(definedDataset(input).dataset, day, Date.parse(now));
  const auckland = { timezone: 'Pacific/Auckland' } as const;
  const friday = { expectedBy: { hour: 9, weekdays: ['fri'] } } satisfies Partial<DatasetInput>;

  it.each([
    { what: 'at its last second', input: {}, now: '2026-11-20T23:59:59Z', isDone: false },
    { what: 'once it has ended', input: {}, now: '2026-11-21T00:00:00Z', isDone: true },
    { what: 'once it has ended in its timezone', input: auckland, now: '2026-11-20T11:00:00Z', isDone: true },
    { what: 'until its drop is due', input: friday, now: '2026-11-21T08:59:59Z', isDone: false },
    { what: 'once its drop is due', input: friday, now: '2026-11-21T09:00:00Z', isDone: true },
  ])('of a Friday is over $what: $isDone', ({ input, now, isDone }) => {
    expect(over(input, '2026-11-20', now)).toBe(isDone);
  });

  it('on whose weekday no drop is expected is over at its end', () => {
    expect(over(friday, '2026-11-19', '2026-11-20T00:00:00Z')).toBe(true);
  });
});
