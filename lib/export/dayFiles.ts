import { createHash } from 'node:crypto';
import { NO_FILES } from '../drops/Drop.ts';
import type { LandedFile, LandedTable } from './LandedTable.ts';

/** The files of a table's day, and a name for this state of them. */
export interface DayFiles {
  readonly files: readonly LandedFile[];
  /** `none` without files. */
  readonly fingerprint: string;
}

/** Lists a day. @param location Undefined where the table has no such day. */
export async function dayFiles(
  table: Pick<LandedTable, 'files'>,
  location: string | undefined,
): Promise<DayFiles> {
  const files = location === undefined ? [] : await table.files(location);
  if (files.length === 0) return { files, fingerprint: NO_FILES };
  const hash = createHash('sha256');
  for (const { key, eTag, size } of files) hash.update(`${JSON.stringify([key, eTag, size])}\n`);
  return { files, fingerprint: hash.digest('hex') };
}
