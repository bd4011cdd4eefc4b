import { diskProblem } from './diskProblem.ts';
import { LocalAwsError } from './errors.ts';

/** Characters that a terminal acts on, hides or reorders.
 *  https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** How long a sentence about the disk is not repeated, in milliseconds of the machine: each request fails the same. */
const TOLD_MS = 60_000;
/** When each sentence was written last by this process, in milliseconds of the machine. */
const reported = new Map<string, number>();

/**
 * Writes an unexpected error with its stack to stderr; characters that a terminal would act on are escapes. A disk that
 * is full, damaged or can't be written is no defect, nor is any other error with a code: of that there is a sentence,
 * once a minute.
 */
export function reportDefect(error: unknown): void {
  const problem = error instanceof LocalAwsError ? error : diskProblem(error);
  if (problem === undefined) {
    write(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return;
  }
  const now = performance.now();
  // Each damaged file is reported: the message names it.
  const about = error instanceof LocalAwsError ? problem.message : problem.code;
  if (now - (reported.get(about) ?? Number.NEGATIVE_INFINITY) < TOLD_MS) return;
  reported.set(about, now);
  write(`${problem.code}: ${problem.message} ${problem.cure}`);
}

/** Writes a line to stderr. Control characters are escaped, so that no text of a client's moves the terminal. */
function write(text: string): void {
  const visible = text.replace(HIDDEN, (hidden) => `\\u{${(hidden.codePointAt(0) ?? 0).toString(16)}}`);
  process.stderr.write(`${visible}\n`);
}
