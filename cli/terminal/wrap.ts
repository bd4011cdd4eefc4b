/** How the lines of a text begin that is wrapped. */
interface Margins {
  /** Before the first line. Default nothing. */
  readonly first?: string;
  /** Before each further line. Default as many spaces as the first has characters. */
  readonly rest?: string;
}

/**
 * Breaks a text at spaces into lines that are no wider than that. A word that is wider than a line stays whole, on a line
 * of its own: cut, it could not be copied.
 *
 * @param width Columns, the margins included.
 */
export function wrapLines(text: string, width: number, margins: Margins = {}): readonly string[] {
  const { first = '', rest = ' '.repeat(first.length) } = margins;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/).filter((one) => one !== '')) {
    const margin = lines.length === 0 ? first : rest;
    if (line !== '' && margin.length + line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, ((lines.length === 0 ? first : rest) + line).trimEnd()];
}

/**
 * A command of a POSIX shell as lines that are no wider than that, where its words allow it, and that a shell reads as the
 * same command. It is broken outside of quotes, with a backslash, and inside of double or single quotes at a space, as
 * only SQL is that long there.
 *
 * @param width Columns, the indent included.
 */
export function wrapCommand(command: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let [line, quote, isQuotedAtStart] = ['', '', false];
  for (const word of command.split(' ')) {
    const margin = lines.length === 0 ? indent : `${indent}  `;
    // Outside of quotes, ` \` follows.
    const mark = quote === '' ? ' \\' : '';
    if (line !== '' && margin.length + line.length + 1 + word.length + 2 > width) {
      lines.push(margin + line + mark);
      line = word;
      isQuotedAtStart = quote !== '';
    } else line = line === '' && !isQuotedAtStart ? word : `${line} ${word}`;
    for (const character of word) {
      if (quote === '' && (character === '"' || character === "'")) quote = character;
      else if (character === quote) quote = '';
    }
  }
  return [...lines, (lines.length === 0 ? indent : `${indent}  `) + line];
}

/**
 * Wraps the lines of a report that are wider than a terminal: below their indent, or below their last column. Commands to
 * copy and stack traces stay as they are, and rows of tables, which are fitted already.
 */
export function fitReport(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      if (line.length <= width || /^ *(\$|at) /.test(line)) return [line];
      const [, indent = '', columns = '', rest = ''] = /^( *)((?:\S.*? {2,})*)(.*)$/.exec(line) ?? [];
      const first = indent + columns;
      if (first.length > width / 2) return [line];
      return wrapLines(rest, width, {
        first,
        rest: ' '.repeat(columns === '' ? indent.length + 2 : first.length),
      });
    })
    .join('\n');
}
