import { notEmulated } from '../engine/StatementError.ts';
import { BadValue, type RowReader, type TextColumnType } from './rowReader.ts';
import type { TextFormat } from './TextFormat.ts';
import {
  daysLiteral,
  decimalLiteral,
  floatLiteral,
  isInteger,
  isText,
  millisLiteral,
  strictInteger,
  stringLiteral,
} from './values/scalars.ts';
import type { TypeTree } from './values/typeTree.ts';

/** The characters of OpenCSVSerDe. */
export type OpenCsv = Extract<TextFormat, { serde: 'csv' }>;

/** `INT` and the like recognize only whole numbers of the type; dates are days since 1970, timestamps milliseconds. */
function csvLiteral(text: string, type: TypeTree): string | undefined {
  if (isInteger(type)) return strictInteger(text, type);
  switch (type.kind) {
    case 'boolean':
      return /^(?:true|false)$/i.test(text) ? text.toLowerCase() : undefined;
    case 'float':
    case 'double':
      return floatLiteral(text, type);
    case 'decimal':
      return decimalLiteral(text, type);
    case 'date': {
      const days = strictInteger(text, { kind: 'int' });
      return days === undefined ? undefined : daysLiteral(Number(days));
    }
    default: {
      const ms = strictInteger(text, { kind: 'bigint' });
      return ms === undefined ? undefined : millisLiteral(Number(ms));
    }
  }
}

/**
 * Reads lines as Hive's OpenCSVSerde does, including its oddities around quotes within a field. A value that is not of
 * its column's type fails the statement, as does an empty one of a type that is not a text.
 * https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
 *
 * @throws StatementError for a column of a type that the SerDe does not have.
 */
export function openCsvReader(columns: readonly TextColumnType[], format: OpenCsv): RowReader {
  for (const { name, type } of columns) {
    if (/^(?:array|map|struct|binary)$/.test(type.kind))
      throw notEmulated(`The type ${type.kind} of the column ${name} with OpenCSVSerde`);
  }
  return (line) => {
    const fields = splitLine(line, format, columns.length);
    return columns.map(({ type }, index) => {
      const field = fields[index];
      if (field === undefined) return null;
      if (isText(type)) return stringLiteral(field, type);
      return csvLiteral(field, type) ?? (format.nullInvalid ? null : BadValue.of(field, index));
    });
  };
}

/** The fields of a line, at most `count`. A line with an open quote lacks its last field; an empty line has none. */
function splitLine(line: string, { separator, quote, escapeWith }: OpenCsv, count: number): string[] {
  if (line === '') return [];
  if (!line.includes(quote) && !line.includes(escapeWith)) return line.split(separator, count);
  const fields: string[] = [];
  let field = '';
  // Whether a separator is part of the field, and whether the parser is within a field, which are not the same here.
  let quoted = false;
  let inside = false;
  for (let at = 0; at < line.length && fields.length < count; at += 1) {
    const character = line.charAt(at);
    const next = line[at + 1];
    if (character === escapeWith) {
      // An escape stands for nothing unless a quote or an escape follows.
      if ((quoted || inside) && (next === quote || next === escapeWith)) {
        field += next;
        at += 1;
      }
    } else if (character === quote) {
      if ((quoted || inside) && next === quote) {
        field += next;
        at += 1;
      } else {
        const amid = at > 2 && line[at - 1] !== separator && next !== undefined && next !== separator;
        // A quote after nothing but blanks opens the field; another one within a field belongs to it.
        if (amid) field = field !== '' && field.trim() === '' ? '' : `${field}${character}`;
        quoted = !quoted;
      }
      inside = !inside;
    } else if (character === separator && !quoted) {
      fields.push(field);
      field = '';
      inside = false;
    } else {
      field += character;
      inside = true;
    }
  }
  if (fields.length < count && !quoted) fields.push(field);
  return fields;
}
