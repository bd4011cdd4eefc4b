import {
  binaryLiteral,
  dateLiteral,
  decimalLiteral,
  floatLiteral,
  isInteger,
  isText,
  lazyInteger,
  stringLiteral,
  timestampLiteral,
} from './values/scalars.ts';
import type { TypeTree } from './values/typeTree.ts';

/** A column's name in Glue and its type. */
export interface TextColumnType {
  readonly name: string;
  readonly type: TypeTree;
}

/** A value that is not one of its column's type. Reading it fails the statement, and only if the column is read. */
export class BadValue {
  /** Athena's error, e.g. `HIVE_BAD_DATA: …`. */
  readonly error: string;

  constructor(error: string) {
    this.error = error;
  }

  /** The error of a text that a column's type does not have. @param field The column's number, starting at 0. */
  static of(text: string, field: number, why = `For input string: "${text}"`): BadValue {
    return new BadValue(`HIVE_BAD_DATA: Error parsing field value '${text}' for field ${field}: ${why}`);
  }
}

/** The values of a line, one a column: a JSON literal, null, or a bad value. */
export type RowValues = readonly (string | null | BadValue)[];

/** Reads the line of a text file. @throws StatementError for a line that cannot be read at all. */
export type RowReader = (line: string) => RowValues;

/** Athena's description of timestamps. */
export const TIMESTAMP_FORMAT = 'Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]';

/** A scalar as LazySimpleSerDe reads it; null for a text that is not of the type. */
export function lazyScalar(text: string, type: TypeTree): string | null {
  if (isText(type)) return stringLiteral(text, type);
  if (isInteger(type)) return lazyInteger(text, type) ?? null;
  switch (type.kind) {
    case 'boolean':
      return /^(?:true|false)$/i.test(text) ? text.toLowerCase() : null;
    case 'float':
    case 'double':
      return floatLiteral(text, type) ?? null;
    case 'decimal':
      return decimalLiteral(text, type) ?? null;
    case 'date':
      return dateLiteral(text) ?? null;
    case 'timestamp':
      return timestampLiteral(text) ?? null;
    case 'binary':
      return binaryLiteral(decodeBase64(text) ?? Buffer.from(text));
    default:
      return null;
  }
}

/** The bytes of a Base64 text; undefined for another text, which Hive keeps as it is. */
export function decodeBase64(text: string): Buffer | undefined {
  return /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/.test(text)
    ? Buffer.from(text, 'base64')
    : undefined;
}
