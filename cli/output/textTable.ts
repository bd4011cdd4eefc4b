/**
 * Rows as an aligned text table with a header; numbers are set to the right.
 *
 * @example
 * textTable([{ group: 'test', users: 12 }]);
 * // group  users
 * // -----  -----
 * // test      12
 */
export function textTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = rows;
  if (first === undefined) return '(no rows)\n';
  const columns = Object.keys(first).map((name) => {
    const cells = rows.map((row) => cell(row[name]));
    const width = Math.max(name.length, ...cells.map((text) => text.length));
    const right = rows.every((row) => row[name] === null || typeof row[name] === 'number');
    const align = (text: string) => (right ? text.padStart(width) : text.padEnd(width));
    return [align(name), '-'.repeat(width), ...cells.map(align)];
  });
  const lines = Array.from({ length: rows.length + 2 }, (_, line) =>
    columns
      .map((column) => column[line] ?? '')
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
