/** Words that any POSIX shell leaves alone. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Words as one line that a POSIX shell takes apart into them again. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
