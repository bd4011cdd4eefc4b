import { notEmulated, statementError } from '../engine/StatementError.ts';
import { lazyScalar, type RowReader, type TextColumnType } from './rowReader.ts';
import type { TextFormat } from './TextFormat.ts';
import { javaRegex } from './values/javaRegex.ts';
import { isInteger, strictInteger } from './values/scalars.ts';
import { timestampReader } from './values/timestampFormats.ts';

/** The pattern of RegexSerDe. */
type Regex = Extract<TextFormat, { serde: 'regex' }>;

/**
 * Reads lines as RegexSerDe does: a group of the pattern is a column. A line that does not match as a whole is a row of
 * nulls; a group that has no part in the match, that is missing, or whose text is not of the column's type is null.
 * https://docs.aws.amazon.com/athena/latest/ug/regex-serde.html
 *
 * @throws StatementError for a pattern or a column of a type that the SerDe does not have.
 */
export function regexReader(columns: readonly TextColumnType[], format: Regex): RowReader {
  if (format.pattern === undefined)
    throw statementError('HIVE_INVALID_METADATA', "Schema does not have required 'input.regex' property");
  for (const { name, type } of columns) {
    if (/^(?:array|map|struct|binary)$/.test(type.kind))
      throw notEmulated(`The type ${type.kind} of the column ${name} with RegexSerDe`);
  }
  const pattern = javaRegex(format.pattern, format.ignoreCase);
  const readTimestamp = timestampReader(undefined);
  const nothing = columns.map(() => null);
  return (line) => {
    const groups = pattern.exec(line);
    if (groups === null) return nothing;
    return columns.map(({ type }, index) => {
      const text = groups[index + 1];
      if (text === undefined) return null;
      if (isInteger(type)) return strictInteger(text, type) ?? null;
      // Java's parseBoolean takes every other text as false.
      if (type.kind === 'boolean') return String(text.toLowerCase() === 'true');
      return lazyScalar(text, type, readTimestamp);
    });
  };
}
