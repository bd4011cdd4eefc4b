import { visibleJson, visibleText } from '../../lib/log/visible.ts';

/**
 * All that commands print goes through here: names, keys and rows of other people may hold characters that a terminal acts
 * on, and are shown as escapes. A test holds that nothing else in cli/ writes.
 */

/** Writes data, to stdout. Values within a line are the caller's to make one line of: lib/log/visible.ts. */
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
