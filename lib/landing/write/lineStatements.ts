import { quoteName, quoteText } from '../../base/sql.ts';
import { duckDbFailure } from '../../parquet/EngineError.ts';
import { SORTED_BY, sortedQuery, writeTableStatement } from '../../parquet/tableFile.ts';
import type { Column, Table } from '../../tables/Table.ts';
import type { RowFailureReason } from '../quarantineReasons.ts';

/** Rows of a table, typed: a temporary table of the session. */
export const ROWS = quoteName('rows of a round');
/** Some of its rows, before it is known that all of them fit. */
export const SOME = quoteName('some rows');
/** The column with the day of a row's folder. No table has another column of that name. */
const DAY = quoteName('ds');

/**
 * Reads lines as rows of a table, and fails if one does not fit: a column without a member is null, a member without a column
 * is left out, and any value becomes text in a string column.
 *
 * All values are read as text first, as DuckDB takes more texts for booleans and times than the collector writes. It would
 * invent null rows with `ignore_errors`: https://github.com/duckdb/duckdb/issues/23120
 *
 * @param longest Bytes of the longest line, or more. DuckDB's buffers are twice as large.
 */
export function stageStatement({ columns }: Table, path: string, into: string, longest: number): string {
  const members = columns.map(({ name }) => `${quoteName(name)} VARCHAR`).join(', ');
  const typed = columns.map((column) => `${typedSql(column)} AS ${quoteName(column.name)}`);
  return `CREATE OR REPLACE TEMP TABLE ${into} AS SELECT ${typed.join(', ')}, ${DAY}
    FROM read_json(${quoteText(path)}, format = 'newline_delimited', maximum_object_size = ${longest},
      columns = {ds: 'VARCHAR', row: ${quoteText(`STRUCT(${members})`)}})`;
}

/** Text before the name of a column in an error of {@link stageStatement}. */
const UNFIT = 'Unfit column: ';
/** How the collector writes times, as a pattern of LIKE. */
const TIME = '____-__-__T__:__:__.___Z';

function typedSql({ name, type }: Column): string {
  const text = `"row".${quoteName(name)}`;
  const unfit = `error(${quoteText(`${UNFIT}${name}`)})`;
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return `CASE ${text} WHEN 'true' THEN true WHEN 'false' THEN false ELSE CASE WHEN ${text} IS NOT NULL THEN ${unfit} END END`;
    case 'timestamp':
      return `CASE WHEN ${text} LIKE '${TIME}' THEN CAST(${text} AS TIMESTAMP) WHEN ${text} IS NOT NULL THEN ${unfit} END`;
    default:
      throw new RangeError(`No row has a ${type} like ${name}.`);
  }
}

/** Why DuckDB refuses lines. */
export interface LineFailure {
  readonly code: RowFailureReason;
  readonly detail: string;
}

/** Explains an error of a {@link stageStatement}; null if the machine is the cause, and not the lines. */
export function lineFailure(error: unknown): LineFailure | null {
  const { type, text, machineFault, sentence } = duckDbFailure(error);
  if (machineFault !== null || type === '' || type === 'Binder' || type === 'Parser' || type === 'Catalog')
    return null;
  const [, column] = /Unfit column: (\w+)/.exec(text) ?? [];
  if (column !== undefined) return { code: 'SLUICE_ROW_UNFIT', detail: column };
  if (type === 'Conversion') return { code: 'SLUICE_ROW_UNFIT', detail: 'A time does not exist.' };
  return /malformed json|json transform error/i.test(text)
    ? { code: 'SLUICE_ROW_NOT_JSON', detail: '' }
    : { code: 'SLUICE_ROW_REFUSED', detail: sentence };
}

/** Adds some rows to the others. */
export const takeSomeStatement = `INSERT INTO ${ROWS} FROM ${SOME}`;

/** Counts staged rows by day: `day`, `rows`. */
export const countDaysStatement = `SELECT ${DAY} AS day, count(*) AS rows FROM ${ROWS} GROUP BY ALL ORDER BY ALL`;

/** Writes the file of a day. */
export function writeDayStatement({ kind, columns }: Table, day: string, path: string): string {
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const rows = `SELECT ${names} FROM ${ROWS} WHERE ${DAY} = ${quoteText(day)}`;
  return writeTableStatement(columns, `(${sortedQuery(rows, SORTED_BY[kind])})`, path);
}
