/**
 * The words of a command line of a test: parts between spaces, of which one in single quotes may have spaces. It is not a shell:
 * nothing is expanded, and a quote has no other meaning.
 */
export function wordsOf(line: string): readonly string[] {
  const words = line.match(/'[^']*'|\S+/g) ?? [];
  return words.map((word) => (word.startsWith("'") ? word.slice(1, -1) : word));
}
