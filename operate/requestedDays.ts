import { defineErrorFamily } from '../lib/base/errors.ts';
import { daysBetween, type UtcDay } from '../lib/base/time.ts';

/** Errors of requests for days. */
export const DaysError = defineErrorFamily('user', {
  SLUICE_DAYS_INVALID: {
    cause: 'The days of the request are not valid, so nothing was requested.',
    cure: 'The detail names the day and what is expected. Request other days.',
  },
});

/** The most days of one request, which one run of a plan function can list within its timeout. */
const DAYS_A_REQUEST = 31;
/** The most days of a backfill: ten years. */
export const MAX_BACKFILL_DAYS = 3_660;

/** A request for days: the first and the last one, both included. */
export interface AskedDays {
  /** Whether nothing is sent. */
  readonly dryRun: boolean;
  /** The first day. */
  readonly from: UtcDay;
  /** The last day. Default: `from`. */
  readonly to?: UtcDay | undefined;
}

/** Days that were requested, or in a dry run would be. */
export interface RequestedDays {
  /** The first day. */
  readonly from: UtcDay;
  /** The last day. */
  readonly to: UtcDay;
  /** Number of days. */
  readonly days: number;
}

/** A range of days, and what it may be. */
interface AskedRange {
  /** The first day. */
  readonly from: UtcDay;
  /** The last day. */
  readonly to: UtcDay;
  /** The last day that may be asked for. */
  readonly last: UtcDay;
  /** The most days. */
  readonly most: number;
}

/**
 * The days of a range, both ends included.
 *
 * @param expected What is expected of the last day, for the error.
 * @throws DaysError.
 */
export function requireDays({ from, to, last, most }: AskedRange, expected: string): readonly UtcDay[] {
  const error = (detail: string) => new DaysError('SLUICE_DAYS_INVALID', detail);
  if (from > to) throw error(`${from} is after ${to}.`);
  if (to > last) throw error(`got ${to}, expected ${expected}.`);
  const days = daysBetween(from, to);
  if (days.length > most) throw error(`got ${days.length} days, expected at most ${most}.`);
  return days;
}

/** The first and the last of some days, and how many they are. Empty texts of no days. */
export function requestedDays(days: readonly UtcDay[]): RequestedDays {
  const from = days[0] ?? '';
  const to = days.at(-1) ?? from;
  return { from, to, days: days.length };
}

/** The days in slices, each for one request. */
export function daySlices(days: readonly UtcDay[]): UtcDay[][] {
  return Array.from({ length: Math.ceil(days.length / DAYS_A_REQUEST) }, (_, i) =>
    days.slice(i * DAYS_A_REQUEST, (i + 1) * DAYS_A_REQUEST),
  );
}
