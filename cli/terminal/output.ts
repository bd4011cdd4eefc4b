import { visibleJson, visibleLine, visibleText } from '../../lib/base/text.ts';
import { type Look, paint } from './colour.ts';
import type { CommandLine } from './commandLine.ts';
import { csvTable } from './tables.ts';
import { terminalWidth } from './terminalWidth.ts';

/**
 * Everything that commands print passes through this file. Names, keys and rows from outside can contain control characters
 * of a terminal, which are escaped, except in {@link writeCsv} to a program. A test checks that no other file of cli/ writes, but
 * the launcher and a program whose output another one reads.
 */

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
