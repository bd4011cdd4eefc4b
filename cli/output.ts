import { visibleJson, visibleLine, visibleText } from '../lib/base/text.ts';
import type { CommandLine } from './commandLine.ts';

/**
 * All that commands print goes through here: names, keys and rows of other people may hold characters that a terminal acts
 * on, and are shown as escapes. A test holds that nothing else in cli/ writes.
 */

/** Writes data, to stdout. Values within a line are the caller's to make one line of: lib/base/text.ts. */
export function writeOut(text: string): void {
  process.stdout.write(visibleText(text));
}

/** Writes what is said beside the data, to stderr. */
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

/** Words that any POSIX shell leaves alone. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Words as one line that a POSIX shell takes apart into them again. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
