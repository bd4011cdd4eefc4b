import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import type { Deployment } from '../deployment.ts';
import { dayFolders, unregisteredDays } from '../facts/tables/partitionGaps.ts';
import {
  rowCondition,
  searchedColumns,
  type TracedDays,
  type TraceFilter,
} from '../facts/tables/tracedRows.ts';
import { openParquet } from './rowGroup.ts';

/** Bytes of files that are fetched: a day without a partition is new, or the registrar fails. */
const MOST_BYTES = 1_073_741_824;

/** S3 has times to the second, and its clock differs from the collector's. */
const SKEW_MS = 60_000;

/** A row in a file that no query reads, because its day has no partition. */
export interface UnregisteredRow {
  readonly kind: TableKind;
  readonly day: UtcDay;
  /** `s3://…` */
  readonly file: string;
  /** When the file was written, epoch milliseconds. */
  readonly writtenAt: number;
  /** As Athena's texts. */
  readonly row: Readonly<Record<string, string | null>>;
}

/** Rows that no query reads, and the days of which not all files were read. */
export interface UnregisteredRows {
  readonly rows: readonly UnregisteredRow[];
  /** `<table> <day>` */
  readonly unread: readonly string[];
}

interface File extends Omit<UnregisteredRow, 'row'> {
  readonly bytes: number;
}

/**
 * Finds rows in the files of days that have no partition: Athena does not see them.
 *
 * @param since Files that were written before are not read, epoch milliseconds.
 * @param most Rows of each file.
 * @throws What the clients of S3 and Glue throw; the reason of the signal.
 */
export async function readUnregisteredRows(
  deployment: Deployment,
  filter: TraceFilter,
  { days, since, most }: { readonly days: TracedDays; readonly since: number; readonly most: number },
): Promise<UnregisteredRows> {
  const files: File[] = [];
  for (const kind of tableKinds) {
    const folders = await dayFolders(deployment, kind, days);
    for (const day of await unregisteredDays(deployment, kind, folders))
      files.push(
        ...(await filesOf(deployment, kind, day)).filter(({ writtenAt }) => writtenAt + SKEW_MS >= since),
      );
  }
  const rows: UnregisteredRow[] = [];
  const unread = new Set<string>();
  let left = MOST_BYTES;
  for (const file of files.sort((a, b) => b.writtenAt - a.writtenAt)) {
    left -= file.bytes;
    const found = left < 0 ? undefined : await rowsOf(deployment, file, filter, most);
    if (found === undefined) unread.add(`${deployment.config.tables[file.kind]} ${file.day}`);
    const { kind, day, file: location, writtenAt } = file;
    rows.push(...(found ?? []).map((row) => ({ kind, day, file: location, writtenAt, row })));
  }
  return { rows, unread: [...unread].sort() };
}

async function filesOf(
  { s3, config: { bucket, ...layout } }: Pick<Deployment, 's3' | 'config'>,
  kind: TableKind,
  day: UtcDay,
): Promise<File[]> {
  const files: File[] = [];
  const input = { Bucket: bucket, Prefix: dayFolder(layout, kind, day) };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, input))
    for (const { Key = '', Size = 0, LastModified } of Contents)
      files.push({
        ...{ kind, day, bytes: Size, file: `s3://${bucket}/${Key}` },
        writtenAt: LastModified?.getTime() ?? 0,
      });
  return files.filter(({ bytes }) => bytes > 0);
}

/** Undefined if the file cannot be read, or has been removed. */
function rowsOf(
  { s3, config, signal }: Pick<Deployment, 's3' | 'config' | 'signal'>,
  { kind, file }: File,
  filter: TraceFilter,
  most: number,
): Promise<UnregisteredRow['row'][] | undefined> {
  signal?.throwIfAborted();
  return openParquet(s3, file, async (connection, path) => {
    // Files that were written before a unit type was configured lack its column.
    const columns = searchedColumns(config, kind).map((name) => `NULL::VARCHAR AS ${quoteName(name)}`);
    const found = await connection
      .runAndReadAll(
        `SELECT CAST(COLUMNS(*) AS VARCHAR)
        FROM (SELECT * FROM read_parquet(${quoteText(path)}) UNION ALL BY NAME (SELECT ${columns.join(', ')} LIMIT 0))
        WHERE ${rowCondition(config, kind, filter)}
        ORDER BY "received_at" DESC
        LIMIT ${most}`,
      )
      .catch(() => undefined);
    return found
      ?.getRowObjects()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
        ),
      );
  });
}
