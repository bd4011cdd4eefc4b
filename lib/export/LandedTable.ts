import type { Readable } from 'node:stream';
import type { UtcDay } from '../base/time.ts';
import { type FileFate, fingerprintFiles } from '../ledger/LedgerEntry.ts';
import { SETTLED_MS } from './limits.ts';

/** A file of a table's day in the deployment's bucket. */
export interface LandedFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly eTag: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

/** A table of the deployment, as the export reads it. Methods throw ExportError. */
export interface LandedTable {
  /** Of a raw table, whose days keep their location: whether a day is past retention. Undefined for other tables. */
  readonly isPast?: ((day: UtcDay) => boolean) | undefined;
  /** The location of days: a prefix in the bucket for each day that has a partition. */
  locations(days: readonly UtcDay[]): Promise<ReadonlyMap<UtcDay, string>>;
  /**
   * Files below a prefix in key order, without markers and empty objects. More than `MOST_FILE_PAGES` pages are refused:
   * `SLUICE_EXPORT_TOO_MANY_FILES`.
   */
  files(location: string): Promise<readonly LandedFile[]>;
  /** Bytes of a file as it was listed; null if it has changed or is gone. */
  read(file: LandedFile): Promise<Readable | null>;
}

/** The files of a table's day, and their fingerprint. */
export interface DayFiles {
  readonly files: readonly LandedFile[];
  /** `none` without files. */
  readonly fingerprint: string;
}

/**
 * Lists a day. Of a raw table new files are left out for half an hour. Files that were exported before are not new: an erasure
 * replaces them under their keys.
 *
 * @param location Undefined if the table has no such day.
 * @param before Files of the last export.
 */
export async function listDayFiles(
  table: Pick<LandedTable, 'files' | 'isPast'>,
  location: string | undefined,
  before: readonly Pick<FileFate, 'key'>[],
  now: number,
): Promise<DayFiles> {
  const all = location === undefined ? [] : await table.files(location);
  const known = new Set(before.map(({ key }) => key));
  const isSettled = ({ key, modifiedAt }: LandedFile) =>
    table.isPast === undefined || known.has(key) || now - modifiedAt >= SETTLED_MS;
  const files = all.filter(isSettled);
  return { files, fingerprint: fingerprintFiles(files) };
}

/**
 * Exported files whose source is gone for no known reason: their copies stay. The reasons are another version of the day, which
 * is what its table says now, and retention.
 */
export function keptFiles(
  { isPast }: Pick<LandedTable, 'isPast'>,
  day: UtcDay,
  location: string | undefined,
  before: readonly FileFate[],
  { files }: DayFiles,
): readonly FileFate[] {
  if (isPast?.(day) === true) return [];
  const there = new Set(files.map(({ key }) => key));
  return before.flatMap((file) => {
    const isGone = !there.has(file.key) && (location === undefined || file.key.startsWith(location));
    return isGone && (file.fate === 'loaded' || file.fate === 'kept') ? [{ ...file, fate: 'kept' }] : [];
  });
}
