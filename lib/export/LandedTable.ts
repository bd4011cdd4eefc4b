import type { Readable } from 'node:stream';
import { areDigests } from '../base/ObjectStore.ts';
import type { UtcDay } from '../base/time.ts';
import { fileFinder, namedFiles } from '../ledger/erasureNotes.ts';
import { type FileFate, fingerprintFiles, type LedgerEntry } from '../ledger/LedgerEntry.ts';
import type { Config } from '../schema/config.ts';
import { restoredKey } from '../tables/tableFolders.ts';
import { SETTLED_MS } from './limits.ts';

/** A file of a table's day in the deployment's bucket. */
export interface LandedFile {
  /** The key of the object. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The ETag of the object, with its quotes. */
  readonly eTag: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

/** A table of the deployment, as the export reads it. Methods throw ExportError. */
export interface LandedTable {
  /** Whether the table is raw: {@link TableFiles}. */
  readonly isRaw: boolean;
  /** Whether the files are encrypted with a key of KMS. */
  readonly isKms?: boolean | undefined;
  /** Whether files of a day may have expired. False of every day of a table that is not raw. */
  isPast(day: UtcDay): boolean;
  /** The location of days: a prefix in the bucket for each day that has a partition. */
  locations(days: readonly UtcDay[]): Promise<ReadonlyMap<UtcDay, string>>;
  /**
   * Files below a prefix in the order of keys, without markers and empty objects. More than `MOST_FILE_PAGES` pages are
   * refused: `SLUICE_EXPORT_TOO_MANY_FILES`.
   */
  files(location: string): Promise<readonly LandedFile[]>;
  /** The bytes of a file as it was listed; null if the file has changed or is gone. */
  read(file: LandedFile): Promise<Readable | null>;
}

/** What says when files of raw tables expire. */
interface RawTableConfig extends Pick<Config, 'tables' | 'timeWindow'> {
  /** Days for which rows are kept. */
  readonly retention: Pick<Config['retention'], 'forwardedDays' | 'quarantineDays'>;
}

/**
 * How the files of a table's days come and go. `raw`: they come one by one, and those of a day begin to expire so many
 * days after it, or never (null). `versions`: each version of a day has a folder of its own, with all of its files.
 */
export type TableFiles =
  | { readonly kind: 'raw'; readonly expireAfterDays: number | null }
  | { readonly kind: 'versions' };

/** How the files of a table come and go. Of a forwarded table the oldest of a day came up to `futureDays` before it. */
export function tableFiles({ tables, retention, timeWindow }: RawTableConfig, table: string): TableFiles {
  const { forwardedDays, quarantineDays } = retention;
  if (table === tables.quarantine) return { kind: 'raw', expireAfterDays: quarantineDays };
  if (table !== tables.exposures && table !== tables.events) return { kind: 'versions' };
  const expireAfterDays = forwardedDays === null ? null : forwardedDays - timeWindow.futureDays;
  return { kind: 'raw', expireAfterDays };
}

/** The files of a table's day, and their fingerprint. */
export interface DayFiles {
  /** Prefix of the day's files; undefined if the table has no such day. */
  readonly location: string | undefined;
  /** The files of the day, in the order of their keys. */
  readonly files: readonly LandedFile[];
  /** Identifies this state of the files; `NO_FILES` (LedgerEntry.ts) without files. */
  readonly fingerprint: string;
}

/**
 * Lists a day. New files of a raw table are left out for half an hour. Files that were exported before are not new: an
 * erasure replaces them under their keys.
 *
 * @param location Undefined if the table has no such day.
 * @param before Files of the last export.
 */
export async function listDayFiles(
  table: Pick<LandedTable, 'files' | 'isRaw'>,
  location: string | undefined,
  before: readonly Pick<FileFate, 'key'>[],
  now: number,
): Promise<DayFiles> {
  const all = location === undefined ? [] : await table.files(location);
  const known = new Set(before.map(({ key }) => key));
  const isSettled = ({ key, modifiedAt }: LandedFile) =>
    !table.isRaw || known.has(key) || now - modifiedAt >= SETTLED_MS;
  const files = all.filter(isSettled);
  return { location, files, fingerprint: fingerprintFiles(files) };
}

/**
 * Exported files whose source is gone, or replaced by another file, for no known reason: their copies stay. Known
 * reasons are an erasure, retention, and another version of the day, which is then what the table has. A file that was
 * copied back counts as there. Where ETags are no digests, a file of the same size and key counts as that file.
 *
 * @param entry The day's entry in the ledger, with the files of the last export.
 */
export function keptFiles(
  table: Pick<LandedTable, 'isPast' | 'isKms'>,
  entry: Pick<LedgerEntry, 'day' | 'files' | 'erasures'>,
  { location, files }: DayFiles,
): readonly FileFate[] {
  const { day } = entry;
  if (table.isPast(day)) return [];
  const { isKms = false } = table;
  const isThere = fileFinder(entry, namedFiles(day, files));
  const present = new Map(files.map((file) => [file.key, file]));
  return entry.files.flatMap((file) => {
    const isOfVersion = location === undefined || file.key.startsWith(location);
    const isBack = [file.key, restoredKey(file.key)].some((key) => {
      const { size, eTag = '' } = present.get(key) ?? {};
      return size === file.size && (eTag === file.eTag || !areDigests([eTag, file.eTag], isKms));
    });
    const isGone = isOfVersion && !isBack && namedFiles(day, [file]).every((named) => !isThere(named));
    return isGone && (file.fate === 'loaded' || file.fate === 'kept') ? [{ ...file, fate: 'kept' }] : [];
  });
}
