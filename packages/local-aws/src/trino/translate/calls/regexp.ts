import { quoteText } from '../../../base/sql.ts';
import type { Rendering, TokenWriter } from '../Rendering.ts';
import { notEmulated, SqlError, type TokenList, type TokenRange } from '../tokens.ts';

/**
 * Writes a regular expression function whose pattern is a string literal, which is translated to RE2. `SELECT
 * regexp_extract('abc', '(x)?abc', 1)` is null, where RE2 returns an empty string.
 *
 * @param index The index of the function's name.
 * @returns The index after it; undefined when the pattern is not a literal.
 * @throws SqlError `NOT_SUPPORTED` for a pattern that RE2 does not support.
 */
export function writeRegexpCall(
  writer: TokenWriter,
  out: Rendering,
  index: number,
  word: string,
): number | undefined {
  const { list } = writer;
  const at = list.offset(index);
  const close = list.closeOf(index + 1);
  const [subject, pattern, third] = list.split(index + 2, close);
  const text = literalText(list, pattern);
  if (subject === undefined || text === undefined) return undefined;
  const re2 = translatePattern(text, word === 'regexp_like');
  if (typeof re2 === 'string') {
    throw notEmulated(`Function '${word}' with ${re2} in the pattern`, at);
  }
  const name = `trino_${word}`;
  const write = (before: string, after: string) => {
    out.add(`${before}(`, at);
    writer.write(out, subject.from, subject.to);
    out.add(`, ${quoteText(re2.pattern)}${after}`, at);
    return close + 1;
  };
  if (third === undefined) return write(name, ')');
  const call =
    word === 'regexp_replace' ? replaceCall(list, third, re2, at) : groupCall(list, third, re2, name, at);
  if (call !== undefined) return write(...call);
  // The third argument is no literal.
  write(name, ',');
  writer.write(out, third.from, third.to);
  out.add(')', list.offset(close));
  return close + 1;
}

/** What is before the arguments of a call and behind its pattern. */
type CallParts = readonly [before: string, after: string];

/** The parts of a call with a replacement; undefined for one that is no literal. @throws SqlError */
function replaceCall(list: TokenList, third: TokenRange, re2: Re2Pattern, at: number): CallParts | undefined {
  const replacement = literalText(list, third);
  if (replacement === undefined) return undefined;
  const translated = translateReplacement(replacement, re2);
  if (translated === undefined)
    throw new SqlError('INVALID_FUNCTION_ARGUMENT', `Illegal replacement sequence: ${replacement}`, at);
  return ['regexp_replace', `, ${quoteText(translated)}, 'g')`];
}

/** The parts of a call with a group; undefined for one that is no literal. @throws SqlError */
function groupCall(
  list: TokenList,
  third: TokenRange,
  { groups }: Re2Pattern,
  name: string,
  at: number,
): CallParts | undefined {
  const number = list.at(third.from);
  if (number?.kind !== 'number' || third.to - third.from !== 1) return undefined;
  const group = Number(number.raw);
  if (group > groups.length) {
    throw new SqlError(
      'INVALID_FUNCTION_ARGUMENT',
      `Pattern has ${groups.length} groups. Cannot access group ${group}`,
      at,
    );
  }
  if (group === 0 || groups[group - 1]?.canBeEmpty === true) return [name, `, ${group})`];
  // An empty match of a group that cannot be empty means that the group did not participate.
  return [`nullif(${name}`, `, ${group}), '')`];
}

/** The text of an argument; undefined for an argument that is no literal. */
function literalText(list: TokenList, range: TokenRange | undefined): string | undefined {
  const token = range === undefined ? undefined : list.at(range.from);
  return token?.kind === 'text' && range !== undefined && range.to - range.from === 1
    ? token.value
    : undefined;
}

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

/**
 * Translates a pattern of Trino to RE2.
 *
 * @param dollarBeforeFinalBreak Whether `$` also matches before a final line break, as in Java. Only correct when nothing is
 *   extracted.
 * @returns The pattern, or a description of the syntax that RE2 does not support.
 */
function translatePattern(pattern: string, dollarBeforeFinalBreak: boolean): Re2Pattern | string {
  const groups: { name: string | undefined; start: number; end: number }[] = [];
  const open: (number | undefined)[] = [];
  let result = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    if (inClass && rest.startsWith('&&')) return 'an intersection of classes';
    const unknown = UNSUPPORTED_SYNTAX.find(
      ([begin]) => (!inClass || rest.startsWith('\\')) && begin.test(rest),
    );
    if (unknown !== undefined) return unknown[1];
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
 * @returns undefined when it refers to a group that does not exist.
 */
function translateReplacement(text: string, { groups }: Re2Pattern): string | undefined {
  let known = true;
  const result = text.replaceAll(
    /\\([\s\S])|\$\{(\w+)\}|\$(\d)|([\s\S])/g,
    (_, escaped?: string, name?: string, digit?: string, character?: string) => {
      if (name !== undefined || digit !== undefined) {
        const group =
          digit === undefined ? groups.findIndex((each) => each.name === name) + 1 : Number(digit);
        if (group > groups.length || (group === 0 && digit === undefined)) known = false;
        return `\\${group}`;
      }
      if (character === '$' || character === '\\') known = false;
      const plain = escaped ?? character ?? '';
      return plain === '\\' ? '\\\\' : plain;
    },
  );
  return known ? result : undefined;
}
