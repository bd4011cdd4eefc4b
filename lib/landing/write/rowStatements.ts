import { quoteName, quoteText } from '../../base/sql.ts';
import { SORTED_BY, sortedQuery, writeTableStatement } from '../../duckdb/tableFile.ts';
import type { Column, Table } from '../../tables/Table.ts';
import type { RowFailureReason } from '../quarantineReasons.ts';

/** Rows of a part, typed: a temporary table of the session. */
export const ROWS = quoteName('rows of a part');
/** Some of its rows, before it is known that all of them fit. */
export const BATCH = quoteName('rows of a batch');
/** The column with the day of a row's folder, as documents have it. No table has another column of that name. */
const DAY = quoteName('ds');

/**
 * Reads lines of JSON as rows of a table, and fails if one does not fit. It takes what Firehose's conversion takes: a column
 * without a member is null, a member without a column is left out, any value becomes text in a string column.
 * https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
 *
 * All values are read as text first, as DuckDB takes more texts for booleans and times than Firehose. It would also invent
 * null rows with `ignore_errors`: https://github.com/duckdb/duckdb/issues/23120
 *
 * @param longestRow Bytes of the longest line, or more. DuckDB's buffers are twice as large.
 */
export function stageStatement({ columns }: Table, lines: string, into: string, longestRow: number): string {
  const names = [...columns.map(({ name }) => name), 'ds'];
  const texts = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  const typed = columns.map((column) => `${typedSql(column)} AS ${quoteName(column.name)}`);
  return `CREATE OR REPLACE TEMP TABLE ${into} AS SELECT ${typed.join(', ')}, ${DAY}
    FROM read_json(${quoteText(lines)}, format = 'newline_delimited', maximum_object_size = ${longestRow}, columns = {${texts}})`;
}

/** Text before the name of a column in an error of {@link stageStatement}. */
const UNFIT = 'Unfit column: ';

/** How the collector writes times, as a pattern of LIKE. */
const OWN_TIME = '____-__-__T__:__:__.___Z';
/** Other times that Firehose takes. https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html */
const OTHER_TIMES = String.raw`\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?Z?)|\d{4}-\d\d?-\d\d? \d\d?:\d\d?:\d\d?(\.\d{1,9})?`;
/** Seconds, and from 13 digits on milliseconds. */
const EPOCH = String.raw`-?\d{1,15}`;

function typedSql({ name, type }: Column): string {
  const text = quoteName(name);
  const unfit = `error(${quoteText(`${UNFIT}${name}`)})`;
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return `CASE WHEN ${text} IS NULL THEN NULL WHEN lower(${text}) = 'true' THEN true WHEN lower(${text}) = 'false' THEN false ELSE ${unfit} END`;
    case 'timestamp': {
      const epoch = `CAST(${text} AS BIGINT)`;
      return `CASE WHEN ${text} IS NULL THEN NULL
        WHEN ${text} LIKE '${OWN_TIME}' OR regexp_full_match(${text}, '${OTHER_TIMES}') THEN CAST(${text} AS TIMESTAMP)
        WHEN regexp_full_match(${text}, '${EPOCH}') THEN make_timestamp(${epoch} * CASE WHEN abs(${epoch}) >= 1000000000000 THEN 1000 ELSE 1000000 END)
        ELSE ${unfit} END`;
    }
    default:
      throw new RangeError(`No row has a ${type} like ${name}.`);
  }
}

/** Explains DuckDB's error of a {@link stageStatement} with only one row; null if the row is not the cause. */
export function rowFailure(
  type: string,
  text: string,
): { readonly code: RowFailureReason; readonly detail: string } | null {
  const [, column] = /Unfit column: (\w+)/.exec(text) ?? [];
  if (column !== undefined) return { code: 'SLUICE_ROW_UNFIT', detail: column };
  if (type === 'Conversion') return { code: 'SLUICE_ROW_UNFIT', detail: 'A time does not exist.' };
  return type === 'Invalid Input' && /malformed json|json transform error/i.test(text)
    ? { code: 'SLUICE_ROW_NOT_JSON', detail: '' }
    : null;
}

/** Adds the rows of a batch to the part's rows. */
export const takeBatchStatement = `INSERT INTO ${ROWS} FROM ${BATCH}`;

/** Counts staged rows: `day`, `rows`. */
export function countDaysStatement(staged: string): string {
  return `SELECT ${DAY} AS day, count(*) AS rows FROM ${staged} GROUP BY ALL`;
}

/** Writes the file of a day. */
export function writeDayStatement({ kind, columns }: Table, day: string, path: string): string {
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const rows = `SELECT ${names} FROM ${ROWS} WHERE ${DAY} = ${quoteText(day)}`;
  return writeTableStatement(columns, `(${sortedQuery(rows, SORTED_BY[kind])})`, path);
}
