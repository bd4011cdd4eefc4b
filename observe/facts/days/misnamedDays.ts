import { HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import type { DatasetDays } from './dropDays.ts';

/** A name that has a year. */
const HAS_YEAR = /(19|20)\d\d/;

/** Days of the lookback that have no file since the last that came, and names in the folder that look like days of another form. */
interface MisnamedDays {
  /** Oldest first, at least one. Today is left out: it may still come. */
  readonly missed: readonly UtcDay[];
  /** At least one, as `2026/`. */
  readonly names: readonly string[];
}

/** Whether the days of a dataset seem to come under names that its `dayFormat` and `layout` do not have; null if not. */
export function misnamedDays({ days, lookbackDays, lastLook }: DatasetDays): MisnamedDays | null {
  const past = days.slice(-lookbackDays - 1, -1);
  const missed = past.slice(past.findLastIndex(({ state }) => state !== null) + 1).map(({ day }) => day);
  const [first] = missed;
  if (first === undefined) return null;
  const names = namesSinceDay(lastLook, first).filter((name) => HAS_YEAR.test(name));
  return names.length === 0 ? null : { missed, names };
}

/** A day begins in some time zones so long before it does in UTC, at most. */
const EARLIEST_BEGIN_MS = 14 * HOUR_MS;

/**
 * Names in the folder that are no days, without those that were there before a day: its files cannot be below them. Notes of earlier
 * versions do not say since when a name is there.
 */
export function namesSinceDay(lastLook: DatasetDays['lastLook'], day: UtcDay): readonly string[] {
  const from = Date.parse(day) - EARLIEST_BEGIN_MS;
  const { elsewhere, namesSince } = lastLook ?? {};
  return (elsewhere?.others ?? []).filter((name) => (namesSince?.[name] ?? from) >= from);
}
