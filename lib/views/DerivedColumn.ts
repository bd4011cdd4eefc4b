import { quoteName, quoteText } from '../base/sql.ts';
import type { Column } from '../tables/Table.ts';
import type { ViewColumn } from './View.ts';

/** What the dialects of Athena and DuckDB write differently in expressions of derived columns. */
export interface RowDialect {
  /**
   * The text at a path inside a JSON column, as Trino's `json_extract_scalar` has it: numbers and booleans as in JSON. Null
   * for an absent value, a list or an object.
   */
  jsonScalar(column: string, keys: readonly string[]): string;
  /** Whether a text matches a regular expression. */
  matches(sql: string, pattern: string): string;
}

/** A column that views make of a row's own columns, and curated tables store. */
export interface DerivedColumn extends ViewColumn {
  /** The expression in a dialect; `sql` is Athena's. */
  readonly sqlIn: (dialect: RowDialect) => string;
}

/** Keys that Trino takes without quotes (JsonPathTokenizer.isUnquotedPathCharacter). Others fail the query. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

const athena: RowDialect = {
  jsonScalar(column, keys) {
    const steps = keys.map((key) => (PLAIN_KEY.test(key) ? `.${key}` : `["${key}"]`));
    const path = quoteText(`$${steps.join('')}`);
    return `json_extract_scalar(${quoteName(column)}, ${path})`;
  },
  matches: (sql, pattern) => `regexp_like(${sql}, ${quoteText(pattern)})`,
};

/** Makes a derived column of its expression. */
export function derivedColumn<const Derived extends Column>(
  column: Derived,
  sqlIn: DerivedColumn['sqlIn'],
): Derived & DerivedColumn {
  return { ...column, sql: sqlIn(athena), sqlIn };
}
