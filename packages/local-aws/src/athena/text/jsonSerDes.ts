import { statementError } from '../engine/StatementError.ts';
import { mapLiteral } from './lazySimple.ts';
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
} from './values/scalars.ts';
import { type TimestampReader, timestampReader } from './values/timestampFormats.ts';
import type { TypeTree } from './values/typeTree.ts';

type OpenX = Extract<TextFormat, { serde: 'openx' }>;
type HiveJson = Extract<TextFormat, { serde: 'hiveJson' }>;

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
  const readTimestamp = timestampReader(format.timestampFormats);
  const nothing = columns.map(() => null);
  return (line) => {
    const text = line.trim();
    if (!/^[[{]/.test(text)) return nothing;
    let document: JsonValue;
    try {
      document = foldKeys(parseJson(text, duplicate), format);
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
      if (Array.isArray(document)) return openXLiteral(document[index] ?? null, type, format, readTimestamp);
      return openXLiteral(member(document, name, format), type, format, readTimestamp);
    });
  };
}

function duplicate(key: string): never {
  throw new JsonSyntaxError(`Duplicate key "${key}"`);
}

/** The document with keys in lower case, unless the case counts. @throws JsonSyntaxError for two keys that become one. */
function foldKeys(value: JsonValue, format: OpenX): JsonValue {
  if (!format.ignoreCase || value === null || value instanceof JsonText) return value;
  if (isArray(value)) return value.map((item) => foldKeys(item, format));
  const folded = new Map<string, JsonValue>();
  for (const [key, item] of value) {
    const name = key.toLowerCase();
    if (folded.has(name)) duplicate(name);
    folded.set(name, foldKeys(item, format));
  }
  return folded;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value of a column or field in an object, by its own key or the key that `mapping.*` names. */
function member(value: JsonValue, name: string, { keys, ignoreCase, dotsInKeys }: OpenX): JsonValue {
  if (!(value instanceof Map)) return null;
  const column = name.toLowerCase();
  const key = keys.get(column) ?? column;
  const found: JsonValue | undefined = value.get(ignoreCase ? key.toLowerCase() : key);
  if (found !== undefined || !dotsInKeys || !column.includes('_')) return found ?? null;
  for (const [dotted, item] of value as ReadonlyMap<string, JsonValue>)
    if (dotted.includes('.') && dotted.replaceAll('.', '_') === column) return item;
  return null;
}

function openXLiteral(
  value: JsonValue,
  type: TypeTree,
  format: OpenX,
  readTimestamp: TimestampReader,
): string | null {
  if (value === null) return null;
  const inner = (item: JsonValue, of: TypeTree) => openXLiteral(item, of, format, readTimestamp);
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
    return mapLiteral(entries);
  }
  if (type.kind === 'struct') {
    if (value instanceof JsonText && value.text.trim() !== '')
      throw new WrongValue(value.text, 'Primitive can not be coerced to a ROW');
    const members = type.fields.map((field, index) => {
      const item = isArray(value) ? (value[index] ?? null) : member(value, field.name, format);
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
      return openXTimestamp(text, readTimestamp) ?? fail(text, TIMESTAMP_FORMAT);
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
function openXTimestamp(text: string, readTimestamp: TimestampReader): string | undefined {
  const own = readTimestamp(text);
  if (own !== undefined) return own;
  const [, local, sign, hours = '0', minutes = '0'] =
    /^(\d{4,}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z|([+-])(\d{2}):?(\d{2}))$/i.exec(text) ??
    [];
  if (local !== undefined) {
    // Rounds the fraction to milliseconds as without a zone.
    const ms = Date.parse(`${JSON.parse(readTimestamp(local) ?? '""').replace(' ', 'T')}Z`);
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

/**
 * Reads lines as Hive's JSON SerDe does: an object a line, whose keys are the columns' names in any case.
 * https://docs.aws.amazon.com/athena/latest/ug/hive-json-serde.html
 */
export function hiveJsonReader(
  columns: readonly TextColumnType[],
  format: HiveJson & { nullInvalid: boolean },
): RowReader {
  const readTimestamp = timestampReader(format.timestampFormats);
  return (line) => {
    let document: JsonValue;
    try {
      document = parseJson(line, () => undefined);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      throw statementError('HIVE_CURSOR_ERROR', `JsonParseException: ${error.message}`, undefined, error);
    }
    if (!(document instanceof Map))
      throw statementError('HIVE_CURSOR_ERROR', 'Invalid JSON: start of object expected');
    const members = lowerKeys(document as ReadonlyMap<string, JsonValue>);
    return readMembers(columns, format.nullInvalid, (index, { name, type }) =>
      hiveLiteral(
        members.get(name.toLowerCase()) ?? members.get(`_col${index}`) ?? null,
        type,
        readTimestamp,
      ),
    );
  };
}

/** Of keys that differ only in case, the last one counts. */
function lowerKeys(members: ReadonlyMap<string, JsonValue>): ReadonlyMap<string, JsonValue> {
  return new Map([...members].map(([key, value]) => [key.toLowerCase(), value]));
}

function hiveLiteral(value: JsonValue, type: TypeTree, readTimestamp: TimestampReader): string | null {
  if (value === null) return null;
  if (type.kind === 'array') {
    if (!isArray(value)) throw new WrongValue(jsonText(value), 'Invalid JSON: start of array expected');
    return `[${value.map((item) => hiveLiteral(item, type.item, readTimestamp) ?? 'null').join(',')}]`;
  }
  if (type.kind === 'map' || type.kind === 'struct') {
    if (!(value instanceof Map))
      throw new WrongValue(jsonText(value), 'Invalid JSON: start of object expected');
    const given = value as ReadonlyMap<string, JsonValue>;
    if (type.kind === 'struct') {
      const members = lowerKeys(given);
      const fields = type.fields.map(
        (field) =>
          `${JSON.stringify(field.name)}:${hiveLiteral(members.get(field.name.toLowerCase()) ?? null, field.type, readTimestamp) ?? 'null'}`,
      );
      return `{${fields.join(',')}}`;
    }
    const entries = new Map<string, string>();
    for (const [key, item] of given) {
      entries.set(
        hiveLiteral(new JsonText(key, !isNumeric(type.key)), type.key, readTimestamp) ?? 'null',
        hiveLiteral(item, type.value, readTimestamp) ?? 'null',
      );
    }
    return mapLiteral(entries);
  }
  if (!(value instanceof JsonText))
    throw new WrongValue(jsonText(value), `Invalid JSON: ${type.kind} value must be a scalar json value`);
  const { text, quoted } = value;
  if (isText(type)) return stringLiteral(text, type);
  switch (type.kind) {
    case 'boolean':
      return String(text.toLowerCase() === 'true');
    case 'timestamp':
      return readTimestamp(text) ?? fail(text, TIMESTAMP_FORMAT);
    case 'date':
      return dateLiteral(text) ?? fail(text);
    case 'binary':
      return binaryLiteral(Buffer.from(text));
    case 'decimal':
      return decimalLiteral(text, type) ?? fail(text);
    default:
      // A number in quotes is a string.
      if (quoted || /^[tf]/.test(text)) return fail(text);
      return numberLiteral(text, type) ?? fail(text);
  }
}

function isNumeric(type: TypeTree): boolean {
  return isInteger(type) || type.kind === 'float' || type.kind === 'double';
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
