import { HOUR_MS } from '../../../lib/base/time.ts';
import type { UsualHour } from '../../../observe/facts/flow/changes.ts';

/** Seconds of an hour. */
const HOUR_SECONDS = HOUR_MS / 1_000;
/** Hours of a day. */
const DAY_HOURS = 24;

/** A period of a chart or a table: a part of an hour, or whole hours. */
interface Span {
  /** Its start. */
  readonly epochSeconds: number;
  /** Its length. */
  readonly seconds: number;
}

/**
 * The requests that are usual within a period, as a whole number.
 *
 * @param hours The 24 hours of a day, from midnight UTC on; empty while they are not known.
 * @returns Null while the hours are not known.
 */
export function usualRequests(
  hours: readonly UsualHour[],
  statistic: keyof UsualHour,
  { epochSeconds, seconds }: Span,
): number | null {
  if (hours.length === 0) return null;
  const firstHour = Math.floor(epochSeconds / HOUR_SECONDS);
  let sum = 0;
  for (let i = 0; i < seconds / HOUR_SECONDS; i += 1)
    sum += hours[(firstHour + i) % DAY_HOURS]?.[statistic] ?? 0;
  return Math.round(sum * Math.min(1, seconds / HOUR_SECONDS));
}
