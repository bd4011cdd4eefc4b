import { isJson } from './received.ts';

/**
 * A row of a query as JSON: its columns in their order, also those of one name. A text that is a JSON object or array stands as it
 * is, for reading.
 *
 * @param row A value for each column, as Athena writes it; null is NULL.
 */
export function rowJson(
  columns: readonly { readonly name: string }[],
  row: readonly (string | null)[],
): string {
  const members = columns.map(({ name }, i) => {
    const value = row[i] ?? null;
    const isNested = value !== null && /^\s*[[{]/.test(value) && isJson(value);
    return `${JSON.stringify(name)}:${isNested ? value : JSON.stringify(value)}`;
  });
  return `{${members.join()}}`;
}

/** Types of Athena and of DuckDB whose values are numbers. */
const NUMBER_TYPE = /^(u?(tiny|small|big|huge)int|u?integer|int|float|real|double|decimal)(\([\d, ]*\))?$/i;

/** Whether values of a type of Athena or DuckDB are numbers. */
export function isNumberType(type: string): boolean {
  return NUMBER_TYPE.test(type);
}
