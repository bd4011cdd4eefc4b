import { visibleLine } from '../../lib/log/visible.ts';

/**
 * Rows as an aligned text table with a header; numbers are set to the right. Each row is one line: line breaks and other
 * hidden characters are shown as escapes.
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
    const head = visibleLine(name);
    const cells = rows.map((row) => visibleLine(cell(row[name])));
    const width = cells.reduce((most, { length }) => Math.max(most, length), head.length);
    const right = rows.every((row) => row[name] === null || typeof row[name] === 'number');
    const align = (text: string) => (right ? text.padStart(width) : text.padEnd(width));
    return [align(head), '-'.repeat(width), ...cells.map(align)];
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
