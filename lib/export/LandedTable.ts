import type { Readable } from 'node:stream';
import type { UtcDay } from '../base/time.ts';
import { fingerprintFiles } from '../ledger/LedgerEntry.ts';

/** A file of a table's day in the deployment's bucket. */
export interface LandedFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly eTag: string;
}

/** A table of the deployment, as the export reads it. Methods throw ExportError. */
export interface LandedTable {
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

/** Lists a day. @param location Undefined if the table has no such day. */
export async function listDayFiles(
  table: Pick<LandedTable, 'files'>,
  location: string | undefined,
): Promise<DayFiles> {
  const files = location === undefined ? [] : await table.files(location);
  return { files, fingerprint: fingerprintFiles(files) };
}
