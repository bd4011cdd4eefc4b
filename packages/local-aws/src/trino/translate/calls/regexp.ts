import { quoteText } from '../../../base/sql.ts';
import type { Rendering, TokenWriter } from '../Rendering.ts';
import { notEmulated, SqlError, type TokenList, type TokenRange } from '../tokens.ts';
import { type Re2Pattern, translatePattern, translateReplacement } from './re2Pattern.ts';

/**
 * Writes a regular expression function whose pattern is a string literal, which is translated to RE2. A group that took
 * no part in a match is null, as in `regexp_extract('abc', '(x)?abc', 1)`, where RE2 returns an empty string.
 *
 * @param index The index of the function's name.
 * @returns The index after it; undefined when the pattern is not a literal.
 * @throws SqlError `NOT_SUPPORTED` for a pattern that RE2 does not support, `INVALID_FUNCTION_ARGUMENT` for a group that
 *   the pattern does not have.
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
  const re2 = translatePattern(text, {
    dollarBeforeFinalBreak: word === 'regexp_like',
    unsupported: (syntax) => notEmulated(`Function '${word}' with ${syntax} in the pattern`, at),
  });
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
  const translated = translateReplacement(replacement, re2, (syntax) =>
    notEmulated(`Function 'regexp_replace' with ${syntax}`, at),
  );
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
