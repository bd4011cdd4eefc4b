import { flatten } from '../json/flatten.ts';
import { isoDay } from './isoDay.ts';
import { DAY_MS } from './utcDay.ts';

let cachedMinute = Number.NaN;
let cachedText = '';

/**
 * An instant (epoch ms, whole, in the years 1 to 9999) as `2026-11-20T07:32:00.123Z`. The same as
 * Date's toISOString, several times faster: every row has three, mostly of the same minute.
 */
export function isoTimestamp(epochMs: number): string {
  const minute = Math.floor(epochMs / MINUTE_MS);
  if (minute !== cachedMinute) {
    const minutes = minute - Math.floor(epochMs / DAY_MS) * MINUTES_OF_DAY;
    const clock = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:`;
    cachedText = flatten(`${isoDay(epochMs)}T${clock}`);
    cachedMinute = minute;
  }
  const ms = epochMs - minute * MINUTE_MS;
  const seconds = Math.floor(ms / 1000);
  // The short pieces first: V8 copies them together, where it would keep three pieces as two nested pairs.
  const rest = (SECONDS[seconds] ?? '') + (MILLISECONDS[ms - seconds * 1000] ?? '');
  return cachedText + rest;
}

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1_440;

const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
const SECONDS: readonly string[] = TWO_DIGITS.map((digits) => `${digits}.`);
const MILLISECONDS: readonly string[] = Array.from(
  { length: 1000 },
  (_, i) => `${String(i).padStart(3, '0')}Z`,
);
