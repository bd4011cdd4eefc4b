import { visibleText } from '../../../../lib/base/text.ts';

/** Puts what should not have happened on stderr, with its stack. */
export function reportDefect(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${visibleText(text)}\n`);
}
