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
  // Letters that RE2 lacks. `translatePattern` writes `\u` otherwise, except for one half of a character beyond U+FFFF.
  [
    /^\\(?:(?![abdfnprstuvwxzABDPQSW])[A-Za-z]|u(?![\da-fA-F]{4})|u[dD][89a-fA-F])/,
    'an escape that DuckDB lacks',
  ],
  [
    /^\\[pP]\{(?:Alpha|Digit|Alnum|Upper|Lower|Punct|Space|XDigit|ASCII|java\w+|Is\w+|In\w+)\}/,
    'a character property',
  ],
  [/^(?:[*+?]|\{\d+,?\d*\})\+/, 'a possessive quantifier'],
];

/** Options of {@link translatePattern}. */
interface PatternOptions {
  /** Whether `$` also matches before a final line break, as in Java. Only correct when nothing is extracted. */
  readonly dollarBeforeFinalBreak: boolean;
  /** Makes the error for syntax that RE2 does not support, from a phrase such as `a lookaround`. */
  readonly unsupported: (syntax: string) => Error;
}

/** Escapes that RE2 has outside of a class only. Joni takes most of them for a character there. */
const NOT_IN_CLASS = /^\\[AbBQz]/;

/** A character by its number as Joni reads it and RE2 does not: `\u00e9`. */
const UNICODE_ESCAPE = /\\(?:u([\da-fA-F]{4})|[\s\S])/g;

/** The names of classes in POSIX syntax that both Joni and RE2 know, as in `[[:alpha:]]`. */
const POSIX_CLASS =
  /\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/g;

/** The kinds of parts of a pattern, by what begins the rest of it. The first that fits counts. */
const PARTS = [
  // Java ends `\Q` with `\E` or the pattern's end, as RE2 does.
  ['quote', /^\\Q[\s\S]*?(?:\\E|$)/],
  // Flags match no character either.
  ['position', /^(?:\\[bBAz]|[$^]|\(\?[a-zA-Z-]+\))/],
  [
    'escape',
    /^\\(?:[pP](?:\{\^?\w+\}|\w)|x(?:\{[\da-fA-F]+\}|[\da-fA-F]{2})|u[\da-fA-F]{4}|0[0-7]{0,2}|[\s\S])/,
  ],
  // A bracket that begins a class is one of its characters.
  ['class', new RegExp(`^\\[\\^?\\]?(?:${POSIX_CLASS.source}|\\\\[\\s\\S]|[^\\]\\\\])*\\]`)],
  ['open', /^\((?:\?<\w+>|\?[a-zA-Z-]*:)?/],
  ['close', /^\)/],
  ['plain', /^[\s\S]/],
] as const;

/** A part of a pattern that is translated as a whole. */
interface Part {
  /** What it is. */
  readonly kind: (typeof PARTS)[number][0];
  /** Its characters. */
  readonly text: string;
}

/** The parts of a pattern in order. @throws What `unsupported` makes. */
function* partsOf(pattern: string, unsupported: PatternOptions['unsupported']): Generator<Part> {
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    refuseUnsupported(rest, unsupported);
    for (const [kind, begin] of PARTS) {
      const text = begin.exec(rest)?.[0];
      if (text === undefined) continue;
      if (kind === 'class') refuseInClass(text, unsupported);
      yield { kind, text };
      at += text.length;
      break;
    }
  }
}

/** @throws What `unsupported` makes for the syntax that a text begins with. */
function refuseUnsupported(text: string, unsupported: PatternOptions['unsupported']): void {
  const unknown = UNSUPPORTED_SYNTAX.find(([begin]) => begin.test(text));
  if (unknown !== undefined) throw unsupported(unknown[1]);
}

/** @throws What `unsupported` makes for a class. Joni reads a bracket in a class as a class within it, RE2 as itself. */
function refuseInClass(text: string, unsupported: PatternOptions['unsupported']): void {
  for (const { index } of text.matchAll(/\\[\s\S]/g)) {
    refuseUnsupported(text.slice(index), unsupported);
    if (NOT_IN_CLASS.test(text.slice(index))) throw unsupported('an escape that DuckDB lacks within a class');
  }
  const plain = text.replaceAll(/\\[\s\S]/g, '').replaceAll(POSIX_CLASS, '');
  if (plain.includes('&&')) throw unsupported('an intersection of classes');
  if (plain.lastIndexOf('[') > 0) throw unsupported('a class within a class');
}

