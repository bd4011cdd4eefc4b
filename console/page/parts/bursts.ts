import type { LiveEntry } from '../../../observe/facts/flow/liveEntries.ts';
import { entryParts } from '../../../observe/live/entryText.ts';

/** An entry with its number. */
export interface NumberedEntry {
  /** Counts from 1 in the order in which the page has read the entries. */
  readonly number: number;
  /** The entry as the API answers it. */
  readonly entry: LiveEntry;
}

/** Entries that are alike and stand as one row, or a single entry. */
export interface Burst {
  /** The newest of them. */
  readonly newest: NumberedEntry;
  /** All of them, the newest first. */
  readonly entries: readonly NumberedEntry[];
}

/** The least number of entries that become one row, if they are alike and came within the same ten seconds. */
const BURST = 4;

/** Characters of a time without the last digit of its seconds: times of the same ten seconds share them. */
const TEN_SECONDS = '2026-11-20T10:05:0'.length;

/** Bursts and single entries, those with the newest entry first. @param kept Entries with the oldest first. */
export function burstsOf(kept: readonly NumberedEntry[]): readonly Burst[] {
  const alike = Map.groupBy(kept.toReversed(), ({ entry }) =>
    JSON.stringify([entry.at.slice(0, TEN_SECONDS), entryParts(entry).shared]),
  );
  return [...alike.values()]
    .flatMap((entries) => (entries.length < BURST ? entries.map((entry) => [entry]) : [entries]))
    .flatMap((entries) => entries.slice(0, 1).map((newest) => ({ newest, entries })))
    .sort((a, b) => b.newest.number - a.newest.number);
}
