import { addDays, type UtcDay } from '../../base/time.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { LedgerEntry } from '../../ledger/LedgerEntry.ts';

// The loaded days before a day, and when they are enough to say what is usual.

/** What is compared of a loaded day before. */
export type DayBefore = Pick<LedgerEntry, 'day' | 'rows' | 'accepted' | 'content'>;

/** Loaded days before a day that it is compared with. */
export const COMPARED_DAYS = 7;
/**
 * Fewest days before that say how large the numbers of a field are, that a name comes each day, or in which hours rows
 * come.
 */
export const FEWEST_DAYS = 3;
/**
 * Fewer days than {@link COMPARED_DAYS} are enough if so many days lie between the first and the last: a dataset may
 * come each week.
 */
const LONG_DAYS = 14;
/** Fewest rows, or values, of which a share is compared: a share of three rows says nothing. */
export const FEWEST_VALUES = 10;

/** Rows are as good as missing if there is less than this share of those that are expected. */
export const HARDLY_ANY = 0.05;

/** Whether days are enough to say what a dataset does: seven, or fewer of one that comes each week. */
export function isLong(before: readonly Pick<DayBefore, 'day'>[]): boolean {
  const newest = before.at(0)?.day;
  const oldest = before.at(-1)?.day;
  if (newest === undefined || oldest === undefined) return false;
  return before.length === COMPARED_DAYS || addDays(oldest, LONG_DAYS) <= newest;
}

/** Whether so many rows or values surely have one of what had this share before. */
export function isExpected(share: number, among: number): boolean {
  return Math.round(share * among) >= FEWEST_VALUES;
}

/** The day of the week: 0 for Sunday. */
export function weekday(day: UtcDay): number {
  return new Date(day).getUTCDay();
}

/** Whether a day is a Saturday or a Sunday. */
export function isWeekend(day: UtcDay): boolean {
  return [0, 6].includes(weekday(day));
}

/** The share of a day's rows above which they are most of them. */
export const MOST = 0.5;

/** Whether some rows are most of a day's. */
export function isMost(some: number, all: number): boolean {
  return some > all * MOST;
}

/**
 * Whether what a day has is usual: a person accepted it of a day before, or all of enough days before have it.
 *
 * @param hasIt Whether a day before has it; undefined if its entry does not say it, as an earlier version has written it.
 */
export function isUsual(
  before: readonly DayBefore[],
  hasIt: (content: DayContent, day: DayBefore) => boolean | undefined,
): boolean {
  const compared = before
    .map((day) => ({ has: day.content && hasIt(day.content, day), isAccepted: day.accepted === true }))
    .filter(({ has }) => has !== undefined);
  if (compared.some(({ has, isAccepted }) => has === true && isAccepted)) return true;
  return isLong(before) && compared.length > 0 && compared.every(({ has }) => has);
}
