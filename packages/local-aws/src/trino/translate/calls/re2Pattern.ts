/** A regular expression in the syntax of RE2, which DuckDB uses, with its groups. */
export interface Re2Pattern {
  /** The expression in the syntax of RE2. */
  readonly pattern: string;
  /** The groups in order: the name, if any, and whether the group can match an empty string. */
  readonly groups: readonly { readonly name: string | undefined; readonly canBeEmpty: boolean }[];
}

/**
 * Syntax of Trino's expressions that RE2 does not support, by its first characters.
 * https://github.com/google/re2/wiki/Syntax
 */
const UNSUPPORTED_SYNTAX: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, 'a lookaround'],
  [/^\(\?>/, 'an atomic group'],
  [/^\\(?:[1-9]|k<)/, 'a backreference'],
  [/^\\[XRGhHVNyYKZ]/, 'an escape that DuckDB lacks'],
  [
    /^\\[pP]\{(?:Alpha|Digit|Alnum|Upper|Lower|Punct|Space|XDigit|ASCII|java\w+|Is\w+|In\w+)\}/,
    'a character property',
  ],
  [/^(?:[*+?]|\{\d+,?\d*\})\+/, 'a possessive quantifier'],
];

/** Options of {@link translatePattern}. */
export interface PatternOptions {
  /** Whether `$` also matches before a final line break, as in Java. Only correct when nothing is extracted. */
  readonly dollarBeforeFinalBreak: boolean;
  /** Makes the error for syntax that RE2 does not support, from a phrase such as `a lookaround`. */
  readonly unsupported: (syntax: string) => Error;
}

/** Translates a pattern of Trino to RE2. @throws What `unsupported` makes. */
export function translatePattern(
  pattern: string,
  { dollarBeforeFinalBreak, unsupported }: PatternOptions,
): Re2Pattern {
  const groups: { name: string | undefined; start: number; end: number }[] = [];
  const open: (number | undefined)[] = [];
  let result = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    if (inClass && rest.startsWith('&&')) throw unsupported('an intersection of classes');
    const unknown = UNSUPPORTED_SYNTAX.find(
      ([begin]) => (!inClass || rest.startsWith('\\')) && begin.test(rest),
    );
    if (unknown !== undefined) throw unsupported(unknown[1]);
    // Java ends `\Q` with `\E` or the pattern's end, as RE2 does.
    const [quoted] = /^\\Q[\s\S]*?(?:\\E|$)/.exec(rest) ?? [];
    const [run = ''] =
      quoted === undefined ? (/^(?:\\[\s\S]|\(\?<(\w+)>|[\s\S])/.exec(rest) ?? []) : [quoted];
    if (run === '[') inClass = true;
    else if (run === ']') inClass = false;
    else if (!inClass && run.startsWith('(')) {
      const name = /^\(\?<(\w+)>/.exec(run)?.[1];
      const capturing = name !== undefined || !rest.startsWith('(?');
      open.push(capturing ? groups.length : undefined);
      if (capturing) groups.push({ name, start: at + run.length, end: pattern.length });
    } else if (!inClass && run === ')') {
      const group = groups[open.pop() ?? -1];
      if (group !== undefined) group.end = at;
    }
    const dollar = run === '$' && !inClass && dollarBeforeFinalBreak && !/\(\?[a-z]*m/.test(pattern);
    const plain = !inClass && run.startsWith('(?<') ? '(' : run;
    result += dollar ? '(?:\\n?\\z)' : plain;
    at += run.length;
  }
  return {
    pattern: result,
    groups: groups.map(({ name, start, end }) => ({
      name,
      canBeEmpty: matchesEmpty(pattern.slice(start, end)),
    })),
  };
}

/** Whether an expression can match an empty string. True when that cannot be determined. */
function matchesEmpty(expression: string): boolean {
  try {
    return /\\[bBAzZ]/.test(expression) || new RegExp(`^(?:${expression})$`, 's').test('');
  } catch {
    return true;
  }
}

/**
 * Translates a replacement string of Java to RE2. https://trino.io/docs/current/functions/regexp.html#regexp_replace
 *
 * @returns Undefined when it refers to a group that does not exist.
 */
export function translateReplacement(text: string, { groups }: Re2Pattern): string | undefined {
  let isValid = true;
  const result = text.replaceAll(
    /\\([\s\S])|\$\{(\w+)\}|\$(\d)|([\s\S])/g,
    (_, escaped?: string, name?: string, digit?: string, character?: string) => {
      if (name !== undefined || digit !== undefined) {
        const group =
          digit === undefined ? groups.findIndex((each) => each.name === name) + 1 : Number(digit);
        if (group > groups.length || (group === 0 && digit === undefined)) isValid = false;
        return `\\${group}`;
      }
      if (character === '$' || character === '\\') isValid = false;
      const plain = escaped ?? character ?? '';
      return plain === '\\' ? '\\\\' : plain;
    },
  );
  return isValid ? result : undefined;
}
