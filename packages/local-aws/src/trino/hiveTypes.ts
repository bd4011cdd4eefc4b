import { quoteName } from '../base/sql.ts';

/** The names of a Hive type, which a column of Glue has, in DuckDB and in Trino. */
interface HiveType {
  /** DuckDB's name of the type. */
  readonly duckDb: string;
  /** E.g. `varchar`, `array(row(a integer))`, as in `information_schema`. */
  readonly trino: string;
}

/**
 * Types without parameters, by Hive's names in lower case.
 * https://docs.aws.amazon.com/athena/latest/ug/data-types.html
 */
const SIMPLE: ReadonlyMap<string, HiveType> = new Map([
  ['string', { duckDb: 'VARCHAR', trino: 'varchar' }],
  ['boolean', { duckDb: 'BOOLEAN', trino: 'boolean' }],
  ['tinyint', { duckDb: 'TINYINT', trino: 'tinyint' }],
  ['smallint', { duckDb: 'SMALLINT', trino: 'smallint' }],
  ['int', { duckDb: 'INTEGER', trino: 'integer' }],
  ['integer', { duckDb: 'INTEGER', trino: 'integer' }],
  ['bigint', { duckDb: 'BIGINT', trino: 'bigint' }],
  ['float', { duckDb: 'FLOAT', trino: 'real' }],
  ['double', { duckDb: 'DOUBLE', trino: 'double' }],
  ['date', { duckDb: 'DATE', trino: 'date' }],
  ['timestamp', { duckDb: 'TIMESTAMP', trino: 'timestamp(3)' }],
  ['binary', { duckDb: 'BLOB', trino: 'varbinary' }],
]);

/** The most digits of a decimal: https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const DECIMAL_DIGITS = 38;
/** The most characters that a text type may name: https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const TEXT_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['char', 255],
  ['varchar', 65_535],
]);

/**
 * Parses a Hive type, as a column of Glue has it, including nested types.
 *
 * @param text E.g. `array<struct<a:int>>`; its case does not count.
 * @returns Undefined for a type that Athena does not have.
 */
export function parseHiveType(text: string): HiveType | undefined {
  const type = text.trim();
  const simple = SIMPLE.get(type.toLowerCase());
  if (simple !== undefined) return simple;
  const [, kind = '', inner] = /^(array|map|struct)<(.*)>$/is.exec(type) ?? [];
  if (inner === undefined) return parseSizedType(type.toLowerCase());
  const parts = splitTopLevel(inner);
  if (kind.toLowerCase() === 'struct') return parseStructType(parts);
  const types = parts.map(parseHiveType);
  return kind.toLowerCase() === 'array' ? arrayType(types) : mapType(types);
}

/**
 * Parses a decimal, `char` or `varchar`; undefined for other types and for sizes that Athena does not have.
 *
 * @param type In lower case, e.g. `decimal(10,2)`.
 */
function parseSizedType(type: string): HiveType | undefined {
  const [decimal, digits = '10', fractionDigits = '0'] =
    /^decimal(?:\((\d+)(?:\s*,\s*(\d+))?\))?$/.exec(type) ?? [];
  if (decimal !== undefined) {
    const precision = Number(digits);
    const scale = Number(fractionDigits);
    if (precision < 1 || precision > DECIMAL_DIGITS || scale > precision) return undefined;
    return { duckDb: `DECIMAL(${precision},${scale})`, trino: `decimal(${precision},${scale})` };
  }
  const [, kind = '', length] = /^(varchar|char)\((\d+)\)$/.exec(type) ?? [];
  const characters = Number(length);
  // DuckDB keeps no length: values are neither cut nor padded to it.
  const isText = characters >= 1 && characters <= (TEXT_LENGTHS.get(kind) ?? 0);
  return isText ? { duckDb: 'VARCHAR', trino: `${kind}(${characters})` } : undefined;
}

/** The type of an array; undefined unless it has one type of items. */
function arrayType([item, ...others]: readonly (HiveType | undefined)[]): HiveType | undefined {
  if (item === undefined || others.length > 0) return undefined;
  return { duckDb: `${item.duckDb}[]`, trino: `array(${item.trino})` };
}

/** The type of a map; undefined unless it has a type of keys and a type of values. */
function mapType([key, value, ...others]: readonly (HiveType | undefined)[]): HiveType | undefined {
  if (key === undefined || value === undefined || others.length > 0) return undefined;
  return { duckDb: `MAP(${key.duckDb}, ${value.duckDb})`, trino: `map(${key.trino}, ${value.trino})` };
}

/** The type of a struct; undefined if a field has no name or no known type. @param parts Fields: `a:int`. */
function parseStructType(parts: readonly string[]): HiveType | undefined {
  const fields: { readonly name: string; readonly type: HiveType }[] = [];
  for (const part of parts) {
    const colon = part.indexOf(':');
    const type = parseHiveType(part.slice(colon + 1));
    if (colon < 1 || type === undefined) return undefined;
    fields.push({ name: part.slice(0, colon).trim(), type });
  }
  const duckDbFields = fields.map(({ name, type }) => `${quoteName(name)} ${type.duckDb}`).join(', ');
  // Trino has the names in lower case, without quotes:
  // https://github.com/trinodb/trino/blob/435/plugin/trino-hive/src/main/java/io/trino/plugin/hive/util/HiveTypeTranslator.java
  const trinoFields = fields.map(({ name, type }) => `${name.toLowerCase()} ${type.trino}`).join(', ');
  return {
    duckDb: `STRUCT(${duckDbFields})`,
    trino: `row(${trinoFields})`,
  };
}

/** The trimmed parts of a list between its own commas, as of the inner text of a nested type. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '<' || character === '(') depth += 1;
    if (character === '>' || character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/** DuckDB's name of a Hive type; undefined for a type that Athena does not have. @param text As of {@link parseHiveType}. */
export function duckDbType(text: string): string | undefined {
  return parseHiveType(text)?.duckDb;
}
