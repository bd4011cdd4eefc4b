import { DAY_MS, utcDay } from './utcDay.ts';

let cachedDay = Number.NaN;
let cachedPrefix = '';

/**
 * An instant (epoch ms, whole, in the years 1 to 9999) as `2026-11-20T07:32:00.123Z`. The same as
 * Date's toISOString, several times faster while the day stays the same, as it does within a batch.
 */
export function isoTimestamp(epochMs: number): string {
  const day = Math.floor(epochMs / DAY_MS);
  if (day !== cachedDay) {
    cachedPrefix = `${utcDay(epochMs)}T`;
    cachedDay = day;
  }
  const time = epochMs - day * DAY_MS;
  const seconds = Math.floor(time / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${cachedPrefix}${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.${String(time % 1000).padStart(3, '0')}Z`;
}

const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
