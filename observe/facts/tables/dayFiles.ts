import { GetObjectCommand, ListObjectsV2Command, S3ServiceException } from '@aws-sdk/client-s3';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { footerBytes, footerRows } from '../../../lib/parquet/parquetFooter.ts';
import type { Deployment } from '../../deployment.ts';
import { listRowFiles, s3Location } from './tableDays.ts';
import { findTable, readPartitions, sent, TablesError } from './tables.ts';

/** A file of a table. */
export interface TableFile {
  readonly key: string;
  readonly bytes: number;
  /** ISO 8601. */
  readonly lastModified: string;
  /** By its footer; null for a file that is not Parquet, or that is gone since it was listed. */
  readonly rows: number | null;
  readonly rowGroups: number | null;
}

/** The files of a day, or of a table without days, by key. */
export interface TableFiles {
  readonly table: string;
  readonly day: UtcDay | null;
  /** Where the files are: `s3://…`. */
  readonly location: string;
  /** Whether the catalog shows them: the day has a partition, or the table needs none. */
  readonly isRegistered: boolean;
  /**
   * Of an ingested table: the versions of the day that S3 still has, by name. Readers see the one at `location`; others
   * are deleted later (docs/ingest.md). Null for other tables.
   */
  readonly versions: readonly string[] | null;
  readonly files: readonly TableFile[];
  /** Whether there are more files. */
  readonly hasMore: boolean;
}

/** Options of {@link listTableFiles}. */
export interface TableFilesOptions {
  readonly table: string;
  /** Required for a table with days. */
  readonly day?: UtcDay | undefined;
  /** Files at most. Default 50, at most {@link MOST_FILES}. */
  readonly limit?: number | undefined;
}

/** Files of the longest list: each costs a request for its footer. */
export const MOST_FILES = 200;
const USUAL_FILES = 50;
const PARALLEL = 16;
/** The end of a file that is read at first: footers of Firehose are a tenth of it. */
const TAIL_BYTES = 64 * 1024;
/** Longer footers are not read to show a number. */
const MOST_FOOTER_BYTES = 16 * 1024 * 1024;

/**
 * The files of a day that readers see: those at the location of its partition. Of a day without a partition, those in
 * its folder.
 *
 * @throws TablesError; ObserveError; what the clients of AWS throw.
 */
export async function listTableFiles(
  deployment: Deployment,
  options: TableFilesOptions,
): Promise<TableFiles> {
  const { limit = USUAL_FILES, day } = options;
  const table = await findTable(deployment, options.table);
  if (table.location === null) throw new TablesError('SLUICE_TABLES_NO_FILES', `${table.name}.`);
  if (day !== undefined && !table.hasDays) throw new TablesError('SLUICE_TABLES_NO_DAYS', `${table.name}.`);
  if (day === undefined && table.hasDays) throw new TablesError('SLUICE_TABLES_DAY_NEEDED', `${table.name}.`);
  const registered =
    day === undefined
      ? table.location
      : (await readPartitions(deployment, table.name, { from: day, to: day })).get(day);
  const location = registered ?? `${table.location}${day}/`;
  const page = await listRowFiles(deployment, location, {
    after: undefined,
    limit: Math.min(limit, MOST_FILES),
  });
  const { Bucket } = s3Location(location);
  const files = await mapLimit(page.objects, PARALLEL, async ({ Key = '', Size = 0, LastModified }) => ({
    key: Key,
    bytes: Size,
    lastModified: (LastModified ?? new Date(0)).toISOString(),
    ...(await readRows(deployment, { Bucket, Key }, Size)),
  }));
  return {
    table: table.name,
    day: day ?? null,
    location,
    isRegistered: registered !== undefined,
    versions:
      table.kind === 'ingested' || table.kind === 'curated'
        ? await listVersions(deployment, `${table.location}${day}/`)
        : null,
    files,
    hasMore: page.next !== undefined,
  };
}

/** Names of the folders below a day's folder. */
async function listVersions(
  { s3, signal }: Pick<Deployment, 's3' | 'signal'>,
  folder: string,
): Promise<string[]> {
  const { Bucket, Prefix } = s3Location(folder);
  const command = new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/' });
  const { CommonPrefixes = [] } = await s3.send(command, ...sent(signal));
  return CommonPrefixes.map(({ Prefix: version = '' }) => version.slice(Prefix.length, -1));
}

type Rows = Pick<TableFile, 'rows' | 'rowGroups'>;
const UNKNOWN: Rows = { rows: null, rowGroups: null };

/** The rows of a file by its footer, which is at its end; null for what is no Parquet file, or gone. */
async function readRows(
  deployment: Pick<Deployment, 's3' | 'signal'>,
  object: { readonly Bucket: string; readonly Key: string },
  size: number,
): Promise<Rows> {
  let tail = await readEnd(deployment, object, Math.min(size, TAIL_BYTES));
  const needed = tail === undefined ? undefined : footerBytes(tail);
  if (needed === undefined || tail === undefined || needed > Math.min(size, MOST_FOOTER_BYTES))
    return UNKNOWN;
  if (needed > tail.length) tail = await readEnd(deployment, object, needed);
  if (tail === undefined || tail.length < needed) return UNKNOWN;
  try {
    return footerRows(tail);
  } catch (error) {
    if (error instanceof RangeError) return UNKNOWN;
    throw error;
  }
}

/** The last bytes of an object; undefined when it is gone. */
async function readEnd(
  { s3, signal }: Pick<Deployment, 's3' | 'signal'>,
  object: { readonly Bucket: string; readonly Key: string },
  bytes: number,
): Promise<Buffer | undefined> {
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({ ...object, Range: `bytes=-${bytes}` }),
      ...sent(signal),
    );
    return Body === undefined ? undefined : Buffer.from(await Body.transformToByteArray());
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}
