import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBMapValue, DuckDBValue } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../base/sql.ts';
import { readPieces } from '../../disk/files.ts';
import {
  humanPartition,
  type IcebergField,
  type IcebergType,
  type NewFile,
  type PartitionValue,
  schemaOf,
  specOf,
  type TableMetadata,
} from '../../iceberg/index.ts';
import type { Session } from '../engine/Session.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { RunnerOptions, StatementContext } from '../engine/StatementRunner.ts';
import { STATEMENT_LIMITS } from '../engine/StatementRunner.ts';
import { type ColumnMetrics, columnMetrics } from './parquet/parquetStats.ts';
import { type PartitionColumn, partitionColumns } from './parquet/partitionSql.ts';
import { objectOf } from './tableFiles.ts';
import { duckDbTypeOf, fieldIds } from './types.ts';

/** The parts of a statement that writing uses: `QueryRun` has them. */
export interface WriteRun {
  readonly runner: Pick<RunnerOptions, 'store'>;
  readonly session: Session;
  readonly context: Pick<StatementContext, 'onCall' | 'signal' | 'executionId'>;
}

/** A file that has been written. */
export interface WrittenFile extends ColumnMetrics {
  readonly location: string;
  readonly recordCount: bigint;
  readonly sizeBytes: bigint;
}

/** How {@link writeDataFiles} writes; all optional. */
export interface WriteOptions {
  /** Translates an error of DuckDB. @param prefix The number of characters before the query in the text that ran. */
  readonly translateError?: (error: unknown, prefix: number) => unknown;
  /** The partition of all rows, by the IDs of the default spec's fields. Default: it is computed from each row. */
  readonly partition?: ReadonlyMap<number, PartitionValue>;
  /** Bytes of a file at which the next begins, if `partition` is given or the spec has no fields. Default unlimited. */
  readonly targetBytes?: number;
}

/**
 * Writes rows as data files of a table, each of one partition of its default spec, with the IDs of its columns, counts and
 * bounds. They belong to no snapshot until a commit adds them. When it fails, nothing stays.
 *
 * @param sql A query in DuckDB's SQL with the columns of the table's schema, in their order, of any name; they are cast
 *   to the table's types.
 * @throws StatementError `ICEBERG_TOO_MANY_OPEN_PARTITIONS` beyond Athena's 100 partitions, `CONSTRAINT_VIOLATION` for
 *   null in a required column.
 */
export async function writeDataFiles(
  run: WriteRun,
  metadata: TableMetadata,
  sql: string,
  options: WriteOptions = {},
): Promise<{ readonly files: NewFile[]; readonly rows: number }> {
  const { fields } = schemaOf(metadata);
  const spec = specOf(metadata);
  requireParquet(metadata);
  if (fields.some(({ type }) => hasFixed(type)))
    throw notEmulated('Writing rows of an Iceberg table with a column of the type fixed');
  const { session } = run;
  const isSplit = spec.fields.length > 0 && options.partition === undefined;
  const partition = isSplit ? await partitionColumns(session, spec, fields) : [];
  const names = fields.map(({ name }) => quoteName(name)).join(', ');
  const casts = fields.map(({ type }, index) => `CAST(c${index} AS ${duckDbTypeOf(type)})`);
  const list = casts.map((cast, index) => `${cast} AS ${quoteName(fields[index]?.name ?? '')}`).join(', ');
  const groups = partition.map((column, index) => `${groupSql(column)} AS ${quoteName(groupName(index))}`);
  const before = `COPY (SELECT ${[names, ...groups].join(', ')} FROM (SELECT ${list} FROM (`;
  const columns = fields.map((_, index) => `c${index}`).join(', ');
  const folder = newFolder(session);
  const split = partition.map((_, index) => quoteName(groupName(index))).join(', ');
  const { targetBytes } = options;
  const target = isSplit || targetBytes !== undefined ? folder : join(folder, '0.parquet');
  const more = isSplit
    ? `, PARTITION_BY (${split}), FILENAME_PATTERN '{i}'`
    : targetBytes === undefined
      ? ''
      : `, FILE_SIZE_BYTES ${targetBytes}`;
  const copy = `${before}${sql}) AS q(${columns}))) TO ${quoteText(target)} (${formatOptions(metadata.properties, fields)}${more})`;
  let copied: Copied[];
  try {
    copied = await copyRows(session, copy, fields);
  } catch (error) {
    if (run.context.signal.aborted) throw run.context.signal.reason;
    throw options.translateError?.(error, before.length) ?? error;
  }
  requireValues(copied, fields);
  const values = await partitionValues(session, copied, partition);
  const distinct = new Set(copied.map(({ groups: own }) => JSON.stringify(own)));
  if (distinct.size > STATEMENT_LIMITS.writtenPartitions)
    throw statementError(
      'ICEBERG_TOO_MANY_OPEN_PARTITIONS',
      `Exceeded limit of ${STATEMENT_LIMITS.writtenPartitions} open writers for partitions`,
    );
  const files: NewFile[] = [];
  try {
    for (const [index, { path, metrics, recordCount, sizeBytes }] of copied.entries()) {
      const own =
        options.partition ??
        new Map<number, PartitionValue>(
          spec.fields.map((field, at) => [field['field-id'], values[index]?.[at] ?? null]),
        );
      const place = humanPartition(spec, schemaOf(metadata), own);
      const location = `${dataLocation(metadata)}/${place === '' ? '' : `${place}/`}${newName(run)}`;
      await upload(run, path, location);
      files.push({
        content: 'data',
        location,
        format: 'PARQUET',
        specId: spec['spec-id'],
        partition: own,
        recordCount,
        sizeBytes,
        ...metrics,
      });
    }
  } catch (error) {
    removeAll(run, files);
    throw error;
  }
  return { files, rows: Number(copied.reduce((sum, { recordCount }) => sum + recordCount, 0n)) };
}

