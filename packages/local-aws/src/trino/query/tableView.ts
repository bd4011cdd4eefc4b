import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, quoteText } from '../../base/sql.ts';

/** A registered partition: its values in the order of the partition keys, and the files at its location. */
export interface PartitionFiles {
  readonly values: readonly string[];
  readonly files: readonly string[];
}

/** A table as the catalog has it. */
export interface QueryTable {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly QueryColumn[];
  readonly partitionKeys: readonly QueryColumn[];
  /** A table without partition keys has one: its own location. */
  readonly partitions: readonly PartitionFiles[];
  /** The format of its files. */
  readonly format: 'parquet' | 'json';
}

interface QueryColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * The view that shows a table as Athena would: only registered partitions, columns by name, a column that an
 * old file lacks as null, and the partition keys from the catalog (they are not in the files). Filters on a
 * partition key are constants to DuckDB, so other partitions are not read.
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

/** Glue's simple types in DuckDB. https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const TYPES: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  binary: 'BLOB',
};

/**
 * The DuckDB type of a Glue column type.
 *
 * @returns undefined for a nested type: its column then keeps whatever type its files have.
 */
export function duckDbType(glueType: string): string | undefined {
  const type = glueType.toLowerCase();
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(type);
  if (decimal !== null) return `DECIMAL(${decimal[1]},${decimal[2]})`;
  if (/^(varchar|char)\(\d+\)$/.test(type)) return 'VARCHAR';
  return TYPES[type];
}

/**
 * The files at a partition's location, as Athena sees them: at every depth, without those whose name starts
 * with `_` or `.`. https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 *
 * @param s3Directory Where the local S3 keeps its buckets; objects lie there at their own keys.
 * @param location e.g. `s3://bucket/statsig/…/2026-11-20/`; another scheme, or a missing folder, has no files.
 */
export function listPartitionFiles(s3Directory: string, location: string): string[] {
  const [, bucket, folder] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (bucket === undefined || folder === undefined || folder.split('/').includes('..')) return [];
  return listFilesUnder(join(s3Directory, bucket, folder)).sort();
}

function listFilesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !/^[_.]/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/**
 * Reads one JSON document per line, as OpenX's SerDe does.
 * https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
 */
export function jsonReadOptions(columns: readonly QueryColumn[]): string[] {
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ');
  return ["format = 'newline_delimited'", `columns = {${types}}`];
}
