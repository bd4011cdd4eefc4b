import { flatten } from '../json/flatten.ts';
import { isoDay } from './isoDay.ts';
import { DAY_MS } from './utcDay.ts';

let cachedMs = Number.NaN;
let cachedText = '';

/**
 * An instant (epoch ms, whole, in the years 1 to 9999) as `2026-11-20T07:32:00.123Z`. The same as
 * Date's toISOString, several times faster: every row has three.
 */
export function isoTimestamp(epochMs: number): string {
  if (epochMs === cachedMs) return cachedText;
  const time = epochMs - Math.floor(epochMs / DAY_MS) * DAY_MS;
  const seconds = Math.floor(time / 1000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`;
  cachedMs = epochMs;
  cachedText = flatten(`${isoDay(epochMs)}T${clock}.${THREE_DIGITS[time % 1000]}Z`);
  return cachedText;
}

const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
const THREE_DIGITS: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));
