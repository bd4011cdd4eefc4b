/** What a terminal acts on, hides or reorders. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Writes an unexpected error with its stack to stderr; characters that a terminal would act on are escapes. */
export function reportDefect(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const visible = text.replace(HIDDEN, (hidden) => `\\u{${(hidden.codePointAt(0) ?? 0).toString(16)}}`);
  process.stderr.write(`${visible}\n`);
}
