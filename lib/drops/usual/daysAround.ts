import { mapLimit } from '../../base/concurrency.ts';
import { MOST_NAMED } from '../../base/text.ts';
import { addDays, type UtcDay } from '../../base/time.ts';
import type { Ledger } from '../../ledger/Ledger.ts';
import type { FileFate, LedgerSubject, RowSpread } from '../../ledger/LedgerEntry.ts';
import { PARALLEL_ENTRIES } from '../limits.ts';
import { COMPARED_DAYS, type DayBefore } from './daysBefore.ts';
import type { Copy } from './fileCopies.ts';
import { isOfDrop, usualRows, usualSpread, WEEKS, weeksBefore } from './usualRows.ts';

/** What the ledger says of the days around a day. */
export interface DaysAround {
  /** See {@link usualRows}. */
  readonly usual: number | null;
  /** See {@link usualSpread}. */
  readonly spread: RowSpread | null;
  /** As `judgeContent` (usualContent.ts) compares them. */
  readonly before: readonly DayBefore[];
  /** Files that are those of other days. */
  readonly copies: readonly Copy[];
}

/**
 * Reads the days before a day from the ledger, and some after it.
 *
 * @param after Days after it whose files may be the same.
 * @param findCopies Compares the files of another day.
 * @throws LedgerError
 */
export async function readDaysAround(
  ledger: Pick<Ledger, 'read'>,
  { source, dataset, day, table }: LedgerSubject,
  after: readonly UtcDay[],
  findCopies: (others: readonly FileFate[]) => readonly Copy[],
): Promise<DaysAround> {
  const readDay = async (otherDay: UtcDay) => {
    const entry = await ledger.read({ source, dataset, day: otherDay });
    if (entry?.table !== table) return [];
    // A day that is to be loaded again has the rows of its last load until then.
    const state = entry.content === undefined ? entry.state : 'succeeded';
    // The files of an entry may be many, so they are let go. One of them still shows that the day had some.
    const files = entry.files.filter(isOfDrop).slice(0, 1);
    const copies = findCopies(entry.files).slice(0, MOST_NAMED);
    return [{ ...entry, state, files, copies }];
  };
  const readDays = async (wanted: readonly UtcDay[]) =>
    (await mapLimit(wanted, PARALLEL_ENTRIES, readDay)).flat();
  const weeks = await readDays(weeksBefore(day));
  // A dataset may come once a month.
  const earlier =
    weeks.length > 0 ? weeks : await readDays(weeksBefore(addDays(day, -WEEKS * 7)).slice(0, 7));
  const days = [...earlier, ...(await readDays(after))];
  const loaded = earlier.filter(
    ({ state, missingSince }) => state === 'succeeded' && missingSince === undefined,
  );
  return {
    usual: usualRows(day, weeks),
    spread: usualSpread(day, weeks),
    before: loaded.slice(0, COMPARED_DAYS),
    copies: days.flatMap(({ copies }) => copies),
  };
}
