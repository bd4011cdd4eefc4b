import { quoteName, quoteText } from '../../base/sql.ts';
import { duckDbFailure } from '../../parquet/EngineError.ts';
import { SORTED_BY, sortedQuery, writeTableStatement } from '../../parquet/tableFile.ts';
import type { Column, Table } from '../../tables/Table.ts';
import type { RowFailureReason } from '../quarantineReasons.ts';

/**
 * Writes the file of the rows of a day, sorted, and fails if one does not fit its column. A column without a member is null,
 * a member without a column is left out, and any value becomes text in a string column.
 *
 * @param table The table, whose columns the file has.
 * @param rows Path of the rows: a JSON object in each line.
 * @param longest Bytes of the longest line, or more. DuckDB's buffers are twice as large.
 * @param path Path of the Parquet file that is written.
 */
export function writeRowsStatement(table: Table, rows: string, longest: number, path: string): string {
  const members = table.columns.map(({ name }) => `${quoteName(name)}: 'VARCHAR'`).join(', ');
  const texts = `read_json(${quoteText(rows)}, format = 'newline_delimited', records = true,
    maximum_object_size = ${longest}, columns = {${members}})`;
  return writeTableStatement(table.columns, `(${typedQuery(table, texts)})`, path);
}

/**
 * The sorted rows of a table whose columns are all texts.
 *
 * All values are read as text first, as DuckDB takes more texts for booleans and times than the collector writes. It would
 * invent null rows with `ignore_errors`: https://github.com/duckdb/duckdb/issues/23120
 *
 * @param from A name, a function, or a query in parentheses.
 */
export function typedQuery({ kind, columns }: Table, from: string): string {
  const typed = columns.map((column) => `${typedSql(column)} AS ${quoteName(column.name)}`);
  return sortedQuery(`SELECT ${typed.join(', ')} FROM ${from}`, SORTED_BY[kind]);
}

/** Text before the name of a column in an error of {@link typedQuery}. */
const UNFIT = 'Unfit column: ';
/** Finds the name of that column in the error. */
const UNFIT_COLUMN = new RegExp(`${UNFIT}(\\w+)`);
/** How the collector writes times, as a pattern of LIKE. */
const TIME = '____-__-__T__:__:__.___Z';

/** SQL that reads a column from its text, and fails with the column's name for a text that is no such value. */
function typedSql({ name, type }: Column): string {
  const text = quoteName(name);
  const message = quoteText(`${UNFIT}${name}`);
  const unfit = `error(${message})`;
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return `CASE WHEN ${text} = 'true' THEN true WHEN ${text} = 'false' THEN false WHEN ${text} IS NOT NULL THEN ${unfit} END`;
    case 'timestamp':
      return `CASE WHEN ${text} LIKE '${TIME}' THEN CAST(${text} AS TIMESTAMP) WHEN ${text} IS NOT NULL THEN ${unfit} END`;
    default:
      throw new RangeError(`No row has a ${type} like ${name}.`);
  }
}

/** Why DuckDB refuses lines. */
export interface LineFailure {
  /** The code of the reason that quarantine has. */
  readonly code: RowFailureReason;
  /** More about the reason, without a value of the line; '' if there is nothing to say. */
  readonly detail: string;
}

/**
 * Types of DuckDB's errors that are about the statement, which is ours, and not about the lines; '' is no error of
 * DuckDB.
 */
const STATEMENT_FAULTS: ReadonlySet<string> = new Set(['', 'Binder', 'Parser', 'Catalog']);

/** Explains an error of a {@link writeRowsStatement}; null if the machine is the cause, and not the lines. */
export function lineFailure(error: unknown): LineFailure | null {
  const { type, text, machineFault, sentence } = duckDbFailure(error);
  if (machineFault !== null || STATEMENT_FAULTS.has(type)) return null;
  const [, column] = UNFIT_COLUMN.exec(text) ?? [];
  if (column !== undefined) return { code: 'SLUICE_ROW_UNFIT', detail: column };
  if (type === 'Conversion') return { code: 'SLUICE_ROW_UNFIT', detail: 'A time does not exist.' };
  return /malformed json|json transform error/i.test(text)
    ? { code: 'SLUICE_ROW_NOT_JSON', detail: '' }
    : { code: 'SLUICE_ROW_REFUSED', detail: sentence };
}
