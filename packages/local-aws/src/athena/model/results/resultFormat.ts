/**
 * Formats rows as Athena does: every value in quotes, NULL as nothing, a line feed after each row.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 *
 * @param rows Rows of values as text, null for NULL.
 */
export function formatCsv(rows: readonly (readonly (string | null)[])[]): string {
  let text = '';
  for (const row of rows) {
    let separator = '';
    for (const value of row) {
      if (value === null) text += separator;
      else text += `${separator}"${value.includes('"') ? value.replaceAll('"', '""') : value}"`;
      separator = ',';
    }
    text += '\n';
  }
  return text;
}

/** The values of a line of {@link formatCsv} without its line feed, null for NULL. Undefined for any other text. */
export function parseCsvLine(line: string): (string | null)[] | undefined {
  const values: (string | null)[] = [];
  for (let at = 0; ; at += 1) {
    if (line[at] === '"') {
      const end = closingQuote(line, at + 1);
      if (end === undefined) return undefined;
      values.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      values.push(null);
    }
    if (at === line.length) return values;
    if (line[at] !== ',') return undefined;
  }
}

/** The index of the quote that ends a value; undefined if none does. @param from Index after the value's first quote. */
function closingQuote(line: string, from: number): number | undefined {
  for (let at = from; ; at += 2) {
    at = line.indexOf('"', at);
    if (at < 0) return undefined;
    if (line[at + 1] !== '"') return at;
  }
}

/**
 * Formats the rows of a statement that is not a query, as Athena does: one line per row, values separated by tabs. A
 * value with line breaks becomes several rows, also in `GetQueryResults`.
 */
export function formatText(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map((value) => value ?? '').join('\t')}\n`).join('');
}
