import { statementError } from '../engine/StatementError.ts';
import { lazyScalar, type RowReader, type TextColumnType } from './rowReader.ts';
import type { TextFormat } from './TextFormat.ts';
import { timestampReader } from './values/timestampFormats.ts';
import type { TypeTree } from './values/typeTree.ts';

/** How LazySimpleSerDe divides a line. */
export type LazySimple = Extract<TextFormat, { serde: 'simple' }>;

/** Reads a value of a nested text; null for `serialization.null.format` and for what is not of the type. */
type Read = (text: string) => string | null;

/**
 * Reads lines as Hive's LazySimpleSerDe does: a text that is not of its column's type is null, missing columns are
 * null, and further ones are dropped. https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
 */
export function lazySimpleReader(columns: readonly TextColumnType[], format: LazySimple): RowReader {
  const readers = columns.map(({ type }) => reader(type, 1, format));
  const { separators, escapeWith, lastTakesRest } = format;
  const [separator = ''] = separators;
  return (line) => {
    const parts = split(line, separator, escapeWith, lastTakesRest ? readers.length : 0);
    return readers.map((read, index) => {
      const part = parts[index];
      return part === undefined ? null : read(part);
    });
  };
}

function reader(type: TypeTree, depth: number, format: LazySimple): Read {
  const { nullText } = format;
  const read = valueReader(type, depth, format);
  return (text) => (text === nullText ? null : read(text));
}

function valueReader(type: TypeTree, depth: number, format: LazySimple): Read {
  const { escapeWith } = format;
  if (type.kind === 'array') {
    const [item, separator] = [reader(type.item, depth + 1, format), separatorAt(depth, format)];
    return (text) =>
      text === '' ? '[]' : `[${split(text, separator, escapeWith).map(item).map(orNull).join(',')}]`;
  }
  if (type.kind === 'struct') {
    const separator = separatorAt(depth, format);
    const fields = type.fields.map((field) => ({
      name: JSON.stringify(field.name),
      read: reader(field.type, depth + 1, format),
    }));
    return (text) => {
      const parts = split(text, separator, escapeWith);
      return `{${fields.map(({ name, read }, index) => `${name}:${orNull(read(parts[index] ?? format.nullText))}`).join(',')}}`;
    };
  }
  if (type.kind === 'map') {
    const [between, within] = [separatorAt(depth, format), separatorAt(depth + 1, format)];
    const [key, value] = [reader(type.key, depth + 2, format), reader(type.value, depth + 2, format)];
    return (text) => {
      // The first value of a key counts.
      const entries = new Map<string, string>();
      for (const entry of text === '' ? [] : split(text, between, escapeWith)) {
        const [name = '', ...rest] = split(entry, within, escapeWith, 2);
        const literal = key(name);
        if (literal === null || entries.has(literal)) continue;
        entries.set(literal, orNull(rest[0] === undefined ? null : value(rest[0])));
      }
      return mapLiteral(entries);
    };
  }
  const readTimestamp = timestampReader(format.timestampFormats);
  const isPlain = escapeWith === undefined;
  return (text) =>
    lazyScalar(
      isPlain || !text.includes(escapeWith) ? text : unescapeText(text, escapeWith),
      type,
      readTimestamp,
    );
}

function separatorAt(depth: number, { separators }: LazySimple): string {
  const separator = separators[depth];
  if (separator === undefined)
    throw statementError(
      'HIVE_INVALID_METADATA',
      'A type is nested deeper than LazySimpleSerDe has separators',
    );
  return separator;
}

function orNull(literal: string | null): string {
  return literal ?? 'null';
}

/** A map as a JSON object. @param entries JSON literals. Keys of numbers and booleans become strings. */
export function mapLiteral(entries: ReadonlyMap<string, string>): string {
  const members = [...entries].map(([key, value]) => `${key.startsWith('"') ? key : `"${key}"`}:${value}`);
  return `{${members.join(',')}}`;
}

/**
 * Splits at separators that are not escaped. The parts keep their escapes.
 *
 * @param most The number of parts, of which the last one has the rest; 0 for any.
 */
function split(text: string, separator: string, escapeWith: string | undefined, most = 0): string[] {
  if (most === 0 && (escapeWith === undefined || !text.includes(escapeWith))) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length && parts.length + 1 !== most; index += 1) {
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
