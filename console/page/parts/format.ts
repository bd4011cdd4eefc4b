import { visibleText } from '../../../lib/base/text.ts';
import type { UsualHour } from '../../../observe/facts/flow/changes.ts';

/** Seconds of an hour. */
const HOUR_SECONDS = 3_600;
/** Hours of a day. */
const DAY_HOURS = 24;

/** `1,234,567` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** Units of bytes, each 1,000 times the one before. */
const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** `1.2 MB`: bytes in the largest unit, by powers of 1,000, in which the rounded number is at least 1. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (Math.round(size) >= 1_000 && unit < BYTE_UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${size.toLocaleString('en-US', { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 })} ${BYTE_UNITS[unit]}`;
}

/** Units of time up to hours, and how many of each make the next unit. */
const SPAN_UNITS = [
  { unit: 'ms', perNext: 1_000 },
  { unit: 's', perNext: 60 },
  { unit: 'min', perNext: 60 },
  { unit: 'h', perNext: 24 },
] as const;

/** `3 min`, `2 h`: a length of time in the largest unit in which the rounded number is at least 1. */
export function formatSpan(ms: number): string {
  let length = ms;
  for (const { unit, perNext } of SPAN_UNITS) {
    const rounded = Math.round(length);
    if (Math.abs(rounded) < perNext) return `${rounded} ${unit}`;
    length /= perNext;
  }
  return `${Math.round(length)} d`;
}

/** A time, ISO 8601 or epoch milliseconds, as ISO 8601. Any other text is returned unchanged. */
export function isoTime(isoOrEpochMs: string | number): string {
  const date = new Date(isoOrEpochMs);
  return Number.isNaN(date.getTime()) ? String(isoOrEpochMs) : date.toISOString();
}

/** `2026-11-20 07:30:00`: a time, ISO 8601 or epoch milliseconds, in UTC. Any other text is returned unchanged. */
export function formatTime(isoOrEpochMs: string | number): string {
  return isoTime(isoOrEpochMs).replace(/^(.{10})T(.{8})\..*/, '$1 $2');
}

/** `Nov 20` of the day `2026-11-20`. Any other text is returned unchanged. */
export function formatDay(day: string): string {
  const date = new Date(day);
  if (Number.isNaN(date.getTime())) return day;
  return date.toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });
}

/** The lowest top of an axis: bars of one or two things are not as high as the chart. */
const LEAST_TOP = 4;
/** The part of all values that are not above the usual one. */
const USUAL_PART = 0.9;
/** How far the top is above the largest value. */
const ROOM_ABOVE = 1.05;
/** A bar of more than this many times the usual value is broken, so that the others are not flat. */
const SPIKE_FACTOR = 4;
/** Bars that are broken at most: each has room for its number. */
const MOST_BROKEN = 4;

/**
 * The top of a chart's axis: 5 % above the largest value; with a few spikes, twice the value that nine of ten values do
 * not exceed, so that usual values fill half of the chart. Zeros do not count: on a quiet day most values are zero, and
 * any other value would be a spike.
 */
export function axisTop(series: readonly ArrayLike<number | null | undefined>[]): number {
  const values = series
    .flatMap((line) => Array.from(line))
    .filter((value): value is number => typeof value === 'number' && value > 0);
  values.sort((a, b) => a - b);
  const largest = values.at(-1) ?? 0;
  const usual = values[Math.floor(values.length * USUAL_PART)] ?? 0;
  const top = Math.max(LEAST_TOP, 2 * usual);
  const isSpike = largest > SPIKE_FACTOR * usual && beyond(series, top).length <= MOST_BROKEN;
  return isSpike ? top : Math.max(LEAST_TOP, largest * ROOM_ABOVE);
}

/** Places at which a value is beyond the top of the axis. */
export function beyond(
  series: readonly ArrayLike<number | null | undefined>[],
  top: number,
): readonly number[] {
  const longest = Math.max(0, ...series.map(({ length }) => length));
  return [...Array(longest).keys()].filter((at) => series.some((line) => (line[at] ?? 0) > top));
}

/**
 * The requests that are usual within a period, which is a part of an hour or whole hours.
 *
 * @param hours The 24 hours of a day, from midnight UTC on; empty while they are not known.
 * @returns Null while the hours are not known.
 */
export function usualRequests(
  hours: readonly UsualHour[],
  statistic: keyof UsualHour,
  {
    epochSeconds,
    seconds,
  }: {
    /** Start of the period. */
    readonly epochSeconds: number;
    /** Its length. */
    readonly seconds: number;
  },
): number | null {
  if (hours.length === 0) return null;
  const firstHour = Math.floor(epochSeconds / HOUR_SECONDS);
  let sum = 0;
  for (let i = 0; i < seconds / HOUR_SECONDS; i += 1)
    sum += hours[(firstHour + i) % DAY_HOURS]?.[statistic] ?? 0;
  return Math.round(sum * Math.min(1, seconds / HOUR_SECONDS));
}

/** A text whose times are written as {@link formatTime} writes them. */
export function formatTimesIn(text: string): string {
  return text.replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, formatTime);
}

/** Spaces that indenting may add: they grow with the product of a text's length and depth. */
const MAX_INDENT_SPACES = 1_000_000;

/** Received text to show: JSON is indented, unless that adds too many spaces; hidden characters are escapes. */
export function formatReceived(text: string): string {
  return visibleText(isJson(text) ? indentJson(text) : text);
}

/** Whether a text is JSON. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Tokens of JSON: an empty array or object, a string, a punctuator, or a number, true, false or null. */
const JSON_TOKENS = /\[\s*\]|\{\s*\}|"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/**
 * Only the space between tokens changes. Values are not written anew, because JavaScript rounds long integers and keeps
 * only the last of equal keys.
 */
function indentJson(json: string): string {
  const written: string[] = [];
  let depth = 0;
  let spaces = 0;
  const breakLine = () => {
    spaces += 2 * depth;
    written.push('\n', ' '.repeat(2 * depth));
  };
  for (const [token] of json.matchAll(JSON_TOKENS)) {
    const isClosing = token === ']' || token === '}';
    if (isClosing) {
      depth -= 1;
      breakLine();
    }
    written.push(token === ':' ? ': ' : token);
    const isOpening = token === '[' || token === '{';
    if (isOpening) depth += 1;
    if (isOpening || token === ',') breakLine();
    if (spaces > MAX_INDENT_SPACES) return json;
  }
  return written.join('');
}

/**
 * A row of a query as JSON: its columns in their order, also those of one name. A text that is a JSON object or array stands as it
 * is, for reading.
 */
export function rowJson(
  columns: readonly { readonly name: string }[],
  row: readonly (string | null)[],
): string {
  const members = columns.map(({ name }, i) => {
    const value = row[i] ?? null;
    const isNested = value !== null && /^\s*[[{]/.test(value) && isJson(value);
    return `${JSON.stringify(name)}:${isNested ? value : JSON.stringify(value)}`;
  });
  return `{${members.join()}}`;
}

/** Types of Athena and of DuckDB whose values are numbers. */
const NUMBER_TYPE = /^(u?(tiny|small|big|huge)int|u?integer|int|float|real|double|decimal)(\([\d, ]*\))?$/i;

/** Whether values of a type of Athena or DuckDB are numbers. */
export function isNumberType(type: string): boolean {
  return NUMBER_TYPE.test(type);
}
