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

/** A text whose times are written as {@link formatTime} writes them. */
export function formatTimesIn(text: string): string {
  return text.replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, formatTime);
}
