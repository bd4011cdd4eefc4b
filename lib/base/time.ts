import { flattenRope } from './strings.ts';

/** Where the time comes from. Injected everywhere; the code never reads the machine's clock by itself. */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Calls `ring` after that many milliseconds, unless the returned function is called before. */
export type SetAlarm = (ms: number, ring: () => void) => () => void;

/** The machine's alarms. */
export const systemAlarm: SetAlarm = (ms, ring) => {
  const timer = setTimeout(ring, ms);
  return () => clearTimeout(timer);
};

/** Milliseconds of a minute. */
export const MINUTE_MS = 60_000;
/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;
/** Milliseconds of a UTC day. */
export const DAY_MS = 86_400_000;

/** The start of the UTC hour that an instant lies in. Both are epoch milliseconds. */
export function startOfHour(epochMs: number): number {
  return Math.floor(epochMs / HOUR_MS) * HOUR_MS;
}

/** A UTC calendar day as `YYYY-MM-DD`. */
export type UtcDay = string;

/** The form of a day. */
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The UTC day of an instant (epoch ms) between the years 0001 and 9999. */
export function utcDay(epochMs: number): UtcDay {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/**
 * Whether a text is a calendar day that exists, as `YYYY-MM-DD`. False for dates that do not exist, such as
 * `2026-02-30`, and for the year 0000, which `Date` accepts and Athena's dates do not have.
 */
export function isUtcDay(text: string): boolean {
  if (!DAY.test(text) || text.startsWith('0000')) return false;
  const epochMs = Date.parse(`${text}T00:00:00.000Z`);
  // A day that the month does not have is one of the next month.
  return Number.isFinite(epochMs) && new Date(epochMs).getUTCDate() === Number(text.slice(8));
}

/** The form of an hour, behind the day. */
const HOUR_OF_DAY = /^T(?:[01]\d|2[0-3])$/;

/** Whether a text is an hour of a UTC day that exists, as `2026-11-25T07`. */
export function isUtcHour(text: string): boolean {
  const dayLength = 'YYYY-MM-DD'.length;
  return HOUR_OF_DAY.test(text.slice(dayLength)) && isUtcDay(text.slice(0, dayLength));
}

/** A time with its zone in ISO 8601; the first group is its day. Whether hours and minutes exist is for Date to say. */
const INSTANT = /^(\d{4}-\d{2}-\d{2})T.*(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Epoch milliseconds of a time with its zone, as `2026-11-20T07:30:00Z` or `2026-11-20T09:30+02:00`. Null for any other
 * text and for a day that does not exist: of 30 February, `Date.parse` makes 2 March.
 */
export function parseInstant(text: string): number | null {
  const day = INSTANT.exec(text)?.[1];
  if (day === undefined || !isUtcDay(day)) return null;
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? null : epochMs;
}

/** The day `days` after (negative: before) a day. */
export function addDays(day: UtcDay, days: number): UtcDay {
  return utcDay(Date.parse(`${day}T00:00:00.000Z`) + days * DAY_MS);
}

/** The days from one to another, both included; none if the first is later. */
export function daysBetween(from: UtcDay, to: UtcDay): readonly UtcDay[] {
  const days: UtcDay[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** The UTC hour of an instant: `2026-11-25T07`. */
export function isoHour(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 'YYYY-MM-DDTHH'.length);
}

let cachedDay = Number.NaN;
let cachedDayText: UtcDay = '';

/** The UTC day of an instant, as utcDay; several times faster while the day stays the same, as within a batch. */
export function isoDay(epochMs: number): UtcDay {
  const day = Math.floor(epochMs / DAY_MS);
  if (day !== cachedDay) {
    cachedDayText = utcDay(epochMs);
    cachedDay = day;
  }
  return cachedDayText;
}

let cachedMinute = Number.NaN;
let cachedText = '';

/**
 * An instant (epoch ms in the years 1 to 9999; a fraction of a millisecond is cut off) as `2026-11-20T07:32:00.123Z`.
 * The same as Date's toISOString from 1970 on, several times faster: every row has three, mostly of the same minute.
 */
export function isoTimestamp(epochMs: number): string {
  const minute = Math.floor(epochMs / MINUTE_MS);
  if (minute !== cachedMinute) {
    const minutes = minute - Math.floor(epochMs / DAY_MS) * MINUTES_OF_DAY;
    const clock = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:`;
    cachedText = flattenRope(`${isoDay(epochMs)}T${clock}`);
    cachedMinute = minute;
  }
  const ms = epochMs - minute * MINUTE_MS;
  const seconds = Math.floor(ms / 1000);
  // The short pieces first: V8 copies them together, where it would keep three pieces as two nested pairs.
  const rest = (SECONDS[seconds] ?? '') + (MILLISECONDS[Math.floor(ms - seconds * 1000)] ?? '');
  return cachedText + rest;
}

/** An instant (epoch ms) as Athena and DuckDB read a timestamp in JSON: `2026-11-20 10:15:30.123`. */
export function sqlTimestamp(epochMs: number): string {
  return isoTimestamp(epochMs).slice(0, -1).replace('T', ' ');
}

/** An instant (epoch ms) as names have it that sort by time: `20261120T101530123Z`. */
export function compactTime(epochMs: number): string {
  return isoTimestamp(epochMs).replaceAll(/[-:.]/g, '');
}

/** The form of {@link compactTime}. */
const COMPACT = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/;

/** Epoch milliseconds of a text from {@link compactTime}; null for a text of another form, and for no time. */
export function parseCompactTime(text: string): number | null {
  const [, year, month, day, hour, minute, second, ms] = COMPACT.exec(text) ?? [];
  const epochMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(epochMs) ? null : epochMs;
}

/** Minutes of a UTC day. */
const MINUTES_OF_DAY = 1_440;

/** `00` to `59`: texts are made once, as times are written for each row. */
const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
/** `00.` to `59.` */
const SECONDS: readonly string[] = TWO_DIGITS.map((digits) => `${digits}.`);
/** `000Z` to `999Z` */
const MILLISECONDS: readonly string[] = Array.from(
  { length: 1000 },
  (_, i) => `${String(i).padStart(3, '0')}Z`,
);

/** Formats by their time zone, kept because each takes some 25 kB of memory that V8 does not see. */
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Date and time of an instant in a time zone: `2026-11-20 08:15:00`, as Swedish writes them.
 *
 * @param timeZone A name of the IANA database.
 * @throws RangeError for another name.
 */
export function localTime(instant: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return format.format(instant);
}

/** The day of an instant in a time zone. @param timeZone As of {@link localTime}. */
export function localDay(instant: number, timeZone: string): UtcDay {
  return localTime(instant, timeZone).slice(0, 'YYYY-MM-DD'.length);
}

/**
 * The instant of an hour in a time zone, counted from the beginning of a day. An hour that daylight saving time skips is
 * the next one. Of an hour that comes twice it is the first.
 */
export function instantOf(day: UtcDay, hours: number, timeZone: string): number {
  const wall = Date.parse(`${day}T00:00:00Z`) + hours * HOUR_MS;
  // No zone is a day away from UTC, so the instant is between these two. If the clocks change there, one offset is wrong.
  const offsetBefore = offsetAt(wall - DAY_MS, timeZone);
  const offsetAfter = offsetAt(wall + DAY_MS, timeZone);
  const first = wall - offsetBefore;
  const second = wall - offsetAfter;
  const isSecond = offsetAt(first, timeZone) !== offsetBefore && offsetAt(second, timeZone) === offsetAfter;
  return isSecond ? second : first;
}

/** UTC offset of a time zone at an instant, milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  return Date.parse(`${localTime(instant, timeZone)}Z`) - Math.floor(instant / 1_000) * 1_000;
}
