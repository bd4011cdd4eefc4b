import type { LiveEntry } from '../../../observe/facts/flow/liveEntries.ts';
import { entryText } from '../../../observe/live/entryText.ts';

/** An entry with its number, from 1 in the order in which the page has read them. */
export interface NumberedEntry {
  /** Its number. */
  readonly number: number;
  /** The entry as the API answers it. */
  readonly entry: LiveEntry;
}

/** Entries that are alike, or one. */
export interface Burst {
  /** The newest of them. */
  readonly newest: NumberedEntry;
  /** All of them, the newest first. */
  readonly entries: readonly NumberedEntry[];
}

/** So many entries of ten seconds that are alike are a burst. */
const BURST = 4;

/** Characters of a time that ten seconds share: the last digit of the seconds goes. */
const TEN_SECONDS = '2026-11-20T10:05:0'.length;

/** Entries with the newest first, in which a burst stands as one. */
export function burstsOf(kept: readonly NumberedEntry[]): readonly Burst[] {
  const alike = Map.groupBy(
    kept.toReversed(),
    ({ entry }) => `${entry.at.slice(0, TEN_SECONDS)} ${sharedWords(entry)}`,
  );
  return [...alike.values()]
    .flatMap((entries) => (entries.length < BURST ? entries.map((entry) => [entry]) : [entries]))
    .flatMap((entries) => entries.slice(0, 1).map((newest) => ({ newest, entries })))
    .sort((a, b) => b.newest.number - a.newest.number);
}

/** What entries of a burst share: status, SDK, key and code, or kind, name and group. */
export function sharedWords(entry: LiveEntry): readonly string[] {
  const isRequest = entry.type === 'request';
  const hasMore = isRequest ? entry.code : entry.group;
  return entryText(entry)
    .split('  ')
    .slice(0, (isRequest ? 3 : 2) + (hasMore === null ? 0 : 1));
}
