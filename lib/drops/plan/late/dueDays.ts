import { addDays, instantOf, localDay, type UtcDay } from '../../../base/time.ts';
import { type Dataset, type Source, WEEKDAYS } from '../../../schema/sources.ts';
import { NAMED_DAYS } from '../../limits.ts';
import { lookbackDays } from '../../lookbackDays.ts';
import { weekday } from '../../usual/daysBefore.ts';

/** A day whose drop is expected. */
export interface DueDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** When its drop is due, epoch milliseconds. */
  readonly due: number;
}

/** Whether any dataset has `expectedBy`. Without one there is no check for late drops. */
export function expectsDrops(sources: readonly Pick<Source, 'datasets'>[]): boolean {
  return sources.some(({ datasets }) => datasets.some(({ expectedBy }) => expectedBy !== undefined));
}

/** Days before today of which `sluice status` speaks if they never came, or no run has looked at them. */
export function reportedDays({ lookbackDays: lookback }: Pick<Dataset, 'lookbackDays'>): number {
  return lookback + NAMED_DAYS;
}

/** The last day, UTC, on which `sluice status` speaks of a day that never came, or that no run has looked at. */
export function reportedUntil(dataset: Pick<Dataset, 'lookbackDays'>, day: UtcDay): UtcDay {
  return addDays(day, reportedDays(dataset));
}

/**
 * The first of the days before today, in the dataset's timezone.
 *
 * @param now Epoch milliseconds.
 * @param days How many days. Default those of the lookback.
 */
export function firstDay(
  { timezone, lookbackDays: lookback }: Pick<Dataset, 'timezone' | 'lookbackDays'>,
  now: number,
  days = lookback,
): UtcDay {
  return addDays(localDay(now, timezone), -days);
}

/**
 * Today and the days before it whose drop is due, oldest first; none without `expectedBy`.
 *
 * @param now Epoch milliseconds.
 * @param days How many days before today. Default those of the lookback.
 */
export function dueDays(
  dataset: Pick<Dataset, 'expectedBy' | 'timezone' | 'lookbackDays'>,
  now: number,
  days = dataset.lookbackDays,
): readonly DueDay[] {
  return lookbackDays(now, dataset.timezone, days).flatMap((day) => {
    const due = dueAt(dataset, day);
    return due !== null && due <= now ? [{ day, due }] : [];
  });
}

/** When a day's drop is due, epoch milliseconds; null if none is expected. */
function dueAt(
  { expectedBy, timezone }: Pick<Dataset, 'expectedBy' | 'timezone'>,
  day: UtcDay,
): number | null {
  if (expectedBy === undefined) return null;
  const { hour, daysAfter, weekdays } = expectedBy;
  if (!weekdays.some((name) => WEEKDAYS.indexOf(name) === weekday(day))) return null;
  return instantOf(day, daysAfter * 24 + hour, expectedBy.timezone ?? timezone);
}

/** The first day from some day on whose drop is expected; null without `expectedBy`. */
export function nextDue(dataset: Pick<Dataset, 'expectedBy' | 'timezone'>, from: UtcDay): DueDay | null {
  const week = Array.from({ length: WEEKDAYS.length }, (_, i) => addDays(from, i));
  const [next] = week.flatMap((day): DueDay[] => {
    const due = dueAt(dataset, day);
    return due === null ? [] : [{ day, due }];
  });
  return next ?? null;
}

/**
 * Whether a day is over, and its drop due if one is expected: nothing more of it is to come.
 *
 * @param now Epoch milliseconds.
 */
export function isOver(dataset: Pick<Dataset, 'expectedBy' | 'timezone'>, day: UtcDay, now: number): boolean {
  const due = dueAt(dataset, day);
  return day < localDay(now, dataset.timezone) && (due === null || due <= now);
}

/**
 * Hours from the beginning of a day until the rows of all its hours are there, if no drop is expected: an export of the
 * morning after has run.
 */
const HOURS_COME = 36;

/**
 * Whether the rows of all hours of a day are due: those of the last ones come with the drop that is expected, else
 * until noon of the next day.
 *
 * @param now Epoch milliseconds.
 */
export function areHoursDue(
  dataset: Pick<Dataset, 'expectedBy' | 'timezone'>,
  day: UtcDay,
  now: number,
): boolean {
  const due = dueAt(dataset, day) ?? instantOf(day, HOURS_COME, dataset.timezone);
  return isOver(dataset, day, now) && due <= now;
}
