import { addDays, type UtcDay, utcDay } from '../base/time.ts';
import type { NamedFile } from '../ledger/CuratedDay.ts';
import { countingErasures } from '../ledger/erasureNotes.ts';
import type { LedgerContent } from '../ledger/LedgerEntry.ts';
import type { FetchedObject } from '../parquet/fetchFiles.ts';
import type { Config } from '../schema/config.ts';

/** Settings that say when raw files expire. */
export interface RetentionConfig {
  readonly retention: Pick<Config['retention'], 'forwardedDays'>;
  readonly timeWindow: Pick<Config['timeWindow'], 'futureDays'>;
}

/** Raw files as the ledger names them. */
export function namedFiles(day: UtcDay, files: readonly Pick<FetchedObject, 'key' | 'eTag'>[]): NamedFile[] {
  const folder = `/${day}/`;
  return files.map(({ key, eTag }) => ({ name: key.slice(key.indexOf(folder) + folder.length), eTag }));
}

/**
 * The raw files of a curated day that are gone, or replaced by others, without a known reason: the version that is read has
 * rows of them. The next version keeps these rows, and until it is made views go on reading the one that is there.
 *
 * Known reasons are an erasure, which replaces a file under its own name and deletes none; retention, by which the first
 * files of a day expire before those that came later; and `sluice curate accept --drop`.
 *
 * @param entry The entry of the curated day in the ledger; null if there is none.
 * @param files The raw files that are there.
 */
export function lostFiles(
  { retention, timeWindow }: RetentionConfig,
  entry: LedgerContent | null,
  files: readonly Pick<FetchedObject, 'key' | 'eTag'>[],
  now: number,
): readonly NamedFile[] {
  const { inputs = [], kept } = entry?.curated ?? {};
  if (entry === null || entry.version === undefined || isExpired(retention.forwardedDays)) return [];
  const there = new Map(namedFiles(entry.day, files).map(({ name, eTag }) => [name, eTag]));
  const isErased = countingErasures(entry, now).length > 0;
  const isGone = ({ name, eTag }: NamedFile) => there.get(name) !== eTag;
  return [
    ...inputs.filter((file) => isGone(file) && !(isErased && there.has(file.name))),
    ...(kept === undefined || kept.accepted === 'drop' ? [] : kept.files.filter(isGone)),
  ];

  function isExpired(days: number | null): boolean {
    return days !== null && utcDay(now) >= addDays(entry?.day ?? '', days - timeWindow.futureDays);
  }
}