/** Translates a pattern of Trino to RE2. @throws What `unsupported` makes. */
export function translatePattern(
  pattern: string,
  { dollarBeforeFinalBreak, unsupported }: PatternOptions,
): Re2Pattern {
  const groups: { readonly name: string | undefined; readonly start: number; end: number | undefined }[] = [];
  const open: (number | undefined)[] = [];
  const translatesDollar = dollarBeforeFinalBreak && !/\(\?[a-z]*m/.test(pattern);
  let result = '';
  let lengths = '';
  for (const part of partsOf(pattern, unsupported)) {
    const { kind, text } = part;
    if (kind === 'close') {
      const group = groups[open.pop() ?? -1];
      if (group !== undefined) group.end = lengths.length;
    }
    lengths += lengthOf(part);
    if (kind === 'open') {
      const name = /^\(\?<(\w+)>/.exec(text)?.[1];
      const isCapturing = name !== undefined || text === '(';
      open.push(isCapturing ? groups.length : undefined);
      if (isCapturing) groups.push({ name, start: lengths.length, end: undefined });
      result += isCapturing ? '(' : text;
    } else if (text === '$' && translatesDollar) result += '(?:\\n?\\z)';
    else result += kind === 'quote' ? text : withRe2Escapes(text);
  }
  return {
    pattern: result,
    groups: groups.map(({ name, start, end }) => ({
      name,
      canBeEmpty: matchesEmpty(lengths.slice(start, end)),
    })),
  };
}

/** A part with RE2's escapes for characters that are given by their numbers. */
function withRe2Escapes(text: string): string {
  return text.replaceAll(UNICODE_ESCAPE, (sequence: string, digits?: string) =>
    digits === undefined ? sequence : `\\x{${digits}}`,
  );
}

/** An expression of JavaScript that matches texts of the lengths that a part matches. */
function lengthOf({ kind, text }: Part): string {
  switch (kind) {
    case 'quote':
      return 'x'.repeat(text.replace(/^\\Q/, '').replace(/\\E$/, '').length);
    case 'position':
      return '(?:)';
    case 'escape':
    case 'class':
      return 'x';
    case 'open':
      return '(?:';
    default:
      return text;
  }
}

/**
 * Whether an expression can match an empty string. True for one that JavaScript does not read, such as `a{2}{3}`.
 *
 * @param lengths An expression of JavaScript for the lengths of the matches: see {@link lengthOf}.
 */
function matchesEmpty(lengths: string): boolean {
  try {
    return new RegExp(`^(?:${lengths})$`, 's').test('');
  } catch {
    return true;
  }
}

/** The most groups that a replacement of RE2 can refer to: it reads one digit. */
const MOST_REPLACED_GROUPS = 9;

/**
 * Translates a replacement string of Java to RE2. https://trino.io/docs/current/functions/regexp.html#regexp_replace
 *
 * @param unsupported Makes the error for a reference to a group that RE2 cannot name.
 * @returns Undefined when it refers to a group that does not exist.
 * @throws What `unsupported` makes.
 */
export function translateReplacement(
  text: string,
  { groups }: Re2Pattern,
  unsupported: (syntax: string) => Error,
): string | undefined {
  let isValid = true;
  const refer = (group: number, rest = '') => {
    if (group > groups.length) isValid = false;
    else if (group > MOST_REPLACED_GROUPS) throw unsupported(`a reference to group ${group}`);
    return `\\${group}${rest}`;
  };
  const result = text.replaceAll(
    /\\([\s\S])|\$\{(\w+)\}|\$(\d+)|([\s\S])/g,
    (_, escaped?: string, name?: string, digits?: string, character?: string) => {
      if (digits !== undefined) {
        // Java takes the digits of the largest group that exists. Those behind are text.
        let end = 1;
        while (end < digits.length && Number(digits.slice(0, end + 1)) <= groups.length) end += 1;
        return refer(Number(digits.slice(0, end)), digits.slice(end));
      }
      if (name !== undefined) {
        const index = groups.findIndex((each) => each.name === name);
        return refer(index === -1 ? Number.POSITIVE_INFINITY : index + 1);
      }
      if (character === '$' || character === '\\') isValid = false;
      const plain = escaped ?? character ?? '';
      return plain === '\\' ? '\\\\' : plain;
    },
  );
  return isValid ? result : undefined;
}
