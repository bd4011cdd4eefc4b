import { addDays, localDay, type UtcDay } from '../base/time.ts';

/**
 * The days of a run, oldest first: today in the dataset's timezone, and the days of the lookback before it.
 *
 * @param now Epoch milliseconds.
 * @param timezone A name of the IANA database.
 */
export function lookbackDays(now: number, timezone: string, days: number): readonly UtcDay[] {
  const today = localDay(now, timezone);
  return Array.from({ length: days + 1 }, (_, i) => addDays(today, i - days));
}
