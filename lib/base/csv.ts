/**
 * One line of CSV with its line feed: https://www.rfc-editor.org/rfc/rfc4180. Null is an empty field, an empty text is `""`;
 * arrays and objects are JSON.
 */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(field).join(',')}\n`;
}

/** A value as a field, in quotes where it has to be. */
function field(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value === '') return '""';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
