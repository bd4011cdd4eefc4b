/**
 * A page with the rows of one of its tables written anew. All other text stays.
 *
 * @param heading The first of the table's headings.
 * @throws RangeError for a page without the table.
 */
export function withRows(page: string, heading: string, rows: readonly string[]): string {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (first < 0) throw new RangeError(`The page has no table of "${heading}".`);
  // Below the headings is the line of dashes.
  const from = first + 2;
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  return [...lines.slice(0, from), ...rows, ...lines.slice(length < 0 ? lines.length : from + length)].join(
    '\n',
  );
}
