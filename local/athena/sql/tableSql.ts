import { quoteName } from '../../../lib/sql/quoteName.ts';
import { quoteText } from '../../../lib/sql/quoteText.ts';
import type { DataFile } from './dataFiles.ts';
import { CATALOG } from './Session.ts';

/** A column of a table in the session, its type in DuckDB's words. */
export interface SessionColumn {
  readonly name: string;
  readonly type: string;
  /** As Athena's messages call it. */
  readonly trino: string;
}

/** A table as statements see it. */
export interface SessionTable {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly SessionColumn[];
  readonly keys: readonly SessionColumn[];
}

/** Columns that every table has and `*` doesn't show. https://docs.aws.amazon.com/athena/latest/ug/select.html */
export const HIDDEN_COLUMNS: readonly SessionColumn[] = [
  { name: '$path', type: 'VARCHAR', trino: 'varchar' },
  { name: '$file_size', type: 'BIGINT', trino: 'bigint' },
  { name: '$file_modified_time', type: 'TIMESTAMPTZ', trino: 'timestamp(3) with time zone' },
];

export function qualifiedName(database: string, name: string): string {
  return `${CATALOG}.${quoteName(database)}.${quoteName(name)}`;
}

/** The table without its rows: enough to tell what a statement means and which partitions it wants. */
export function emptyTable({ database, name, columns, keys }: SessionTable, hidden: boolean): string {
  const all = [...columns, ...keys, ...(hidden ? HIDDEN_COLUMNS : [])];
  return `CREATE TABLE ${qualifiedName(database, name)} (${all.map((column) => `${quoteName(column.name)} ${column.type}`).join(', ')})`;
}

/** A partition's values, in the order of the keys, and its files. */
export interface PartitionRows {
  readonly values: readonly (string | null)[];
  readonly files: readonly DataFile[];
}

/**
 * The table with its rows: columns by name, one that a file lacks as null, and the partition keys from the catalog,
 * whatever the files say. Takes the place of the empty one, with the same types.
 */
export function filledTable(
  table: SessionTable,
  partitions: readonly PartitionRows[],
  hidden: boolean,
): string {
  const { database, name, columns, keys } = table;
  const branches = partitions
    .filter(({ files }) => files.length > 0)
    .map(({ values, files }) => {
      const constants = keys.map((key, index) => {
        const value = values[index] ?? null;
        return `CAST(${value === null ? 'NULL' : quoteText(value)} AS ${key.type}) AS ${quoteName(key.name)}`;
      });
      const own = hidden ? [...constants, ...hiddenValues(files)] : constants;
      const excluded = [...keys.map((key) => key.name), ...(hidden ? ['filename'] : [])];
      const mine = excluded.map((column) => `c <> ${quoteText(column)}`).join(' AND ');
      const star =
        excluded.length === 0 ? '*' : `COLUMNS(lambda c: ${mine.replaceAll('c <>', 'lower(c) <>')})`;
      const list = files.map(({ path }) => quoteText(path)).join(', ');
      return `SELECT ${[star, ...own].join(', ')} FROM read_parquet([${list}], union_by_name = true, hive_partitioning = false${hidden ? ', filename = true' : ''})`;
    });
  const all = [...columns, ...keys, ...(hidden ? HIDDEN_COLUMNS : [])];
  const none = all.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteName(column.name)}`).join(', ');
  const shown = all
    .map((column) => `CAST(${quoteName(column.name)} AS ${column.type}) AS ${quoteName(column.name)}`)
    .join(', ');
  const rows = [`SELECT ${none} WHERE false`, ...branches].join('\nUNION ALL BY NAME\n');
  return `CREATE VIEW ${qualifiedName(database, name)} AS SELECT ${shown} FROM (\n${rows}\n)`;
}

function hiddenValues(files: readonly DataFile[]): string[] {
  const of = (value: (file: DataFile) => string) =>
    `MAP([${files.map(({ path }) => quoteText(path)).join(', ')}], [${files.map(value).join(', ')}])[filename]`;
  return [
    `${of(({ bucket, key }) => quoteText(`s3://${bucket}/${key}`))} AS "$path"`,
    `${of(({ size }) => String(size))} AS "$file_size"`,
    `to_timestamp(${of(({ modifiedMs }) => `${modifiedMs / 1_000}e0`)}) AS "$file_modified_time"`,
  ];
}
