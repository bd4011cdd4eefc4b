import { csvLine } from '../../lib/base/csv.ts';
import { visibleJson, visibleLine, visibleText } from '../../lib/base/text.ts';
import { type Look, paint } from './colour.ts';
import type { CommandLine } from './commandLine.ts';

/**
 * Everything that commands print passes through this file. Names, keys and rows from outside can contain control characters
 * of a terminal, which are escaped, except in {@link writeCsv} to a program. A test checks that no other file of cli/ writes, but
 * the launcher and a program whose output another one reads.
 */

/**
 * Columns of the terminal that a stream is; undefined if it is none or they are unknown: then no table is cut. Some
 * terminals of CI and editors report 0.
 */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number | undefined {
  return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
}

/**
 * Writes data to stdout. The caller makes one line of a value that belongs on a line: lib/base/text.ts.
 *
 * @param look What the text is: it has colours where stdout is a terminal. Default: none.
 */
export function writeOut(text: string, look?: Look): void {
  clearProgress();
  process.stdout.write(dressed(text, process.stdout, look));
}

/** Writes rows to stdout as {@link csvTable}. A program or a file gets each value as it is; a terminal gets it escaped. */
export function writeCsv(rows: readonly Readonly<Record<string, unknown>>[]): void {
  clearProgress();
  const text = csvTable(rows);
  process.stdout.write(process.stdout.isTTY ? visibleText(text) : text);
}

/** A text as it is written: what a terminal would act on is shown as an escape, and then the colours of the look are added. */
function dressed(text: string, stream: NodeJS.WriteStream, look: Look | undefined): string {
  const visible = visibleText(text);
  return look === undefined ? visible : paint(visible, look, stream);
}

/** Calls back once the reader of stdout has closed it, as `head` does: known at the next write. */
export function onOutputClosed(closed: () => void): void {
  process.stdout.once('error', closed);
}

/** Writes a note beside the data to stderr. @param look As of {@link writeOut}. */
export function writeNote(text: string, look?: Look): void {
  clearProgress();
  process.stderr.write(dressed(text, process.stderr, look));
}

/** Whether a line of progress is on the terminal. */
let hasProgress = false;

/** Writes one line of progress over the last one, if stderr is a terminal. */
export function writeProgress(text: string): void {
  const columns = terminalWidth(process.stderr);
  if (columns === undefined || process.env['TERM'] === 'dumb') return;
  const line = visibleLine(text);
  // The last column stays free: some terminals go to the next line after it.
  const cut = line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
  process.stderr.write(`\r\u001b[2K${cut}`);
  hasProgress = true;
}

/** Removes the line of progress, so that what is written next has a line of its own. */
export function clearProgress(): void {
  if (!hasProgress) return;
  hasProgress = false;
  process.stderr.write('\r\u001b[2K');
}

/**
 * Writes JSON and a line break to stdout. Callers name the type of the value: docs/reference/json.md is made of these types.
 *
 * @param indent Spaces. Default 0: one line.
 */
export function writeJson<Answer = never>(value: NoInfer<Answer>, indent = 0): void {
  clearProgress();
  process.stdout.write(`${visibleJson(value, indent)}\n`);
}

/** Writes a result: as {@link writeJson} with `--json`, else as text for people, with the colours of a report. */
export function writeResult<Answer = never>(
  { values }: Pick<CommandLine, 'values'>,
  value: NoInfer<Answer>,
  text: () => string,
  look: Look = 'report',
): void {
  if (values['json'] === true) writeJson<Answer>(value);
  else writeOut(text(), look);
}

/** Narrowest column of a table that is fitted to a terminal. */
const LEAST_WIDTH = 6;

/**
 * Rows as an aligned text table with a header; numbers are aligned to the right. Each row is one line: line breaks and
 * other control characters are escaped.
 *
 * @param width Columns: the widest columns of the table are cut, with `…`, until a line fits or each has {@link LEAST_WIDTH}. Default: those of the terminal;
 *   if stdout is not a terminal, nothing is cut.
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
      right: rows.every((row) => row[name] === null || typeof row[name] === 'number'),
    };
  });
  const widths = fitWidths(
    columns.map(({ widest }) => widest),
    width ?? Number.POSITIVE_INFINITY,
  );
  const line = (texts: readonly string[]) => `${texts.join('  ').trimEnd()}\n`;
  const lines = Array.from({ length: rows.length + 1 }, (_, at) =>
    line(columns.map(({ cells, right }, i) => align(cells[at] ?? '', widths[i] ?? 0, right))),
  );
  return [lines[0], line(widths.map((columnWidth) => '-'.repeat(columnWidth))), ...lines.slice(1)].join('');
}

/** Narrows the widest columns, all to the same width, until a line of them fits or each has {@link LEAST_WIDTH}. */
function fitWidths(widths: readonly number[], total: number): number[] {
  const gaps = 2 * (widths.length - 1);
  const room = (most: number) => widths.reduce((sum, width) => sum + Math.min(width, most), gaps);
  let cap = Math.max(...widths, LEAST_WIDTH);
  if (room(cap) <= total) return [...widths];
  while (cap > LEAST_WIDTH && room(cap) > total) cap -= 1;
  return widths.map((width) => Math.min(width, cap));
}

/** A cell in the width of its column, cut if it is wider. */
function align(text: string, width: number, right: boolean): string {
  if (text.length > width) return `${text.slice(0, width - 1)}…`;
  return right ? text.padStart(width) : text.padEnd(width);
}

/**
 * Rows as CSV with a header: https://www.rfc-editor.org/rfc/rfc4180, with line feeds. Null is an empty field, an empty text
 * is `""`. No rows are an empty text: they have no header.
 */
export function csvTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const names = Object.keys(first);
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map(csvLine).join('');
}

/** The text of a value; empty for null. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
