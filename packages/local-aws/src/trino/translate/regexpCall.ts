import { javaPattern, javaReplacement } from './javaPattern.ts';
import type { Rendering } from './Rendering.ts';
import { SqlError } from './SqlError.ts';
import type { TokenList, TokenRange } from './TokenList.ts';
import type { Translator } from './Translator.ts';

const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * Writes a function of regular expressions whose pattern is a text in the statement: spelled for RE2, with its groups
 * known. `SELECT regexp_extract('abc', '(x)?abc', 1)` is null, for which RE2 has an empty text.
 *
 * @param index The index of the function's name.
 * @returns The index after it; undefined when the pattern isn't known.
 * @throws SqlError `NOT_SUPPORTED` for a pattern that RE2 has no words for.
 */
export function regexpCall(
  translator: Translator,
  out: Rendering,
  index: number,
  word: string,
): number | undefined {
  const { list } = translator;
  const at = list.offset(index);
  const close = list.closeOf(index + 1);
  const [subject, pattern, third] = list.split(index + 2, close);
  const text = textOf(list, pattern);
  if (subject === undefined || text === undefined) return undefined;
  const java = javaPattern(text, word === 'regexp_like');
  if (typeof java === 'string') {
    throw new SqlError(
      'NOT_SUPPORTED',
      `Function '${word}' with ${java} in the pattern is not emulated by Sluice's local Athena`,
      at,
    );
  }
  const name = `trino_${word}`;
  const write = (before: string, after: string) => {
    out.add(`${before}(`, at);
    translator.write(out, subject.from, subject.to);
    out.add(`, ${quoteText(java.pattern)}${after}`, at);
    return close + 1;
  };
  if (third === undefined) return write(name, ')');
  if (word === 'regexp_replace') {
    const replacement = textOf(list, third);
    if (replacement === undefined) {
      write(name, ',');
      translator.write(out, third.from, third.to);
      out.add(')', list.offset(close));
      return close + 1;
    }
    const spelled = javaReplacement(replacement, java);
    if (spelled === undefined)
      throw new SqlError('INVALID_FUNCTION_ARGUMENT', `Illegal replacement sequence: ${replacement}`, at);
    return write('regexp_replace', `, ${quoteText(spelled)}, 'g')`);
  }
  const number = list.at(third.from);
  if (number?.kind !== 'number' || third.to - third.from !== 1) {
    write(name, ',');
    translator.write(out, third.from, third.to);
    out.add(')', list.offset(close));
    return close + 1;
  }
  const group = Number(number.raw);
  const { groups } = java;
  if (group > groups.length) {
    throw new SqlError(
      'INVALID_FUNCTION_ARGUMENT',
      `Pattern has ${groups.length} groups. Cannot access group ${group}`,
      at,
    );
  }
  if (group === 0 || groups[group - 1]?.empty === true) return write(name, `, ${group})`);
  // A group that can't be empty had no part in a match when it is.
  return word === 'regexp_extract'
    ? write(`nullif(${name}`, `, ${group}), '')`)
    : write(`list_transform(${name}`, `, ${group}), lambda e: nullif(e, ''))`);
}

function textOf(list: TokenList, range: TokenRange | undefined): string | undefined {
  const token = range === undefined ? undefined : list.at(range.from);
  return token?.kind === 'text' && range !== undefined && range.to - range.from === 1
    ? token.value
    : undefined;
}
