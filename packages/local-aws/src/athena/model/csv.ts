/**
 * Rows as Athena writes them: every value in quotes, a NULL as nothing at all, a line feed after each row.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 */
export function csvLines(rows: readonly (readonly (string | null)[])[]): string {
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

/** The values of one line of {@link csvLines}, without its line feed; undefined for what it never writes. */
export function csvValues(line: string): (string | null)[] | undefined {
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

function closingQuote(line: string, from: number): number | undefined {
  for (let at = from; ; at += 2) {
    at = line.indexOf('"', at);
    if (at < 0) return undefined;
    if (line[at + 1] !== '"') return at;
  }
}
