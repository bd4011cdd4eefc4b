import { quoteName, quoteText } from '../base/sql.ts';
import type { TableKind } from '../schema/kinds.ts';
import type { Column, ColumnType } from '../tables/Table.ts';

/** The type of a column of the catalog in DuckDB. */
export const DUCKDB_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  double: 'DOUBLE',
  bigint: 'BIGINT',
};

/** The columns that the rows of a table's files are sorted by: its name first, so that a query for one reads little else. */
export const SORTED_BY: Readonly<Record<TableKind, readonly string[]>> = {
  exposures: ['experiment_id', 'timestamp', 'event_id'],
  events: ['event_name', 'timestamp', 'event_id'],
  quarantine: ['reason', 'received_at', 'quarantine_id'],
};

/** Rows of a row group: few, so that a query for one name reads little besides it. */
const ROW_GROUP_ROWS = 16_384;
/**
 * Level 1 is faster than DuckDB's default of 3, and files of sorted rows are no larger (bench/curate.bench.ts). Bloom filters are of
 * columns with few values: the first one of these is sorted, and no documented query asks for one value of another.
 */
const WRITTEN = `(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, WRITE_BLOOM_FILTER false)`;

/** A query of the rows of another, sorted. */
export function sortedQuery(from: string, by: readonly string[]): string {
  const order = by.map((name) => `${quoteName(name)} NULLS LAST`).join(', ');
  return `SELECT * FROM (${from}) ORDER BY ${order}`;
}

/**
 * Writes a Parquet file of a table.
 *
 * @param from Its rows in order: a name, or a query in parentheses.
 */
export function writeTableStatement(columns: readonly Column[], from: string, path: string): string {
  const typed = columns.map(
    ({ name, type }) => `CAST(${quoteName(name)} AS ${DUCKDB_TYPES[type]}) AS ${quoteName(name)}`,
  );
  return `COPY (SELECT ${typed.join(', ')} FROM ${from}) TO ${quoteText(path)} ${WRITTEN}`;
}
