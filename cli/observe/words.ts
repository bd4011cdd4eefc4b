/** A whole number with separators: `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** What a query in Athena has read, as a sentence. Of 0 bytes: nothing was asked. */
export function athenaRead(scannedBytes: number): string {
  if (scannedBytes === 0) return 'Athena read nothing.';
  return `Athena read ${count(scannedBytes)} bytes.`;
}

/** How long a list is. */
export interface ListLength {
  /** How many were listed. */
  readonly listed: number;
  /** How many an option lists at most. */
  readonly most: number;
}

/**
 * Says that a list has more than it shows: that an option lists more, or, if it lists the most already, what reads all.
 *
 * @param option `--rows`.
 */
export function moreNote(option: string, { listed, most }: ListLength): string {
  if (listed < most) return `There are more: ${option} lists at most ${most}.`;
  return `There are more than the ${most} that are listed at most: query the table.`;
}

/** Each text as a line; empty without any. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** Seconds of a minute, an hour and a day. */
const MINUTE = 60;
/** Seconds of an hour. */
const HOUR = 60 * MINUTE;
/** Seconds of a day. */
const DAY = 24 * HOUR;

/**
 * A duration, rounded for people: `4.2 s` below a minute, `3 min` below an hour, `2.5 h` below two days, then `3 d`. What rounds to
 * the next unit is written in it.
 *
 * @param seconds 0 or more.
 */
export function duration(seconds: number): string {
  const tenths = Math.round(seconds * 10) / 10;
  if (tenths < MINUTE) return `${tenths} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < HOUR / MINUTE) return `${minutes} min`;
  const hours = Math.round((seconds * 10) / HOUR) / 10;
  return hours * HOUR < 2 * DAY ? `${hours} h` : `${Math.round((hours * HOUR) / DAY)} d`;
}
