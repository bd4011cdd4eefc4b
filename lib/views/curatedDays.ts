import { addDays, type UtcDay } from '../base/time.ts';
import type { ForwardedKind } from '../schema/kinds.ts';

/** Days of a table that follow one another, the first and the last included. */
export interface DayRange {
  /** The first day. */
  readonly from: UtcDay;
  /** The last day; the first one if the range is a single day. */
  readonly to: UtcDay;
}

/** The days that views read from the curated tables: ranges that do not overlap, newest first. */
export type CuratedDays = Readonly<Record<ForwardedKind, readonly DayRange[]>>;

/** No curated days: views read only the forwarded tables. */
export const nothingCurated: CuratedDays = { exposures: [], events: [] };

/** The ranges of some days, newest first. Order and repetitions of the days do not matter. */
export function dayRanges(days: Iterable<UtcDay>): DayRange[] {
  const ranges: DayRange[] = [];
  for (const day of [...new Set(days)].sort()) {
    const last = ranges.at(-1);
    if (last !== undefined && addDays(last.to, 1) === day) ranges[ranges.length - 1] = { ...last, to: day };
    else ranges.push({ from: day, to: day });
  }
  return ranges.reverse();
}
