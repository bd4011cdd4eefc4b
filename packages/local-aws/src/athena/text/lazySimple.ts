import { notEmulated } from '../engine/StatementError.ts';
import { lazyScalar, type RowReader, type TextColumnType } from './rowReader.ts';
import type { TextFormat } from './TextFormat.ts';
import { isNested } from './values/typeTree.ts';

/** How LazySimpleSerDe divides a line. */
export type LazySimple = Extract<TextFormat, { serde: 'simple' }>;

/**
 * Reads lines as Hive's LazySimpleSerDe does: a text that is not of its column's type is null, missing columns are
 * null, and further ones are dropped. https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
 *
 * @throws StatementError for a column of a nested type.
 */
export function lazySimpleReader(columns: readonly TextColumnType[], format: LazySimple): RowReader {
  const nested = columns.find(({ type }) => isNested(type));
  if (nested !== undefined)
    throw notEmulated(`The type ${nested.type.kind} of the column ${nested.name} with LazySimpleSerDe`);
  const { separator, escapeWith, nullText } = format;
  return (line) => {
    const isPlain = escapeWith === undefined || !line.includes(escapeWith);
    const parts = isPlain ? line.split(separator) : split(line, separator, escapeWith);
    return columns.map(({ type }, index) => {
      const part = parts[index];
      if (part === undefined || part === nullText) return null;
      return lazyScalar(isPlain ? part : unescapeText(part, escapeWith), type);
    });
  };
}

/** Splits at separators that are not escaped. The parts keep their escapes. */
function split(text: string, separator: string, escapeWith: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === separator) {
      parts.push(text.slice(start, index));
      start = index + 1;
    } else if (character === escapeWith) index += 1;
  }
  return [...parts, text.slice(start)];
}

function unescapeText(text: string, escapeWith: string): string {
  let plain = '';
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === escapeWith && index + 1 < text.length) index += 1;
    plain += text[index];
  }
  return plain;
}
