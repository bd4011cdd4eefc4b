import {
  DOUBLE,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  type DuckDBValue,
  FLOAT,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { statementError } from '../engine/StatementError.ts';
import { textFormatter } from '../engine/textFormat.ts';
import type { TextColumnType } from './rowReader.ts';
import type { TextFormat } from './TextFormat.ts';
import type { TypeTree } from './values/typeTree.ts';

/** Writes a row as a line, without its end. */
export type RowWriter = (values: readonly DuckDBValue[]) => string;

const plainText = textFormatter(VARCHAR);
const doubleText = textFormatter(DOUBLE);
const floatText = textFormatter(FLOAT);
const timestampText = textFormatter(TIMESTAMP);

/**
 * The writer of a format's lines, as Hive's SerDes write them.
 *
 * @throws StatementError NOT_SUPPORTED for a format or a column that Athena does not write.
 */
export function rowWriter(columns: readonly TextColumnType[], format: TextFormat): RowWriter {
  switch (format.serde) {
    case 'csv': {
      const others = columns.filter(({ type }) => type.kind !== 'string');
      if (others.length > 0) {
        throw statementError(
          'NOT_SUPPORTED',
          `Hive CSV storage format only supports VARCHAR (unbounded). Unsupported columns: ${others.map(({ name, type }) => `${name} ${type.kind}`).join(', ')}`,
        );
      }
      const { separator, quote, escapeWith } = format;
      return (values) =>
        values
          .map((value) =>
            value === null ? '' : `${quote}${escapeCsv(String(value), quote, escapeWith)}${quote}`,
          )
          .join(separator);
    }
    case 'simple': {
      const writers = columns.map(({ type }) => lazyWriter(type, 1, format));
      const [separator = ''] = format.separators;
      return (values) =>
        writers.map((write, index) => orNull(values[index] ?? null, write, format.nullText)).join(separator);
    }
    case 'hiveJson': {
      const writers = columns.map(({ name, type }) => ({
        name: JSON.stringify(name.toLowerCase()),
        write: jsonWriter(type),
      }));
      return (values) =>
        `{${writers.map(({ name, write }, index) => `${name}:${orNull(values[index] ?? null, write, 'null')}`).join(',')}}`;
    }
    case 'regex':
      throw statementError(
        'NOT_SUPPORTED',
        'Athena does not write files of org.apache.hadoop.hive.serde2.RegexSerDe',
      );
    case 'openx':
      throw statementError(
        'NOT_SUPPORTED',
        'Athena does not write files of org.openx.data.jsonserde.JsonSerDe: it writes JSON by org.apache.hive.hcatalog.data.JsonSerDe',
      );
  }
}

type Write = (value: DuckDBValue) => string;

function orNull(value: DuckDBValue, write: Write, nullText: string): string {
  return value === null ? nullText : write(value);
}

function escapeCsv(text: string, quote: string, escapeWith: string): string {
  if (!text.includes(quote) && !text.includes(escapeWith)) return text;
  let escaped = '';
  for (const character of text)
    escaped += character === quote || character === escapeWith ? `${escapeWith}${character}` : character;
  return escaped;
}

function lazyWriter(type: TypeTree, depth: number, format: Extract<TextFormat, { serde: 'simple' }>): Write {
  const { separators, escapeWith, nullText } = format;
  const at = (level: number) => {
    const separator = separators[level];
    if (separator === undefined)
      throw statementError('NOT_SUPPORTED', 'A type is nested deeper than LazySimpleSerDe has separators');
    return separator;
  };
  switch (type.kind) {
    case 'array': {
      const [item, separator] = [lazyWriter(type.item, depth + 1, format), at(depth)];
      return (value) =>
        itemsOf(value)
          .map((one) => orNull(one, item, nullText))
          .join(separator);
    }
    case 'map': {
      const [between, within] = [at(depth), at(depth + 1)];
      const [key, item] = [
        lazyWriter(type.key, depth + 2, format),
        lazyWriter(type.value, depth + 2, format),
      ];
      return (value) =>
        entriesOf(value)
          .map((entry) => `${key(entry.key)}${within}${orNull(entry.value, item, nullText)}`)
          .join(between);
    }
    case 'struct': {
      const separator = at(depth);
      const fields = type.fields.map((field) => lazyWriter(field.type, depth + 1, format));
      return (value) => {
        const members = membersOf(value);
        return fields.map((write, index) => orNull(members[index] ?? null, write, nullText)).join(separator);
      };
    }
    case 'binary':
      return (value) => bytesOf(value).toString('base64');
    case 'string':
    case 'varchar':
    case 'char': {
      const write = scalarWriter(type);
      if (escapeWith === undefined) return write;
      const special = new Set([escapeWith, ...separators]);
      return (value) =>
        Array.from(write(value), (character) =>
          special.has(character) ? `${escapeWith}${character}` : character,
        ).join('');
    }
    default:
      return scalarWriter(type);
  }
}

function jsonWriter(type: TypeTree): Write {
  switch (type.kind) {
    case 'array': {
      const item = jsonWriter(type.item);
      return (value) =>
        `[${itemsOf(value)
          .map((one) => orNull(one, item, 'null'))
          .join(',')}]`;
    }
    case 'map': {
      const [key, item] = [scalarWriter(type.key), jsonWriter(type.value)];
      return (value) =>
        `{${entriesOf(value)
          .map((entry) => `${JSON.stringify(key(entry.key))}:${orNull(entry.value, item, 'null')}`)
          .join(',')}}`;
    }
    case 'struct': {
      const fields = type.fields.map(({ name, type: of }) => ({
        name: JSON.stringify(name),
        write: jsonWriter(of),
      }));
      return (value) => {
        const members = membersOf(value);
        return `{${fields.map(({ name, write }, index) => `${name}:${orNull(members[index] ?? null, write, 'null')}`).join(',')}}`;
      };
    }
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'decimal':
      return scalarWriter(type);
    case 'float':
    case 'double': {
      const write = scalarWriter(type);
      return (value) => {
        const text = write(value);
        // JSON has no such numbers.
        return /^-?[NI]/.test(text) ? JSON.stringify(text) : text;
      };
    }
    default: {
      const write = scalarWriter(type);
      return (value) => JSON.stringify(write(value));
    }
  }
}

/** A scalar as Hive writes it. Bytes are read as UTF-8, as Hive's JSON SerDe does. */
function scalarWriter(type: TypeTree): Write {
  switch (type.kind) {
    case 'double':
      return (value) => doubleText(value) ?? '';
    case 'float':
      return (value) => floatText(value) ?? '';
    case 'timestamp':
      // Without zeros at the end of the fraction.
      return (value) =>
        (timestampText(value) ?? '').replace(/\.(\d*?)0+$/, (_, digits) => digits && `.${digits}`);
    case 'char':
      return (value) => String(value).padEnd(type.length);
    case 'binary':
      return (value) => bytesOf(value).toString();
    default:
      return (value) => plainText(value) ?? '';
  }
}

function itemsOf(value: DuckDBValue): readonly DuckDBValue[] {
  return value instanceof DuckDBListValue ? value.items : [];
}

function entriesOf(
  value: DuckDBValue,
): readonly { readonly key: DuckDBValue; readonly value: DuckDBValue }[] {
  return value instanceof DuckDBMapValue ? value.entries : [];
}

function membersOf(value: DuckDBValue): readonly DuckDBValue[] {
  return value instanceof DuckDBStructValue ? Object.values(value.entries) : [];
}

function bytesOf(value: DuckDBValue): Buffer {
  return Buffer.from(value instanceof DuckDBBlobValue ? value.bytes : []);
}
