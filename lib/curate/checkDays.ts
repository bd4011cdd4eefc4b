import { mapLimit } from '../base/concurrency.ts';
import { SluiceError } from '../base/errors.ts';
import type { UtcDay } from '../base/time.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import {
  type DayKeeper,
  type DayLoss,
  type ListedDay,
  readLoss,
  type TakenOut,
  takeOutJudged,
} from './ListedDays.ts';
import { PARALLEL_DAYS } from './limits.ts';
import { useRawDay } from './RawDays.ts';

/** The ports of a check. */
export interface DayChecker extends DayKeeper {
  readonly config: DayKeeper['config'] & Parameters<typeof curatedTables>[0];
}

/**
 * Compares some days of the list with their raw files, and takes those out whose files have changed.
 *
 * @param isLooked Which days. Default all of the list.
 * @param until Epoch milliseconds from which no listing begins. Default: the deadline of the raw files.
 * @throws CurateError SLUICE_CURATE_BUCKET_FAILED, SLUICE_CURATE_LIST_BUSY, SLUICE_CURATE_OUT_OF_TIME.
 */
export async function checkDays(
  checker: DayChecker,
  kind: ForwardedKind,
  isLooked: (day: UtcDay) => boolean = () => true,
  until?: number,
): Promise<TakenOut> {
  const list = (await checker.listed.read(kind))?.days ?? {};
  const days = Object.entries(list).filter(([day]) => isLooked(day));
  const compared = await mapLimit(days, PARALLEL_DAYS, (one) => compare(checker, kind, one, until));
  return takeOut(checker, kind, compared);
}

/**
 * Compares all days of the list, the newest first, until an instant. Days that nobody has compared by then leave the list, too:
 * views read their raw rows, and the next looks put them back, as their versions are there. Only days that keep rows stay.
 *
 * @throws CurateError SLUICE_CURATE_BUCKET_FAILED, SLUICE_CURATE_LIST_BUSY.
 */
export async function checkAllDays(
  checker: DayChecker,
  kind: ForwardedKind,
  until: number,
): Promise<TakenOut> {
  const list = (await checker.listed.read(kind))?.days ?? {};
  const newestFirst = Object.entries(list).toSorted(([left], [right]) => (left < right ? 1 : -1));
  const compared = await mapLimit(newestFirst, PARALLEL_DAYS, async (one): Promise<ComparedDay> => {
    const [day, listed] = one;
    const late = { day, listed, isOutdated: listed.keeps !== true, loss: undefined };
    if (checker.clock.now() >= until) return late;
    return compare(checker, kind, one, until).catch((error: unknown) => {
      if (isOutOfTime(error)) return late;
      throw error;
    });
  });
  return takeOut(checker, kind, compared);
}

/** Whether a look ended because its time was over. */
export function isOutOfTime(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'SLUICE_CURATE_OUT_OF_TIME';
}

/** Whether a day has more files than one can have: it stays so, and is about this day alone. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'SLUICE_CURATE_DAY_TOO_LARGE';
}

/** A day of the list, and whether its raw files differ from its version's, or its version has another shape. */
interface ComparedDay {
  readonly day: UtcDay;
  readonly listed: ListedDay;
  readonly isOutdated: boolean;
  /** Undefined if it is not known, or does not matter. */
  readonly loss: DayLoss | undefined;
}

async function compare(
  checker: DayChecker,
  kind: ForwardedKind,
  [day, listed]: readonly [UtcDay, ListedDay],
  until: number | undefined,
): Promise<ComparedDay> {
  const shape = curatedShape(curatedTables(checker.config)[kind]);
  return useRawDay(checker.raw, kind, day, until, async ({ files, fingerprint }) => {
    const isOutdated = listed.fingerprint !== fingerprint || listed.shape !== shape;
    const loss = isOutdated ? await readLoss(checker, kind, day, files) : undefined;
    return { day, listed, isOutdated, loss };
  }).catch((error: unknown) => {
    if (!isTooLarge(error)) throw error;
    return { day, listed, isOutdated: listed.keeps !== true, loss: undefined };
  });
}

function takeOut(
  checker: DayChecker,
  kind: ForwardedKind,
  compared: readonly ComparedDay[],
): Promise<TakenOut> {
  const outdated = compared.filter((one) => one.isOutdated);
  return takeOutJudged(
    checker,
    kind,
    new Map(outdated.map(({ day, listed }) => [day, listed])),
    new Map(outdated.flatMap(({ day, loss }) => (loss === undefined ? [] : [[day, loss] as const]))),
  );
}
