import { mapLimit } from '../base/concurrency.ts';
import { addDays, type UtcDay } from '../base/time.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import type { LedgerEntry, LedgerSubject } from '../ledger/LedgerEntry.ts';
import { PARALLEL_ENTRIES } from './limits.ts';

/** Weeks before a day that are compared with it. */
const WEEKS = 4;
/** Days of one weekday from which they alone are compared. */
const ENOUGH = 3;
/** Fewest days that say what is usual: a first day is often not whole. */
const FEWEST = 2;
/** Times of the usual rows above which a day is unusual. */
const MANY_TIMES = 10;

/** The days whose rows say what is usual for a day. */
export function daysBefore(day: UtcDay): readonly UtcDay[] {
  return Array.from({ length: WEEKS * 7 }, (_, i) => addDays(day, -1 - i));
}

/**
 * The median of the rows of loaded days: of the same weekday, or while there are fewer than three of those, of all working
 * days or all weekends. Null while it is not known.
 *
 * @param entries Of some of {@link daysBefore}.
 */
export function usualRows(
  day: UtcDay,
  entries: readonly Pick<LedgerEntry, 'day' | 'state' | 'rows' | 'missingSince'>[],
): number | null {
  const loaded = entries.filter(
    ({ state, missingSince }) => state === 'succeeded' && missingSince === undefined,
  );
  const same = loaded.filter((one) => weekday(one.day) === weekday(day));
  const alike = loaded.filter((one) => isWeekend(one.day) === isWeekend(day));
  const compared = same.length >= ENOUGH ? same : alike;
  if (compared.length < FEWEST) return null;
  const rows = compared.map((one) => one.rows.out).sort((a, b) => a - b);
  const low = rows[Math.ceil(rows.length / 2) - 1] ?? 0;
  const high = rows[Math.floor(rows.length / 2)] ?? low;
  return Math.round((low + high) / 2);
}

/**
 * Reads {@link usualRows} of a day from the ledger.
 *
 * @throws LedgerError
 */
export async function readUsualRows(
  ledger: Pick<Ledger, 'read'>,
  { source, dataset, day, table }: LedgerSubject,
): Promise<number | null> {
  const counted = await mapLimit(daysBefore(day), PARALLEL_ENTRIES, async (one) => {
    const entry = await ledger.read({ source, dataset, day: one });
    if (entry?.table !== table) return [];
    // The names of its files, which may be many, are let go.
    const { state, rows, missingSince } = entry;
    return [{ day: one, state, rows, missingSince }];
  });
  return usualRows(day, counted.flat());
}

/** In words how far a loaded day is from its usual rows; null if it is not, or a person accepted it. @param share `unusualShare`. */
export function unusualWords(
  { state, rows, usualRows: usual, accepted }: Pick<LedgerEntry, 'state' | 'rows' | 'usualRows' | 'accepted'>,
  share: number,
): string | null {
  if (state !== 'succeeded' || usual === undefined || accepted === true || share === 0) return null;
  if (rows.out > usual * share && rows.out <= usual * MANY_TIMES) return null;
  const count = (n: number) => n.toLocaleString('en-US');
  return `has ${count(rows.out)} rows, where ${count(usual)} are usual`;
}

function weekday(day: UtcDay): number {
  return new Date(day).getUTCDay();
}

function isWeekend(day: UtcDay): boolean {
  return weekday(day) === 0 || weekday(day) === 6;
}
