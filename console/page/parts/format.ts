import { visibleText } from '../../../lib/base/text.ts';
import type { UsualHour } from '../../../observe/facts/flow/changes.ts';

/** Seconds. */
const HOUR = 3_600;

/** `1,234,567` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** `1.2 MB`, powers of 1,000. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${size.toLocaleString('en-US', { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 })} ${UNITS[unit]}`;
}

const SPANS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** `3 min`, `2 h`: a length of time in its largest unit. */
export function formatSpan(ms: number): string {
  for (const [size, unit] of SPANS) if (Math.abs(ms) >= size) return `${Math.round(ms / size)} ${unit}`;
  return `${Math.round(ms)} ms`;
}

/** A time as ISO 8601; what is none, as it is. */
export function isoTime(at: string | number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

/** `2026-11-20 07:30:00`, UTC; what is no time, as it is. */
export function formatTime(at: string | number): string {
  return isoTime(at).replace(/^(.{10})T(.{8})\..*/, '$1 $2');
}

/** `Nov 20` of a day. */
export function formatDay(day: string): string {
  return new Date(day).toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });
}

/**
 * The top of a chart's axis: the largest value, or a value at which nine of ten values are well seen if the largest is
 * far above them.
 */
export function axisTop(series: readonly ArrayLike<number | null | undefined>[]): number {
  const values = series.flatMap((seriesOfOne) => Array.from(seriesOfOne, (value) => value || [])).flat();
  values.sort((a, b) => a - b);
  const most = values.at(-1) ?? 0;
  const usual = values[Math.floor(values.length * 0.9)] ?? 0;
  return Math.max(4, most > 4 * usual ? 2 * usual : most * 1.05);
}

/** What is usual within some seconds from a time on, epoch seconds: a part of an hour, or hours. Null if it is not known. */
export function usualIn(
  hours: readonly UsualHour[],
  what: keyof UsualHour,
  at: number,
  seconds: number,
): number | null {
  const counts = Array.from({ length: Math.ceil(seconds / HOUR) }, (_, i) =>
    Number(hours[(Math.floor(at / HOUR) + i) % 24]?.[what]),
  );
  const sum = counts.reduce((total, count) => total + count, 0);
  return hours.length === 0 ? null : Math.round(sum * Math.min(1, seconds / HOUR));
}

/** A text in which times are written as elsewhere on the page. */
export function readable(text: string): string {
  return text.replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, formatTime);
}

/** `1 row`, `2,000 rows`: a count with its noun. */
export function formatNoun(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Spaces that indenting may add: they grow with the product of a text's length and depth. */
const MOST_SPACES = 1_000_000;

/** JSON indented, unless that adds too many spaces; hidden characters as escapes. */
export function writtenOut(text: string): string {
  return visibleText(isCostly(text) ? text : indented(text));
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Whether indenting adds too many spaces. Brackets and commas in texts count too: a little less is indented then. */
function isCostly(text: string): boolean {
  let depth = 0;
  let spaces = 0;
  for (const [sign] of text.matchAll(/[[\]{},]/g)) {
    if (sign === '[' || sign === '{') depth += 1;
    spaces += 2 * Math.max(0, depth);
    if (sign === ']' || sign === '}') depth -= 1;
    if (spaces > MOST_SPACES) return true;
  }
  return false;
}
