import type { UtcDay } from '../../../lib/base/time.ts';
import type { DatasetDays } from './dropDays.ts';

/** A name that has a year. */
const HAS_YEAR = /(19|20)\d\d/;

/** Days of the lookback that have no file since the last that came, and names in the folder that look like days of another form. */
export interface MisnamedDays {
  /** Oldest first, at least one. Today is left out: it may still come. */
  readonly missed: readonly UtcDay[];
  /** At least one, as `2026/`. */
  readonly names: readonly string[];
}

/** Whether the days of a dataset seem to come under names that its `dayFormat` and `layout` do not have; null if not. */
export function misnamedDays({ days, lookbackDays, lastLook }: DatasetDays): MisnamedDays | null {
  const names = lastLook?.elsewhere?.others.filter((name) => HAS_YEAR.test(name)) ?? [];
  const past = days.slice(-lookbackDays - 1, -1);
  const missed = past.slice(past.findLastIndex(({ state }) => state !== null) + 1).map(({ day }) => day);
  return missed.length === 0 || names.length === 0 ? null : { missed, names };
}
