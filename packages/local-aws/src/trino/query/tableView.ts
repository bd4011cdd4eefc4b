import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../base/nodeErrors.ts';
import { quoteName, quoteText } from '../../base/sql.ts';
import { parseLocation, partitionKeyValue, type TableEntry } from '../../glue/index.ts';
import { bucketFolders, type EncodedObject, encodedObjects } from '../../s3/model/BucketFiles.ts';
import { isNaturalPath } from '../../s3/model/objectFiles.ts';
import { duckDbType } from '../hiveTypes.ts';

/** The class that reads rows of Parquet. https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html */
export const PARQUET_SERDE = 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe';
/** Classes by which files are known as Parquet, whatever the class of their input is: Trino's ParquetPageSourceFactory. */
export const PARQUET_SERDES: readonly string[] = [PARQUET_SERDE, 'parquet.hive.serde.ParquetHiveSerDe'];

/** A registered partition: its values in the order of the partition keys, and its files. */
interface PartitionFiles {
  /** The values of the partition keys, in their order; null for Hive's default partition. */
  readonly values: readonly (string | null)[];
  /** Paths of its files on disk. */
  readonly files: readonly string[];
}

/** A table of the catalog. */
interface QueryTable {
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
  /** DuckDB's name of the type. */
  readonly type: string;
}

/**
 * A table of the catalog as a query reads it, with the files that are there.
 *
 * @param s3Directory The directory of the local S3's buckets.
 * @throws Error for a table of Iceberg, one of neither Parquet nor JSON, and one with a type that Athena does not have;
 *   DiskError DISK_DAMAGED.
 */
export function readQueryTable(table: TableEntry, s3Directory: string): QueryTable {
  const columns = (list: TableEntry['input']['PartitionKeys'] = []) =>
    list.map(({ Name, Type = 'string' }) => {
      const type = duckDbType(Type);
      if (type === undefined)
        throw new Error(`its column ${Name} has the type ${Type}, which Athena does not have.`);
      return { name: Name, type };
    });
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
  const filesAt = filesOf(s3Directory);
  return {
    database: table.databaseName,
    name: table.input.Name,
    columns: columns(table.input.StorageDescriptor?.Columns),
    partitionKeys: columns(table.input.PartitionKeys),
    partitions: partitions.map(({ values, location }) => ({
      values: values.map(partitionKeyValue),
      files: filesAt(location),
    })),
    format,
  };
}

/**
 * SQL that creates a view of a table as Athena reads it: only registered partitions, columns by name, null for a
 * column that a file lacks, and the partition keys from the catalog, also where files have columns of their names.
 * Partition keys are constants in DuckDB, so a filter on them skips other partitions.
 */
export function tableViewSql(table: QueryTable): string {
  const { columns, partitionKeys } = table;
  const keys = partitionKeys.map(({ name, type }) => ({ name: keyName(name), type }));
  const empty = [...columns, ...keys]
    .map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteName(name)}`)
    .join(', ');
  const options = table.format === 'json' ? jsonReadOptions(columns) : ['union_by_name = true'];
  const branches = table.partitions
    .filter(({ files }) => files.length > 0)
    .map(({ values, files }) => {
      const constants = keys.map(
        ({ name, type }, index) => `CAST(${sqlText(values[index])} AS ${type}) AS ${quoteName(name)}`,
      );
      const list = files.map(quoteText).join(', ');
      return `SELECT ${['*', ...constants].join(', ')} FROM read_${table.format}([${list}], ${options.join(', ')}, hive_partitioning = false)`;
    });
  const rows = [`SELECT ${empty} WHERE false`, ...branches].join('\nUNION ALL BY NAME\n');
  const shown = [
    ...columns.map(({ name }) => quoteName(name)),
    ...partitionKeys.map(({ name }) => `${quoteName(keyName(name))} AS ${quoteName(name)}`),
  ];
  return `CREATE VIEW ${quoteName(table.database)}.${quoteName(table.name)} AS SELECT ${shown.join(', ')} FROM (\n${rows}\n)`;
}

/** What a partition key is called within the view: a file may have a column of the key's own name. */
function keyName(name: string): string {
  return `partition key:${name}`;
}

/** A text or null in SQL. */
function sqlText(value: string | null | undefined): string {
  return typeof value === 'string' ? quoteText(value) : 'NULL';
}

/**
 * Makes a function that lists the files at a location that Athena reads: at every depth, except empty ones and those whose
 * name starts with `_` or `.`. https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 *
 * Unlike Athena's, the list has files that are in a bucket's folder without being objects, and archived objects.
 *
 * @param s3Directory The directory of the local S3's buckets.
 * @returns Takes a location, e.g. `s3://bucket/statsig/…/2026-11-20/`. Another scheme or a missing folder has no files.
 */
function filesOf(s3Directory: string): (location: string) => readonly string[] {
  const encoded = new Map<string, readonly EncodedObject[]>();
  return (location) => {
    const place = parseLocation(location);
    // No bucket's name begins with a dot: the store's own files are there.
    if (place === undefined || place.bucket.startsWith('.')) return [];
    const { bucket, folder } = place;
    const objects = encoded.get(bucket) ?? encodedObjects(s3Directory, bucket);
    encoded.set(bucket, objects);
    const root = bucketFolders(s3Directory, bucket).objects;
    const isPath = folder === '' || isNaturalPath(folder.slice(0, -1));
    const files = [
      ...(isPath ? listFilesUnder(join(root, folder)) : []),
      ...objects
        .filter(({ key }) => key.startsWith(folder) && isData(key.slice(key.lastIndexOf('/') + 1)))
        .map(({ path }) => path),
    ];
    // The emulator may delete a file meanwhile.
    return files.filter((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0).sort();
  };
}

/** Whether a file's name is one of data. */
function isData(name: string): boolean {
  return !/^[_.]/.test(name);
}

/** Paths of the data files under a folder; none if the folder is not there. */
function listFilesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && isData(entry.name))
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
