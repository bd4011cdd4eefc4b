import { csvLine } from '../../lib/base/csv.ts';
import { visibleLine } from '../../lib/base/text.ts';
import { terminalWidth } from './terminalWidth.ts';

/** Narrowest column of a table that is fitted to a terminal. */
const LEAST_WIDTH = 6;

/**
 * Rows as an aligned text table with a header; numbers are aligned to the right. Each row is one line: line breaks and
 * other control characters are escaped.
 *
 * @param rows All with the members of the first one, which are the columns.
 * @param width The most characters of a line: the widest columns of the table are cut, with `…`, until a line fits or each has
 *   {@link LEAST_WIDTH}. Default: the columns of the terminal; if stdout is not a terminal, nothing is cut.
 * @example
 * textTable([{ group: 'test', users: 12 }]);
 * // group  users
 * // -----  -----
 * // test      12
 */
export function textTable(
  rows: readonly Readonly<Record<string, unknown>>[],
  width = terminalWidth(),
): string {
  const [first] = rows;
  if (first === undefined) return '(no rows)\n';
  const columns = Object.keys(first).map((name) => {
    const cells = [visibleLine(name), ...rows.map((row) => visibleLine(cell(row[name])))];
    return {
      cells,
      widest: cells.reduce((most, { length }) => Math.max(most, length), 0),
      isRight: rows.every((row) => row[name] === null || typeof row[name] === 'number'),
    };
  });
  const widths = fitWidths(
    columns.map(({ widest }) => widest),
    width ?? Number.POSITIVE_INFINITY,
  );
  const line = (texts: readonly string[]) => `${texts.join('  ').trimEnd()}\n`;
  const header = line(columns.map(({ cells, isRight }, i) => align(cells[0] ?? '', widths[i] ?? 0, isRight)));
  const dashes = line(widths.map((columnWidth) => '-'.repeat(columnWidth)));
  const body = rows.map((_, row) =>
    line(columns.map(({ cells, isRight }, i) => align(cells[row + 1] ?? '', widths[i] ?? 0, isRight))),
  );
  return [header, dashes, ...body].join('');
}

/** Narrows the widest columns, all to the same width, until a line of them fits or each has {@link LEAST_WIDTH}. */
function fitWidths(widths: readonly number[], total: number): number[] {
  const gaps = 2 * (widths.length - 1);
  const room = (most: number) => widths.reduce((sum, width) => sum + Math.min(width, most), gaps);
  let cap = Math.max(...widths, LEAST_WIDTH);
  while (cap > LEAST_WIDTH && room(cap) > total) cap -= 1;
  return widths.map((width) => Math.min(width, cap));
}

/** A cell in the width of its column, cut if it is wider. @param isRight Whether spaces stand before the text. */
function align(text: string, width: number, isRight: boolean): string {
  if (text.length > width) return `${text.slice(0, width - 1)}…`;
  return isRight ? text.padStart(width) : text.padEnd(width);
}

/**
 * Rows as CSV with a header: https://www.rfc-editor.org/rfc/rfc4180, with line feeds. Null is an empty field, an empty text
 * is `""`. No rows are an empty text: they have no header.
 *
 * @param rows All with the members of the first one, which are the columns.
 */
export function csvTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const names = Object.keys(first);
  const records = rows.map((row) => names.map((name) => row[name]));
  return [names, ...records].map(csvLine).join('');
}

/** The text of a value; empty for null and undefined. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
