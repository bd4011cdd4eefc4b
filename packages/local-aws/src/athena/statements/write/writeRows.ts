import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { quoteName, quoteText } from '../../../base/sql.ts';
import { readPieces } from '../../../disk/files.ts';
import { parseLocation, type S3Folder } from '../../../glue/index.ts';
import { statementError } from '../../engine/StatementError.ts';
import { type RunnerOptions, STATEMENT_LIMITS, type StatementResult } from '../../engine/StatementRunner.ts';
import { type OpenQuery, type QueryRun, rowsFrom } from '../queryStatements.ts';
import type { NewPartition } from './tablePartitions.ts';

/** The result of a statement without its kind. */
export type QueryResult = Omit<StatementResult, 'statementType' | 'substatementType'>;

/** The result of a statement that writes no rows. */
export const NOTHING_WRITTEN: WriteResult = { rows: 0, scannedBytes: 0, locations: [], partitions: [] };

/** The result of a statement that has written rows. */
export function toStatementResult({ rows, scannedBytes, locations }: WriteResult): QueryResult {
  return {
    columns: [{ name: 'rows', type: 'bigint', precision: 19, scale: 0, nullable: 'UNKNOWN' }],
    rows: rowsFrom([]),
    updateCount: rows,
    scannedBytes: () => scannedBytes,
    output: 'txt',
    manifest: locations,
  };
}

/** A column to write. */
interface OutputColumn {
  /** Name of the column in the file. */
  readonly name: string;
  /** Its value in SQL, over the query's columns `c0`, `c1`, … */
  readonly sql: string;
}

/** What rows are written into. */
interface RowTarget {
  /** The columns of the files, in order. */
  readonly columns: readonly OutputColumn[];
  /** Names of the partition columns, which are not written to the files. */
  readonly keys: readonly string[];
  /** DuckDB's name of Parquet's compression. */
  readonly compression: string;
  /** The location of a partition, or of a table without keys, whose values are `[]`. It ends with a slash. */
  readonly locationOf: (values: readonly string[]) => string;
}

/** The result of writing rows. */
interface WriteResult {
  /** The number of rows written. */
  readonly rows: number;
  /** Bytes of the files that the query read. */
  readonly scannedBytes: number;
  /** The `s3://` locations of the objects. */
  readonly locations: readonly string[];
  /** The partitions that received rows; none in a table without partition keys. */
  readonly partitions: readonly NewPartition[];
}

/**
 * Writes a query's rows as Parquet files to disk and then uploads them. It closes the session.
 *
 * @throws StatementError; the reason of the signal, if the statement is cancelled; AwsError of the bucket. The objects
 *   that the statement has written are deleted before, if that is possible.
 */
export async function writeRows(open: OpenQuery, run: QueryRun, into: RowTarget): Promise<WriteResult> {
  const { session, context, runner } = run;
  const { keys, locationOf } = into;
  const folder = join(session.directory, 'out');
  const copy = copyStatement(open, into, folder);
  const written: ObjectPlace[] = [];
  try {
    mkdirSync(folder);
    const scannedBytes = await open.attachFiles();
    const counted = (await session.read(copy.sql)).getRowsJS()[0]?.[0];
    if (counted === undefined) throw new Error('DuckDB does not say how many rows it has written.');
    const rows = Number(counted);
    // DuckDB writes a file for no rows, too.
    const files = rows === 0 ? [] : listWritten(folder, keys);
    const partitions = new Map(files.map(({ values }) => [JSON.stringify(values), values]));
    assertFewPartitions(partitions.size);
    for (const [index, { path, values }] of files.entries()) {
      context.signal.throwIfAborted();
      const place = requireLocation(locationOf(values));
      const key = `${place.folder}${context.executionId}_${index}`;
      context.onCall({ service: 's3', operation: 'PutObject', bucket: place.bucket, key });
      await runner.store.put(place.bucket, key, readPieces(path));
      written.push({ bucket: place.bucket, key });
    }
    return {
      rows,
      scannedBytes,
      locations: written.map(({ bucket, key }) => `s3://${bucket}/${key}`),
      partitions:
        keys.length === 0
          ? []
          : [...partitions.values()].map((values) => ({ values, location: locationOf(values) })),
    };
  } catch (error) {
    deleteWritten(runner, written);
    throw context.signal.aborted ? context.signal.reason : open.translateError(error, copy.prefixLength);
  } finally {
    session.close();
  }
}

