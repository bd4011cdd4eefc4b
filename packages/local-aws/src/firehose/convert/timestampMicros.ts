import { readDecimal, toScale } from './exactDecimal.ts';

/** AWS reads the form with a space leniently, down to single digits, and the form with `T` strictly (probed). */
const LENIENT = /^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$/;
const STRICT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?$/;
const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
/** Numbers from here on are milliseconds, smaller ones seconds (probed). */
const MILLISECONDS_FROM = 10n ** 12n;

/**
 * Reads a timestamp's text, or a number's digits, as UTC.
 *
 * A number beyond what 64 bits of nanoseconds hold wraps around, as AWS's does: 999999999999 s is in 2092.
 *
 * @returns microseconds since 1970; undefined if it is no timestamp.
 */
export function timestampMicros(text: string): bigint | undefined {
  const match = STRICT.exec(text) ?? LENIENT.exec(text);
  if (match !== null) {
    const [, year, month, day, hour, minute, second, fraction = ''] = match;
    const dayMs = dayStart(Number(year), Number(month), Number(day));
    const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
    if (dayMs === undefined || hours > 23 || minutes > 59 || seconds > 59) return undefined;
    const micros = BigInt(fraction.slice(0, 6).padEnd(6, '0'));
    return BigInt(dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000) * 1000n + micros;
  }
  const epoch = readDecimal(text.trim());
  if (epoch === undefined) return undefined;
  const whole = toScale(epoch, 0);
  const inMilliseconds = (whole < 0n ? -whole : whole) >= MILLISECONDS_FROM;
  const nanos = BigInt.asIntN(64, toScale(epoch, inMilliseconds ? 6 : 9));
  return nanos / 1000n;
}

/** Reads a date's text, `2026-9-7` included, as `YYYY-MM-DD`; undefined if there is no such day. */
export function dateText(text: string): string | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const dayMs = dayStart(Number(match[1]), Number(match[2]), Number(match[3]));
  return dayMs === undefined ? undefined : new Date(dayMs).toISOString().slice(0, 10);
}

/** Epoch ms of a day's start; undefined if the calendar doesn't have it. */
function dayStart(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? date.getTime()
    : undefined;
}
