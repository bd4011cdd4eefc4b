import { addDays, utcDay } from '../base/time.ts';
import { fileFinder, fileIdentity, type NamedFile, namedFiles } from '../ledger/erasureNotes.ts';
import type { LedgerContent } from '../ledger/LedgerEntry.ts';
import type { FetchedObject } from '../parquet/fetchFiles.ts';
import type { Config } from '../schema/config.ts';
import { isMade } from './curationRun.ts';

/** Settings that say when raw files expire. */
export interface RetentionConfig {
  /** How many days raw files are kept. */
  readonly retention: Pick<Config['retention'], 'forwardedDays'>;
  /** How many days after today a row can be of: the folder of such a day gets files before the day begins. */
  readonly timeWindow: Pick<Config['timeWindow'], 'futureDays'>;
}

/**
 * The raw files of a curated day that are gone, or replaced by others, without a known reason, although the current
 * version was made of them. The next version keeps their rows, and until it is made views go on reading the current
 * one.
 *
 * Known reasons are an erasure, which notes what it replaces; retention, by which the first files of a day expire
 * before later ones; and `sluice curate accept --drop`.
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
  const { forwardedDays } = retention;
  if (entry?.version === undefined) return [];
  const { day, curated: { inputs = [], kept, run } = {} } = entry;
  if (forwardedDays !== null && utcDay(now) >= addDays(day, forwardedDays - timeWindow.futureDays)) return [];
  const isThere = fileFinder(entry, namedFiles(day, files));
  const known = [
    ...inputs,
    // The partition may have the version of this run, if the task was killed before it settled the version.
    ...(run !== undefined && isMade(run) ? run.inputs : []),
    ...(kept === undefined || kept.accepted === 'drop' ? [] : kept.files),
  ].filter((file) => !isThere(file));
  return [...new Map(known.map((file) => [fileIdentity(file), file])).values()];
}
