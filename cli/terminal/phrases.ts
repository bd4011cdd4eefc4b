import { counted } from '../../lib/base/text.ts';

/** What a query in Athena has read, as a sentence. A statement that reads no file has read nothing. */
export function athenaRead(scannedBytes: number): string {
  if (scannedBytes === 0) return 'Athena read nothing.';
  return `Athena read ${counted(scannedBytes, 'byte')}.`;
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
 * @param option The option, as `--rows`.
 */
export function moreNote(option: string, { listed, most }: ListLength): string {
  const number = most.toLocaleString('en-US');
  if (listed < most) return `There are more: ${option} lists at most ${number}.`;
  return `There are more than the ${number} that are listed at most: query the table.`;
}

/** Each text as a line; empty without any. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** Seconds of a minute. */
const MINUTE = 60;
/** Seconds of an hour. */
const HOUR = 60 * MINUTE;
/** Seconds of a day. */
const DAY = 24 * HOUR;

/**
 * A duration, rounded for people: `4.2 s` below a minute, `3 min` below an hour, `2.5 h` below two days, then `3 d`. A duration that
 * would be rounded to a whole larger unit is written in it: 59.96 s is `1 min`.
 *
 * @param seconds 0 or more.
 */
export function duration(seconds: number): string {
  const tenths = Math.round(seconds * 10) / 10;
  if (tenths < MINUTE) return `${tenths} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < HOUR / MINUTE) return `${minutes} min`;
  const hours = Math.round((seconds * 10) / HOUR) / 10;
  return hours * HOUR < 2 * DAY ? `${hours} h` : `${Math.round(seconds / DAY)} d`;
}
