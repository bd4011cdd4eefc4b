import { sum } from '../../base/sum.ts';
import { listed, numbered, someOf } from '../../base/text.ts';
import { addDays, type UtcDay } from '../../base/time.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { RowContent } from '../engine/mappedRows.ts';
import { type DayBefore, FEWEST_DAYS, isMost, isUsual, MOST } from './daysBefore.ts';

// Whether rows of a day's folder are of other days than those of the days before were.

/**
 * When times have moved, as by a time zone: on days before at most the share `before` of rows was of the neighbouring days,
 * now it is more than `now`, and these are `rows` or more.
 */
const MOVED = { before: 0.05, now: 0.25, rows: 10 };
/**
 * Rows of days to come that are told: `rows` that are the share `shareOfMany` of a day, or the share `share` of any day. A
 * few clocks are always ahead.
 */
const SOME_TO_COME = { rows: 10, shareOfMany: 0.01, share: 0.1 };

/** Rows of a day, by day. */
type DayRows = readonly [day: UtcDay, rows: number];

/** The days, besides that of its folder, that rows of a folder are of: those with the most rows first. */
interface Spread {
  /** The day before that of the folder, and the day after it. */
  readonly neighbours: readonly DayRows[];
  /** All other days. */
  readonly others: readonly DayRows[];
  /** The days of `others` that are more than a day ahead of today. */
  readonly toCome: readonly DayRows[];
}

/** Sorts days of rows by how they are to the folder's day and today. */
export function spreadOf(days: RowContent['days'], folderDay: UtcDay, today: UtcDay): Spread {
  const all = Object.entries(days).sort(([, a], [, b]) => b - a);
  const beside = [addDays(folderDay, -1), addDays(folderDay, 1)];
  const neighbours = all.filter(([day]) => beside.includes(day));
  const others = all.filter(([day]) => !beside.includes(day));
  const toCome = others.filter(([day]) => day > addDays(today, 1));
  return { neighbours, others, toCome };
}

/** All rows of some days. */
export function rowsOf(days: readonly DayRows[]): number {
  return sum(days.map(([, rows]) => rows));
}

/** Whether rows of days to come are more than clocks that are ahead explain. */
function isSome(toCome: number, all: number): boolean {
  const { rows, share, shareOfMany } = SOME_TO_COME;
  return toCome > all * share || toCome >= Math.max(rows, all * shareOfMany);
}

/** Rows of a loaded day, as far as other days are compared with it. */
interface AcceptedRows {
  /** Number of accepted rows. */
  readonly out: number;
  /** Whether the folder's day was over when it was loaded. */
  readonly isOver: boolean;
}

/** Rows of other days than the folder's, where days before had fewer. */
export function unusualDays(
  { neighbours, others, toCome }: Spread,
  { out, isOver }: AcceptedRows,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const unusual: DayContent['unusual'] = [];
  const wordsOf = (what: string, days: readonly DayRows[]) => {
    const texts = days.map(([day, rows]) => `${day} (${numbered(rows)})`);
    return `${someOf(rowsOf(days), out, 'row')} of ${what}: ${listed(texts)}`;
  };
  const hasDaysToCome = ({ daysToCome }: DayContent, day: DayBefore) =>
    daysToCome === undefined ? undefined : isSome(daysToCome, day.rows.out);
  if (isSome(rowsOf(toCome), out) && !isUsual(before, hasDaysToCome))
    unusual.push({ kind: 'toCome', words: wordsOf('days to come', toCome) });
  const cameOrPassed = others.filter((day) => !toCome.includes(day));
  const hasOtherDays = (content: DayContent, day: DayBefore) =>
    isMost(content.otherDays - (content.daysToCome ?? 0), day.rows.out);
  if (isMost(rowsOf(cameOrPassed), out) && !isUsual(before, hasOtherDays))
    unusual.push({ kind: 'days', words: wordsOf('other days', cameOrPassed) });
  // Many folders hold the day before their own.
  const known = before.flatMap(({ content, rows }) =>
    content?.neighbourDays === undefined ? [] : content.neighbourDays / Math.max(1, rows.out),
  );
  const usual = Math.max(...known);
  const share = rowsOf(neighbours) / Math.max(1, out);
  const isOther = share > MOST && usual <= MOST;
  // The folder of today begins with rows of the day before.
  const hasMoved = isOver && rowsOf(neighbours) >= MOVED.rows && share > MOVED.now && usual < MOVED.before;
  if ((isOther || hasMoved) && known.length >= FEWEST_DAYS)
    unusual.push({ kind: 'days', words: wordsOf('other days', neighbours) });
  return unusual;
}
