import { mapLimit } from '../base/concurrency.ts';
import type { UtcDay } from '../base/time.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import { type DayKeeper, type ListedDay, takeOutDays } from './ListedDays.ts';
import { PARALLEL_DAYS } from './limits.ts';
import { readRawDay } from './RawDays.ts';

/** The ports of a check. */
export interface DayChecker extends DayKeeper {
  readonly config: DayKeeper['config'] & Parameters<typeof curatedTables>[0];
}

/** A day of the list, and the fingerprint of its raw files. */
export interface ComparedDay {
  readonly day: UtcDay;
  readonly listed: ListedDay;
  readonly fingerprint: string;
}

/**
 * Compares some days of the list with their raw files, and takes those out whose files have changed.
 *
 * @param isLooked Which days. Default all of the list.
 * @param lacking Days whose version lacks files, which are taken out, too. Default none.
 * @returns as {@link takeOutDays}.
 * @throws CurateError SLUICE_CURATE_BUCKET_FAILED, SLUICE_CURATE_LIST_BUSY.
 */
export async function checkDays(
  checker: DayChecker,
  kind: ForwardedKind,
  isLooked: (day: UtcDay) => boolean = () => true,
  lacking: readonly UtcDay[] = [],
): ReturnType<typeof takeOutDays> {
  const list = (await checker.listed.read(kind))?.days ?? {};
  const shape = curatedShape(curatedTables(checker.config)[kind]);
  const days = Object.entries(list).filter(([day]) => isLooked(day) || lacking.includes(day));
  const compared = await mapLimit(days, PARALLEL_DAYS, async ([day, entry]): Promise<ComparedDay> => {
    const { fingerprint } = await readRawDay(checker.raw, kind, day);
    return { day, listed: entry, fingerprint: lacking.includes(day) ? '' : fingerprint };
  });
  return takeOutOutdated(checker, kind, compared, shape);
}

/**
 * Takes days out of the list whose raw files differ from their version's, or whose version has another shape; not those that
 * have lost raw files.
 */
export async function takeOutOutdated(
  keeper: DayKeeper,
  kind: ForwardedKind,
  compared: readonly ComparedDay[],
  shape: string,
): ReturnType<typeof takeOutDays> {
  const outdated = compared.filter(
    ({ fingerprint, listed }) => listed.fingerprint !== fingerprint || listed.shape !== shape,
  );
  if (outdated.length === 0) return { left: [], uncounted: [] };
  return takeOutDays(keeper, kind, new Map(outdated.map(({ day, listed }) => [day, listed])));
}
