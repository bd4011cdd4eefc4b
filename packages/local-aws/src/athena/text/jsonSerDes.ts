import { statementError } from '../engine/StatementError.ts';
import {
  BadValue,
  decodeBase64,
  type RowReader,
  type RowValues,
  type TextColumnType,
  TIMESTAMP_FORMAT,
} from './rowReader.ts';
import type { TextFormat } from './TextFormat.ts';
import { JsonSyntaxError, JsonText, type JsonValue, parseJson } from './values/parseJson.ts';
import {
  binaryLiteral,
  dateLiteral,
  daysLiteral,
  decimalLiteral,
  floatLiteral,
  isInteger,
  isText,
  jsonInteger,
  millisLiteral,
  strictInteger,
  stringLiteral,
  timestampLiteral,
} from './values/scalars.ts';
import type { TypeTree } from './values/typeTree.ts';

type OpenX = Extract<TextFormat, { serde: 'openx' }>;

/** Why a value is not one of its column's type. */
class WrongValue extends Error {
  readonly text: string;

  constructor(text: string, why?: string) {
    super(why);
    this.text = text;
  }
}

/**
 * Reads lines as OpenX's JSON SerDe does: a document a line, keys in any case, a text for whatever a column of type
 * string has, one value for an array of one. A line that starts with neither `{` nor `[` is a row of nulls.
 * https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
 */
export function openXReader(columns: readonly TextColumnType[], format: OpenX): RowReader {
  const nothing = columns.map(() => null);
  return (line) => {
    const text = line.trim();
    if (!/^[[{]/.test(text)) return nothing;
    let document: JsonValue;
    try {
      document = foldKeys(parseJson(text, duplicate));
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      if (format.ignoreMalformed) return nothing;
      throw statementError(
        'HIVE_CURSOR_ERROR',
        `Row is not a valid JSON Object - JSONException: ${error.message}`,
        undefined,
        error,
      );
    }
    return readMembers(columns, format.nullInvalid, (index, { name, type }) => {
      if (Array.isArray(document)) return openXLiteral(document[index] ?? null, type);
      return openXLiteral(member(document, name), type);
    });
  };
}

function duplicate(key: string): never {
  throw new JsonSyntaxError(`Duplicate key "${key}"`);
}

/** The document with keys in lower case. @throws JsonSyntaxError for two keys that become one. */
function foldKeys(value: JsonValue): JsonValue {
  if (value === null || value instanceof JsonText) return value;
  if (isArray(value)) return value.map(foldKeys);
  const folded = new Map<string, JsonValue>();
  for (const [key, item] of value) {
    const name = key.toLowerCase();
    if (folded.has(name)) duplicate(name);
    folded.set(name, foldKeys(item));
  }
  return folded;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value of a column or field in an object. */
function member(value: JsonValue, name: string): JsonValue {
  return value instanceof Map ? (value.get(name.toLowerCase()) ?? null) : null;
}

function openXLiteral(value: JsonValue, type: TypeTree): string | null {
  if (value === null) return null;
  const inner = openXLiteral;
  if (isText(type)) return stringLiteral(value instanceof JsonText ? value.text : jsonText(value), type);
  if (type.kind === 'array') {
    if (value instanceof JsonText && value.text === '') return null;
    const items = isArray(value) ? value : [value];
    return `[${items.map((item) => inner(item, type.item) ?? 'null').join(',')}]`;
  }
  if (type.kind === 'map') {
    if (value instanceof JsonText && value.text.trim() === '') return null;
    if (!(value instanceof Map))
      throw new WrongValue(jsonText(value), 'Primitive can not be coerced to a MAP');
    const entries = new Map<string, string>();
    for (const [key, item] of value as ReadonlyMap<string, JsonValue>)
      entries.set(inner(new JsonText(key, true), type.key) ?? 'null', inner(item, type.value) ?? 'null');
    // Keys of numbers and booleans become strings.
    const members = [...entries].map(([key, item]) => `${key.startsWith('"') ? key : `"${key}"`}:${item}`);
    return `{${members.join(',')}}`;
  }
  if (type.kind === 'struct') {
    if (value instanceof JsonText && value.text.trim() !== '')
      throw new WrongValue(value.text, 'Primitive can not be coerced to a ROW');
    const members = type.fields.map((field, index) => {
      const item = isArray(value) ? (value[index] ?? null) : member(value, field.name);
      return `${JSON.stringify(field.name)}:${inner(item, field.type) ?? 'null'}`;
    });
    return `{${members.join(',')}}`;
  }
  if (!(value instanceof JsonText))
    throw new WrongValue(
      jsonText(value),
      `${isArray(value) ? 'JSONArray' : 'JSONObject'} is no ${type.kind}`,
    );
  const { text, quoted } = value;
  switch (type.kind) {
    case 'boolean':
      return String(text.toLowerCase() === 'true');
    case 'timestamp':
      return openXTimestamp(text) ?? fail(text, TIMESTAMP_FORMAT);
    case 'date': {
      const days = strictInteger(text, { kind: 'int' });
      return (
        dateLiteral(text) ?? (days === undefined ? fail(text) : (daysLiteral(Number(days)) ?? fail(text)))
      );
    }
    case 'binary': {
      const bytes = quoted ? decodeBase64(text) : undefined;
      return bytes === undefined ? fail(text, 'Not a text in Base64') : binaryLiteral(bytes);
    }
    default:
      return numberLiteral(text, type) ?? fail(text);
  }
}

/** A timestamp: one of Hive's, ISO's with or without a zone, milliseconds of 13 and more digits, or seconds. */
function openXTimestamp(text: string): string | undefined {
  const own = timestampLiteral(text);
  if (own !== undefined) return own;
  const [, local, sign, hours = '0', minutes = '0'] =
    /^(\d{4,}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z|([+-])(\d{2}):?(\d{2}))$/i.exec(text) ??
    [];
  if (local !== undefined) {
    // Rounds the fraction to milliseconds as without a zone.
    const ms = Date.parse(`${JSON.parse(timestampLiteral(local) ?? '""').replace(' ', 'T')}Z`);
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return Number.isNaN(ms) ? undefined : millisLiteral(sign === '-' ? ms + offset : ms - offset);
  }
  if (/^-?\d+\.\d*$/.test(text)) return millisLiteral(Math.trunc(Number(`${text}e3`)));
  if (!/^-?\d+$/.test(text)) return undefined;
  return millisLiteral(text.length >= 13 ? Number(text) : Number(text) * 1_000);
}

function fail(text: string, why?: string): never {
  throw new WrongValue(text, why);
}

function numberLiteral(text: string, type: TypeTree): string | undefined {
  if (isInteger(type)) return jsonInteger(text, type);
  return type.kind === 'decimal' ? decimalLiteral(text, type) : floatLiteral(text, type);
}

/** A value as JSON, with the digits that it was written with. */
function jsonText(value: JsonValue): string {
  if (value === null) return 'null';
  if (value instanceof JsonText) return value.quoted ? JSON.stringify(value.text) : value.text;
  if (isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  return `{${[...(value as ReadonlyMap<string, JsonValue>)].map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join(',')}}`;
}

function readMembers(
  columns: readonly TextColumnType[],
  nullInvalid: boolean,
  read: (index: number, column: TextColumnType) => string | null,
): RowValues {
  return columns.map((column, index) => {
    try {
      return read(index, column);
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error;
      if (nullInvalid) return null;
      return BadValue.of(error.text, index, error.message === '' ? undefined : error.message);
    }
  });
}