/**
 * Writes rows as one Parquet file with given field IDs: a file of deletes, for example. Its bounds are whole.
 *
 * @param sql A query whose columns have the names and types of `fields`.
 * @param location Where to: the folder, without a slash at its end.
 * @returns The file; undefined when there are no rows.
 */
export async function writeParquetFile(
  run: WriteRun,
  metadata: TableMetadata,
  {
    sql,
    fields,
    folder,
  }: { readonly sql: string; readonly fields: readonly IcebergField[]; readonly folder: string },
): Promise<WrittenFile | undefined> {
  const target = join(newFolder(run.session), '0.parquet');
  const copy = `COPY (${sql}) TO ${quoteText(target)} (${formatOptions(metadata.properties, fields)})`;
  const [copied] = await copyRows(run.session, copy, fields, true);
  if (copied === undefined) return undefined;
  const { path, recordCount, sizeBytes, metrics } = copied;
  const location = `${folder}/${newName(run)}`;
  await upload(run, path, location);
  return { location, recordCount, sizeBytes, ...metrics };
}

/** The folder of a table's data, without a slash at its end: https://iceberg.apache.org/docs/latest/configuration/#write-properties. */
export function dataLocation({ location, properties }: TableMetadata): string {
  const own = properties['write.data.path'] ?? `${location.replace(/\/+$/, '')}/data`;
  return own.replace(/\/+$/, '');
}

/** Removes files that were written for a commit that isn't made. */
export function removeAll(
  { runner }: Pick<WriteRun, 'runner'>,
  files: readonly { readonly location: string }[],
): void {
  for (const { location } of files) {
    const place = objectOf(location);
    if (place !== undefined) runner.store.delete(place.bucket, place.key);
  }
}

/**
 * Whether a type has a `fixed` in it: https://iceberg.apache.org/spec/#parquet wants FIXED_LEN_BYTE_ARRAY, and DuckDB writes
 * BYTE_ARRAY, which other readers refuse for such a column.
 */
function hasFixed(type: IcebergType): boolean {
  if (typeof type === 'string') return type.startsWith('fixed');
  if (type.type === 'list') return hasFixed(type.element);
  if (type.type === 'map') return hasFixed(type.key) || hasFixed(type.value);
  return type.fields.some((field) => hasFixed(field.type));
}

function requireParquet({ properties }: TableMetadata): void {
  const format = properties['write.format.default'] ?? 'parquet';
  if (format.toLowerCase() !== 'parquet')
    throw notEmulated(`Writing Iceberg's data in the format ${format.toUpperCase()}`);
}

/** DuckDB's names of Iceberg's codecs. Default ZSTD: https://docs.aws.amazon.com/athena/latest/ug/compression-support-iceberg.html */
const CODECS: ReadonlyMap<string, string> = new Map([
  ['zstd', 'zstd'],
  ['snappy', 'snappy'],
  ['gzip', 'gzip'],
  ['lz4', 'lz4_raw'],
  ['brotli', 'brotli'],
  ['none', 'uncompressed'],
  ['uncompressed', 'uncompressed'],
]);

