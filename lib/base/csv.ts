/**
 * One line of CSV with its line feed: https://www.rfc-editor.org/rfc/rfc4180. Null is an empty field, an empty text is `""`;
 * arrays and objects are JSON.
 */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(field).join(',')}\n`;
}

function field(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value === '') return '""';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A field: in quotes, where a quote is doubled; or up to the next comma or end of line. */
const FIELD = /"((?:[^"]|"")*)"|([^,\r\n]*)/y;

/**
 * The fields of each line of CSV, as RFC 4180 has it. Lines without any text are left out, and a byte order mark.
 *
 * A text that is malformed, such as a quote that does not end, is read as far as it can be: what is missing shows in its
 * fields.
 */
export function readCsv(text: string): readonly (readonly string[])[] {
  const lines: string[][] = [];
  let line: string[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at <= text.length) {
    FIELD.lastIndex = at;
    const [taken = '', quoted, plain = ''] = FIELD.exec(text) ?? [];
    line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += taken.length;
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    if (line.length > 1 || line[0] !== '') lines.push(line);
    line = [];
    // To the end of the line: after a closing quote nothing else belongs there.
    const end = /\r?\n|\r/g;
    end.lastIndex = at;
    const found = end.exec(text);
    if (found === null) break;
    at = end.lastIndex;
  }
  return lines;
}
