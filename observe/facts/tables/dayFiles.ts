import type { UtcDay } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { rowFiles } from './tableDays.ts';
import { readPartitions, type TableSummary, TablesError } from './tables.ts';

/** A file of a table. */
export interface TableFile {
  readonly key: string;
  readonly bytes: number;
  /** ISO 8601. */
  readonly lastModified: string;
}

/** The files of a day, or of a table, by key. */
export interface TableFiles {
  readonly table: string;
  readonly day: UtcDay | null;
  /** Where the files are: `s3://…`. */
  readonly location: string;
  /** Whether the catalog shows them: the day has a partition, or the table needs none. */
  readonly isRegistered: boolean;
  readonly files: readonly TableFile[];
  /** Whether there are more files. */
  readonly hasMore: boolean;
}

/** Files of the longest list. */
export const MOST_FILES = 200;
const USUAL_FILES = 50;

/**
 * The files of a day that readers see: those at the location of its partition. Of a day without a partition, those in
 * its folder.
 *
 * @param options `day`: without one, the files of all days. `limit`: files at most; default 50, at most {@link MOST_FILES}.
 * @throws TablesError; what the clients of AWS throw.
 */
export async function listTableFiles(
  deployment: Deployment,
  table: TableSummary,
  { day, limit = USUAL_FILES }: { readonly day?: UtcDay | undefined; readonly limit?: number | undefined },
): Promise<TableFiles> {
  if (table.location === null) throw new TablesError('SLUICE_TABLES_NO_FILES', `${table.name}.`);
  if (day !== undefined && !table.hasDays) throw new TablesError('SLUICE_TABLES_NO_DAYS', `${table.name}.`);
  const registered =
    day === undefined
      ? table.location
      : (await readPartitions(deployment, table.name, { from: day, to: day })).get(day);
  const location = registered ?? `${table.location}${day}/`;
  const files: TableFile[] = [];
  let hasMore = false;
  for await (const { Key = '', Size = 0, LastModified = new Date(0) } of rowFiles(deployment, location)) {
    hasMore = files.length === Math.min(limit, MOST_FILES);
    if (hasMore) break;
    files.push({ key: Key, bytes: Size, lastModified: LastModified.toISOString() });
  }
  return {
    ...{ table: table.name, day: day ?? null, location },
    isRegistered: registered !== undefined,
    files,
    hasMore,
  };
}
