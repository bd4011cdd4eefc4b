import { quoteText } from '../../lib/base/sql.ts';
import { trinoJsonScalar } from '../../lib/curate/engine/trinoJson.ts';
import { valueNumber } from '../../lib/views/productEvents.ts';
import { NESTED_JSON, numberValue, ODD_JSON, ODD_NUMBERS } from '../lib/curate/engine/oddJson.ts';

const scalars = (texts: readonly string[], keys: readonly string[]) =>
  texts.map((text) => {
    const path = quoteText(`$.${keys.join('.')}`);
    return [
      `SELECT json_extract_scalar(${quoteText(text)}, ${path})`,
      [[trinoJsonScalar(text, keys)]],
    ] as const;
  });

const numbers = ODD_NUMBERS.map((text) => {
  const value = numberValue(text);
  const sql = valueNumber.sql.replaceAll('"event_value"', quoteText(text));
  return value === null
    ? ([`SELECT CAST(${sql} AS varchar)`, [[null]]] as const)
    : ([`SELECT CAST((${sql}) = DOUBLE ${quoteText(String(value))} AS varchar)`, [['true']]] as const);
});

/** Answers of Trino that the curator relies on, for odd texts. The curator's tests check DuckDB against them. */
export const curatedCases: readonly (readonly [
  sql: string,
  rows: readonly (readonly (string | null)[])[],
])[] = [...scalars(ODD_JSON, ['a']), ...scalars(NESTED_JSON, ['c', 'b']), ...numbers];
