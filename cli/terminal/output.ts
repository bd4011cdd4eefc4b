import { visibleJson, visibleLine, visibleText } from '../../lib/base/text.ts';
import type { CommandLine } from './commandLine.ts';

/**
 * Everything that commands print passes through this file. Names, keys and rows from outside can contain control characters
 * of a terminal, which are escaped. A test checks that no other file of cli/ writes.
 */

/** Writes data to stdout. The caller makes one line of a value that belongs on a line: lib/base/text.ts. */
export function writeOut(text: string): void {
  process.stdout.write(visibleText(text));
}

/** Writes a note beside the data to stderr. */
export function writeNote(text: string): void {
  process.stderr.write(visibleText(text));
}

/**
 * Writes JSON and a line break to stdout.
 *
 * @param indent Spaces. Default 0: one line.
 */
export function writeJson(value: unknown, indent = 0): void {
  process.stdout.write(`${visibleJson(value, indent)}\n`);
}

/** Writes a result: as JSON with `--json`, else as text for people. */
export function writeResult(
  { values }: Pick<CommandLine, 'values'>,
  value: unknown,
  text: () => string,
): void {
  if (values['json'] === true) writeJson(value);
  else writeOut(text());
}

/**
 * Rows as an aligned text table with a header; numbers are aligned to the right. Each row is one line: line breaks and
 * other control characters are escaped.
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

/** Words that a POSIX shell does not change. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Words as one line that a POSIX shell splits into the same words. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
