import { addDays, type UtcDay, utcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';

/**
 * The first day that is too young to be curated: the days before it have been over for `curateAfter` days.
 *
 * @param now Epoch milliseconds.
 */
export function firstYoungDay({ curateAfter }: Pick<Config, 'curateAfter'>, now: number): UtcDay {
  return addDays(utcDay(now), -curateAfter);
}

/**
 * The days up to today, oldest first, from the day before the first that events may still arrive for. The time window
 * may also have days after today, which are not curated yet.
 *
 * @param now Epoch milliseconds.
 */
export function windowDays(
  { timeWindow }: { readonly timeWindow: Pick<Config['timeWindow'], 'pastDays'> },
  now: number,
): readonly UtcDay[] {
  const today = utcDay(now);
  // Files are written some minutes after the last event.
  const daysBefore = timeWindow.pastDays + 1;
  return Array.from({ length: daysBefore + 1 }, (_, i) => addDays(today, i - daysBefore));
}
