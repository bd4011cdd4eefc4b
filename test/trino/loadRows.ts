import { quoteName, quoteText } from '../../lib/base/sql.ts';
import type { Column, ColumnType } from '../../lib/tables/Table.ts';

const TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'varchar',
  boolean: 'boolean',
  timestamp: 'timestamp(3)',
  date: 'date',
  double: 'double',
  bigint: 'bigint',
};
const ROWS_A_STATEMENT = 100;

/** Statements that make a table of rows. Without rows they make none. @param name Quoted. */
export function loadRows(
  name: string,
  columns: readonly Pick<Column, 'name' | 'type'>[],
  landed: readonly Readonly<Record<string, string | number | boolean | null>>[],
): string[] {
  const statements: string[] = [];
  for (let from = 0; from < landed.length; from += ROWS_A_STATEMENT) {
    const values = landed.slice(from, from + ROWS_A_STATEMENT).map((row) => {
      const values = columns
        .map((column) => `CAST(${literal(row[column.name])} AS ${TYPES[column.type]})`)
        .join(', ');
      return `(${values})`;
    });
    const names = columns.map((column) => quoteName(column.name)).join(', ');
    const query = `SELECT * FROM (VALUES ${values.join(', ')}) AS landed (${names})`;
    statements.push(from === 0 ? `CREATE TABLE ${name} AS ${query}` : `INSERT INTO ${name} ${query}`);
  }
  return statements;
}

/** A value in Trino's SQL. */
function literal(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? quoteText(value) : String(value);
}