/** An object that has been written. */
interface ObjectPlace {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Key of the object. */
  readonly key: string;
}

/**
 * Deletes what a statement that fails has written: its readers would find these rows, and twice if it is run again. What cannot be deleted
 * stays, as in Athena, and the statement fails for its own reason:
 * https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 */
function deleteWritten({ store }: Pick<RunnerOptions, 'store'>, written: readonly ObjectPlace[]): void {
  for (const { bucket, key } of written) {
    try {
      store.delete(bucket, key);
    } catch {
      // Others can perhaps be deleted.
    }
  }
}

/** A statement of DuckDB that contains a query. */
interface CopyStatement {
  /** The statement's text. */
  readonly sql: string;
  /** The number of characters before the query. */
  readonly prefixLength: number;
}

/** The statement that writes a query's rows to files: one, or one folder a partition. */
function copyStatement(
  open: OpenQuery,
  { columns, keys, compression }: RowTarget,
  folder: string,
): CopyStatement {
  const names = open.columns.map((_, index) => `c${index}`).join(', ');
  const selected = columns
    .map(({ name, sql }) => `${keys.includes(name) ? folderText(sql) : sql} AS ${quoteName(name)}`)
    .join(', ');
  const prefix = `COPY (SELECT ${selected} FROM (`;
  const partitioning =
    keys.length === 0 ? '' : `, PARTITION_BY (${keys.map(quoteName).join(', ')}), FILENAME_PATTERN '{i}'`;
  const target = keys.length === 0 ? join(folder, '0.parquet') : folder;
  const options = `FORMAT parquet, COMPRESSION ${compression}${partitioning}`;
  return {
    sql: `${prefix}${open.sql}) AS q(${names})) TO ${quoteText(target)} (${options})`,
    prefixLength: prefix.length,
  };
}

/**
 * Checks the number of partitions that rows are written into. @throws StatementError `HIVE_TOO_MANY_OPEN_PARTITIONS`
 */
function assertFewPartitions(count: number): void {
  if (count <= STATEMENT_LIMITS.writtenPartitions) return;
  throw statementError(
    'HIVE_TOO_MANY_OPEN_PARTITIONS',
    `Exceeded limit of ${STATEMENT_LIMITS.writtenPartitions} open writers for partitions/buckets`,
  );
}

/** The bucket and the folder of a location. @throws StatementError `INVALID_TABLE_PROPERTY` */
export function requireLocation(location: string): S3Folder {
  const place = parseLocation(location);
  if (place === undefined) throw statementError('INVALID_TABLE_PROPERTY', `Not an S3 location: ${location}`);
  return place;
}

/** A Parquet file that DuckDB has written. */
interface WrittenFile {
  /** Path of the file on disk. */
  readonly path: string;
  /** The values of its partition, in the order of the partition keys. */
  readonly values: readonly string[];
}

/** The Parquet files that DuckDB has written, in folders by partition. */
function listWritten(folder: string, keys: readonly string[]): WrittenFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((file) => ({
      path: join(file.parentPath, file.name),
      values: keys.length === 0 ? [] : relative(folder, file.parentPath).split('/').map(partitionValue),
    }));
}

/** DuckDB's name of the folder of rows whose partition key is null, which is Hive's, too. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/**
 * SQL of a partition key as it stands in a folder's name: hexadecimal digits, because two values that differ only by case would
 * have one folder on macOS.
 */
function folderText(sql: string): string {
  return `hex(CAST(${sql} AS VARCHAR))`;
}

/** The value in a folder's name, such as `ds=323032362D31312D3230`. */
function partitionValue(folder: string): string {
  const text = decodeURIComponent(folder.slice(folder.indexOf('=') + 1));
  return text === NULL_PARTITION ? text : Buffer.from(text, 'hex').toString('utf8');
}
