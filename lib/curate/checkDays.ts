import { mapLimit } from '../base/concurrency.ts';
import { SluiceError } from '../base/errors.ts';
import type { UtcDay } from '../base/time.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { type CuratedTablesConfig, curatedShape, curatedTables } from './curatedTables.ts';
import { type DayKeeper, type DayLoss, readLoss, type TakenOut, takeOutJudged } from './ListedDays.ts';
import { PARALLEL_DAYS } from './limits.ts';
import { useRawDay } from './RawDays.ts';

/** The ports of a check. */
export interface DayChecker extends DayKeeper {
  /** The settings of a keeper, and those that the shape of the curated table follows from. */
  readonly config: DayKeeper['config'] & CuratedTablesConfig;
}

/** Which days are compared, and until when. */
interface Check {
  /** Whether a day is compared. Default: all days of the list are. */
  readonly isLooked?: (day: UtcDay) => boolean;
  /**
   * Epoch milliseconds. Days that were not compared by then leave the list, too: views read their raw rows, and the
   * next looks put the days back, as their versions are there. Only days that keep rows stay. Default: the check fails
   * at the deadline of the raw files.
   */
  readonly until?: number;
}

/**
 * Compares days of the list with their raw files, the newest first, and takes those out whose files or shape have changed.
 *
 * @throws CurateError SLUICE_CURATE_BUCKET_FAILED, SLUICE_CURATE_LIST_BUSY, and without `until` SLUICE_CURATE_OUT_OF_TIME;
 *   LedgerError.
 */
export async function checkDays(
  checker: DayChecker,
  kind: ForwardedKind,
  { isLooked = () => true, until }: Check = {},
): Promise<TakenOut> {
  const { days = {} } = (await checker.listed.read(kind)) ?? {};
  const shape = curatedShape(curatedTables(checker.config)[kind]);
  const newestFirst = Object.entries(days)
    .filter(([day]) => isLooked(day))
    .toSorted(([left], [right]) => (left < right ? 1 : -1));
  const losses = new Map<UtcDay, DayLoss>();
  const isOver = () => until !== undefined && checker.clock.now() >= until;
  const leaves = await mapLimit(newestFirst, PARALLEL_DAYS, async ([day, listed]) => {
    if (isOver()) return true;
    try {
      return await useRawDay(checker.raw, { kind, day, until }, async ({ files, fingerprint }) => {
        if (listed.fingerprint === fingerprint && listed.shape === shape) return false;
        const loss = await readLoss(checker, kind, day, files);
        if (loss !== undefined) losses.set(day, loss);
        return true;
      });
    } catch (error) {
      if (!isTooLarge(error) && (until === undefined || !isOutOfTime(error))) throw error;
      return true;
    }
  });
  const outdated = new Map(newestFirst.filter((_, i) => leaves[i]));
  return takeOutJudged(checker, kind, outdated, losses);
}

/** Whether a look ended because its time was over. */
export function isOutOfTime(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'SLUICE_CURATE_OUT_OF_TIME';
}

/** Whether an error says that a day has too many files: that stays so, and concerns this day alone. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'SLUICE_CURATE_DAY_TOO_LARGE';
}
