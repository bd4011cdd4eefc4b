import { addDays, type UtcDay } from '../../time/utcDay.ts';

/**
 * The days that a run looks at, oldest first: today, as it is called in the dataset's timezone, and as many before it.
 *
 * @param now Epoch milliseconds.
 * @param timezone A name of the IANA database.
 */
export function lookbackDays(now: number, timezone: string, days: number): readonly UtcDay[] {
  const today = dayIn(now, timezone);
  return Array.from({ length: days + 1 }, (_, i) => addDays(today, i - days));
}

/** The days from one to another, both included; none where the first is the later. */
export function daysBetween(from: UtcDay, to: UtcDay): readonly UtcDay[] {
  const days: UtcDay[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** What day an instant is in a timezone. */
function dayIn(now: number, timezone: string): UtcDay {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}