function formatOptions(
  properties: Readonly<Record<string, string>>,
  fields: readonly IcebergField[],
): string {
  const name = properties['write.parquet.compression-codec'] ?? 'zstd';
  const codec = CODECS.get(name.toLowerCase());
  if (codec === undefined) throw notEmulated(`The compression ${name}`);
  const level = properties['write.parquet.compression-level'];
  const levelOption =
    codec === 'zstd' && level !== undefined && /^\d+$/.test(level) ? `, COMPRESSION_LEVEL ${level}` : '';
  return `FORMAT parquet, COMPRESSION ${codec}${levelOption}, FIELD_IDS ${fieldIds(fields)}, RETURN_STATS`;
}

/** A file on disk in the session's folder. */
interface Copied {
  readonly path: string;
  readonly recordCount: bigint;
  readonly sizeBytes: bigint;
  readonly metrics: ColumnMetrics;
  /** The texts of {@link groupSql}. */
  readonly groups: readonly (string | null)[];
}

async function copyRows(
  session: Session,
  copy: string,
  fields: readonly IcebergField[],
  exact = false,
): Promise<Copied[]> {
  const rows = (await session.read(copy)).getRowObjects();
  return rows.flatMap((row) => {
    const recordCount = BigInt(String(row['count']));
    const path = String(row['filename']);
    if (recordCount === 0n) return [];
    const partition = new Map(entriesOf(row['partition_keys']));
    return {
      path,
      recordCount,
      sizeBytes: BigInt(String(row['file_size_bytes'])),
      metrics: columnMetrics(row['column_statistics'] as DuckDBMapValue, fields, exact),
      groups: [...partition.keys()].sort(byIndex).map((key) => partition.get(key) ?? null),
    };
  });
}

function entriesOf(map: DuckDBValue | undefined): [string, string | null][] {
  if (map === null || map === undefined) return [];
  return (map as DuckDBMapValue).entries.map(({ key, value }) => [
    String(key),
    value === null ? null : String(value),
  ]);
}

const GROUP = '$partition';
const groupName = (index: number) => `${GROUP}${index}`;
const byIndex = (left: string, right: string) =>
  Number(left.slice(GROUP.length)) - Number(right.slice(GROUP.length));

/** Bytes of a text that is a folder's name, at most three times as long when it is escaped. */
const LONGEST_NAME = 66;

/** A partition's value as the name of a folder: `v` and a text, or `h` and a hash of one that is too long. */
function groupSql({ sql, isText }: PartitionColumn): string {
  if (!isText) return sql;
  return `CASE WHEN strlen(${sql}) <= ${LONGEST_NAME} THEN 'v' || ${sql} ELSE 'h' || md5(${sql}) END`;
}

/** The partition values of each file, in the order of the spec's fields. */
async function partitionValues(
  session: Session,
  copied: readonly Copied[],
  partition: readonly PartitionColumn[],
): Promise<PartitionValue[][]> {
  const values: PartitionValue[][] = [];
  for (const { path, groups } of copied) {
    const isHashed = groups.some((text, index) => partition[index]?.isText === true && text?.startsWith('h'));
    let texts: (string | null)[] = groups.map((text, index) =>
      partition[index]?.isText === true ? (text?.slice(1) ?? null) : text,
    );
    if (isHashed) {
      const list = partition.map(({ sql }) => sql).join(', ');
      const reader = await session.read(`SELECT ${list} FROM read_parquet(${quoteText(path)}) LIMIT 1`);
      texts = (reader.getRows()[0] ?? []).map((value) => (value === null ? null : String(value)));
    }
    values.push(partition.map(({ read }, index) => read(texts[index] ?? null)));
  }
  return values;
}

function requireValues(copied: readonly Copied[], fields: readonly IcebergField[]): void {
  const broken = fields.find(
    ({ id, required }) => required && copied.some(({ metrics }) => (metrics.nullCounts?.get(id) ?? 0n) > 0n),
  );
  if (broken !== undefined)
    throw statementError(
      'CONSTRAINT_VIOLATION',
      `NULL value not allowed for NOT NULL column: ${broken.name}`,
    );
}

function newFolder({ directory }: Session): string {
  const folder = join(directory, `out-${randomUUID()}`);
  mkdirSync(folder);
  return folder;
}

function newName({ context }: WriteRun): string {
  return `${context.executionId}-${randomUUID()}.parquet`;
}

async function upload({ runner, context }: WriteRun, path: string, location: string): Promise<void> {
  context.signal.throwIfAborted();
  const place = objectOf(location);
  if (place === undefined)
    throw statementError('ICEBERG_FILESYSTEM_ERROR', `Not an S3 location: ${location}`);
  context.onCall({ service: 's3', operation: 'PutObject', ...place });
  await runner.store.put(place.bucket, place.key, readPieces(path));
}
