import { addDays, instantOf, type UtcDay } from '../../../base/time.ts';
import { type Dataset, type Source, WEEKDAYS } from '../../../schema/sources.ts';
import { NAMED_DAYS } from '../../limits.ts';
import { lookbackDays } from '../decideDay.ts';
import type { LateDay } from './lateNotes.ts';

/** Whether any dataset has `expectedBy`. Without one there is no check for late drops. */
export function expectsDrops(sources: readonly Pick<Source, 'datasets'>[]): boolean {
  return sources.some(({ datasets }) => datasets.some(({ expectedBy }) => expectedBy !== undefined));
}

/** A dataset whose lookback has all days that are named. */
export function withNamed(dataset: Dataset): Dataset {
  return { ...dataset, lookbackDays: dataset.lookbackDays + NAMED_DAYS };
}

/** The first day of the lookback. @param now Epoch milliseconds. */
export function firstDay({ timezone, lookbackDays: lookback }: Dataset, now: number): UtcDay {
  const [first = ''] = lookbackDays(now, timezone, lookback);
  return first;
}

/**
 * The days of the lookback whose drop is due, oldest first; none without `expectedBy`.
 *
 * @param now Epoch milliseconds.
 */
export function dueDays(
  { expectedBy, timezone, lookbackDays: lookback }: Pick<Dataset, 'expectedBy' | 'timezone' | 'lookbackDays'>,
  now: number,
): readonly LateDay[] {
  return lookbackDays(now, timezone, lookback).flatMap((day) => {
    const due = dueAt({ expectedBy, timezone }, day);
    return due !== null && due <= now ? [{ day, due }] : [];
  });
}

/** The last day on which a day that never came, or that no run has looked at, is named. */
export function lastNamed({ lookbackDays: lookback }: Pick<Dataset, 'lookbackDays'>, day: UtcDay): UtcDay {
  return addDays(day, lookback + NAMED_DAYS);
}

/** When a day's drop is due, epoch milliseconds; null if none is expected. */
function dueAt({ expectedBy, timezone }: Pick<Dataset, 'expectedBy' | 'timezone'>, day: UtcDay) {
  if (expectedBy === undefined) return null;
  const { hour, daysAfter, weekdays } = expectedBy;
  if (!weekdays.includes(WEEKDAYS[new Date(day).getUTCDay()] ?? 'sun')) return null;
  return instantOf(day, daysAfter * 24 + hour, expectedBy.timezone ?? timezone);
}

/** Whether a day is over, and its drop due, so that nothing more of it is expected. @param now Epoch milliseconds. */
export function isOver(dataset: Pick<Dataset, 'expectedBy' | 'timezone'>, day: UtcDay, now: number): boolean {
  const [today = day] = lookbackDays(now, dataset.timezone, 0);
  return day < today && (dueAt(dataset, day) ?? now) <= now;
}
