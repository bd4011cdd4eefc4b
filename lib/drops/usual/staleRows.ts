import { counted } from '../../base/text.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { RowContent } from '../engine/mappedRows.ts';
import { type DayBefore, FEWEST_DAYS, isLong } from './daysBefore.ts';

// Whether the rows of a day are those of a day before under other times, as of a job that reads a snapshot that nobody
// makes any more.

/**
 * That all rows of a day have the units, names and values of a day before, where no two of enough days before have any of
 * `digests` (`DayContent`) in common: so that rows which change slowly, or not each day, are not told.
 *
 * @param digests Those of the day; none of a kind whose rows have no values.
 * @param out Its accepted rows.
 */
export function staleRows(
  digests: RowContent['digests'],
  out: number,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  if (digests.length === 0) return [];
  const same = before.filter(
    (day) => day.rows.out === out && digests.every((digest, i) => digest === day.content?.digests?.[i]),
  );
  const [original] = same.toReversed();
  if (original === undefined) return [];
  // What was told stays told until a person accepts it.
  const differing = before.filter((day) => !isTold(day) && day.content?.digests !== undefined);
  const areOther = differing.every((day, i) =>
    differing.slice(i + 1).every((other) => !shareAny(day, other)),
  );
  const isEnough = isLong(before) && differing.length >= FEWEST_DAYS && areOther;
  if (!isEnough && !same.some(isTold)) return [];
  const words = `the units, names and values of ${original.day} in all of ${counted(out, 'row')}, with other times, where days before differ`;
  return [{ kind: 'stale', words }];
}

/** Whether a day was told to have rows of another day, and nobody accepted it. */
function isTold({ content, accepted }: DayBefore): boolean {
  return accepted !== true && content?.unusual.some(({ kind }) => kind === 'stale') === true;
}

/** Whether some of the rows of two days are the same. */
function shareAny(one: DayBefore, other: DayBefore): boolean {
  const digests = other.content?.digests ?? [];
  return one.content?.digests?.some((digest, i) => digest === digests[i]) === true;
}
