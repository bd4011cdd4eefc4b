/**
 * Rows of a statement that is no query, as Athena writes them: a line each, its values side by side with tabs. A
 * value of several lines is several rows from here on, in `GetQueryResults`, too.
 */
export function textLines(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map((value) => value ?? '').join('\t')}\n`).join('');
}
