import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/nodeErrors.ts';
import { quoteName, quoteText } from '../../base/sql.ts';
import type { TableEntry } from '../../glue/index.ts';
import { duckDbType } from '../hiveTypes.ts';

/** The class that reads rows of Parquet. https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html */
export const PARQUET_SERDE = 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe';
/** Classes by which files are known as Parquet, whatever the class of their input is: Trino's ParquetPageSourceFactory. */
export const PARQUET_SERDES: readonly string[] = [PARQUET_SERDE, 'parquet.hive.serde.ParquetHiveSerDe'];

/** A registered partition: its values in the order of the partition keys, and its files. */
export interface PartitionFiles {
  /** The values of the partition keys, in their order. */
  readonly values: readonly string[];
  /** Paths of its files on disk. */
  readonly files: readonly string[];
}

/** A table of the catalog. */
export interface QueryTable {
  /** Name of the database. */
  readonly database: string;
  /** Name of the table. */
  readonly name: string;
  /** The columns that the files have, in order. */
  readonly columns: readonly QueryColumn[];
  /** The partition keys in order; empty for a table without partitions. */
  readonly partitionKeys: readonly QueryColumn[];
  /** A table without partition keys has one partition: its own location. */
  readonly partitions: readonly PartitionFiles[];
  /** The format of its files. */
  readonly format: 'parquet' | 'json';
}

/** A column of a table. */
interface QueryColumn {
  /** The column's name. */
  readonly name: string;
  /** Glue's name of the type. */
  readonly type: string;
}

/**
 * A table of the catalog as a query reads it, with the files that are there.
 *
 * @param s3Directory The directory of the local S3's buckets.
 * @throws Error for a table of neither Parquet nor JSON.
 */
export function readQueryTable(table: TableEntry, s3Directory: string): QueryTable {
  const columns = (list: TableEntry['input']['PartitionKeys'] = []) =>
    list.map(({ Name, Type = 'string' }) => ({ name: Name, type: Type }));
  const { Location = '', SerdeInfo } = table.input.StorageDescriptor ?? {};
  const serde = SerdeInfo?.SerializationLibrary ?? PARQUET_SERDE;
  const format = serde.endsWith('JsonSerDe') ? 'json' : 'parquet';
  if (table.input.Parameters?.['table_type']?.toUpperCase() === 'ICEBERG')
    throw new Error('it is an Iceberg table. Query it by Athena.');
  if (format === 'parquet' && !PARQUET_SERDES.includes(serde))
    throw new Error(`it has the SerDe ${serde}. Query it by Athena.`);
  const partitions =
    (table.input.PartitionKeys ?? []).length === 0
      ? [{ values: [], location: Location }]
      : table.partitions.map(({ values, input }) => ({
          values,
          location: input.StorageDescriptor?.Location ?? '',
        }));
  return {
    database: table.databaseName,
    name: table.input.Name,
    columns: columns(table.input.StorageDescriptor?.Columns),
    partitionKeys: columns(table.input.PartitionKeys),
    partitions: partitions.map(({ values, location }) => ({
      values,
      files: listPartitionFiles(s3Directory, location),
    })),
    format,
  };
}

/**
 * SQL that creates a view of a table as Athena reads it: only registered partitions, columns by name, null for a
 * column that a file lacks, and the partition keys from the catalog, since they are not in the files. Partition keys
 * are constants in DuckDB, so a filter on them skips other partitions.
 */
export function tableViewSql(table: QueryTable): string {
  const all = [...table.columns, ...table.partitionKeys];
  const empty = all
    .map(({ name, type }) => `CAST(NULL AS ${duckDbType(type) ?? 'VARCHAR'}) AS ${quoteName(name)}`)
    .join(', ');
  const types = table.columns.map(({ name, type }) => ({ name, type: duckDbType(type) ?? 'VARCHAR' }));
  const options = table.format === 'json' ? jsonReadOptions(types) : ['union_by_name = true'];
  const branches = table.partitions
    .filter(({ files }) => files.length > 0)
    .map(({ values, files }) => {
      const keys = table.partitionKeys.map(
        ({ name, type }, index) =>
          `CAST(${quoteText(values[index] ?? '')} AS ${duckDbType(type) ?? 'VARCHAR'}) AS ${quoteName(name)}`,
      );
      const list = files.map(quoteText).join(', ');
      return `SELECT ${['*', ...keys].join(', ')} FROM read_${table.format}([${list}], ${options.join(', ')}, hive_partitioning = false)`;
    });
  const rows = [`SELECT ${empty} WHERE false`, ...branches].join('\nUNION ALL BY NAME\n');
  const columns = all.map(({ name }) => quoteName(name)).join(', ');
  return `CREATE VIEW ${quoteName(table.database)}.${quoteName(table.name)} AS SELECT ${columns} FROM (\n${rows}\n)`;
}

/**
 * The files at a partition's location that Athena reads: at every depth, except those whose name starts with `_` or
 * `.`. https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 *
 * @param s3Directory The directory of the local S3's buckets, where objects are stored under their keys.
 * @param location e.g. `s3://bucket/statsig/…/2026-11-20/`. Another scheme or a missing folder has no files.
 */
export function listPartitionFiles(s3Directory: string, location: string): string[] {
  const [, bucket, folder] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (bucket === undefined || folder === undefined || folder.split('/').includes('..')) return [];
  return listFilesUnder(join(s3Directory, bucket, folder)).sort();
}

/**
 * Paths of the data files under a folder; none if the folder is not there. Names that begin with `_` or `.` are no
 * data.
 */
function listFilesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !/^[_.]/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    return [];
  }
}

/**
 * Reads one JSON document per line, as OpenX's SerDe does.
 * https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
 */
function jsonReadOptions(columns: readonly QueryColumn[]): string[] {
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ');
  return ["format = 'newline_delimited'", `columns = {${types}}`];
}
