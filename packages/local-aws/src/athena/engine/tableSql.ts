import { quoteName, quoteText } from '../../base/sql.ts';
import type { DataFile } from './dataFiles.ts';
import { CATALOG } from './Session.ts';
import { readFunction, type TableFormat } from './tableFormat.ts';

/** A column of a table in the session, with its DuckDB type. */
export interface SessionColumn {
  /** The column's name, in lower case. */
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
  /** Trino's name of the type. */
  readonly trino: string;
}

/** A table in the session. */
export interface SessionTable {
  /** The name of the database, in lower case. */
  readonly database: string;
  /** The name of the table, in lower case. */
  readonly name: string;
  /** The columns that the files have, in order. */
  readonly columns: readonly SessionColumn[];
  /** The partition keys, whose values are not in the files; empty for a table without partitions. */
  readonly keys: readonly SessionColumn[];
  /** The format of its files. */
  readonly format: TableFormat;
}

/** Hidden columns, which every table has and `*` omits. https://docs.aws.amazon.com/athena/latest/ug/select.html */
const HIDDEN_COLUMNS: readonly SessionColumn[] = [{ name: '$path', type: 'VARCHAR', trino: 'varchar' }];

/** The name of a table in DuckDB, where each Glue database is a schema of one catalog. */
export function qualifiedName(database: string, name: string): string {
  return `${CATALOG}.${quoteName(database)}.${quoteName(name)}`;
}

/** SQL that creates an empty table, which is enough to bind a statement and to find the partitions that it needs. */
export function emptyTableSql({ database, name, columns, keys }: SessionTable, hidden: boolean): string {
  const all = [...columns, ...keys, ...(hidden ? HIDDEN_COLUMNS : [])];
  const definitions = all.map((column) => `${quoteName(column.name)} ${column.type}`).join(', ');
  return `CREATE TABLE ${qualifiedName(database, name)} (${definitions})`;
}

/**
 * SQL that creates the table with its rows, as a view that replaces the empty table and has the same types. Columns
 * are matched by name; a column that a file lacks is null. The partition keys come from the folder names, not from
 * the files.
 *
 * @param files The files, with their paths in the session.
 */
export function filledTableSql(table: SessionTable, files: readonly DataFile[], hidden: boolean): string {
  const { database, name, columns, keys } = table;
  const all = [...columns, ...keys, ...(hidden ? HIDDEN_COLUMNS : [])];
  const none = all.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteName(column.name)}`).join(', ');
  const shown = all.map((column) => `${shownAs(column)} AS ${quoteName(column.name)}`).join(', ');
  const rows = [
    `SELECT ${none} WHERE false`,
    ...(files.length === 0 ? [] : [readFilesSql(table, files, hidden)]),
  ];
  return `CREATE VIEW ${qualifiedName(database, name)} AS SELECT ${shown} FROM (${rows.join(' UNION ALL BY NAME ')})`;
}

/**
 * A column of the files in its type. DuckDB can't cast a TIMESTAMPTZ to a TIMESTAMP if it is some 285,000 years before 1970
 * or earlier: such a time is infinite here.
 */
function shownAs({ name, type }: SessionColumn): string {
  const column = quoteName(name);
  if (type !== 'TIMESTAMP') return `CAST(${column} AS ${type})`;
  return `CASE WHEN typeof(${column}) <> 'TIMESTAMP WITH TIME ZONE' OR ${column} IS NULL OR TRY_CAST(${column} AS TIMESTAMPTZ) > to_timestamp(-9e12)
    THEN CAST(${column} AS TIMESTAMP) ELSE TIMESTAMP '-infinity' END`;
}

/** The call that reads a table's files. @param hidden Whether it also has the path of each row's file. */
function readFilesSql(
  { columns, keys, format }: SessionTable,
  files: readonly DataFile[],
  hidden: boolean,
): string {
  const types = keys.map((key) => `${quoteText(key.name)}: ${key.type}`).join(', ');
  const [reader, formatOptions] = readFunction(format, columns);
  const options = [
    ...formatOptions,
    keys.length === 0 ? 'hive_partitioning = false' : `hive_partitioning = true, hive_types = {${types}}`,
    ...(hidden ? [`filename = ${quoteText(PATH)}`] : []),
  ];
  const list = files.map(({ path }) => quoteText(path)).join(', ');
  const rows = `${reader}([${list}], ${options.join(', ')})`;
  if (!hidden) return `SELECT * FROM ${rows}`;
  // This is a join and not a map of the files, because DuckDB searches a map from its beginning for every row.
  const names = HIDDEN_COLUMNS.map(({ name }) => quoteName(name)).join(', ');
  return `SELECT rows.*, ${names} FROM ${rows} AS rows JOIN (VALUES ${files.map(fileRow).join(', ')}) AS files(${quoteName(PATH)}, ${names}) USING (${quoteName(PATH)})`;
}

/** The column of a file's path in the session. No column of a table has a colon. */
const PATH = 'session:path';

/** A file's path in the session with the values of the hidden columns. */
function fileRow({ path, bucket, key }: DataFile): string {
  const uri = quoteText(`s3://${bucket}/${key}`);
  return `(${quoteText(path)}, ${uri})`;
}
