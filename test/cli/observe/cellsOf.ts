/** The cells of a table's rows, below its line of dashes and up to an empty line. */
export function cellsOf(text: string): readonly (readonly string[])[] {
  const [, rows = ''] = text.split(/^-[- ]*\n/m);
  const [table = ''] = rows.split('\n\n');
  return table
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
}
