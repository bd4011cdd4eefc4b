import { quoteName } from '../../base/sql.ts';
import { listElement, mapParts, structMembers } from '../engine/readColumns.ts';

/** What a column's type is good for. */
export type ColumnKind =
  | 'text'
  | 'json'
  | 'bytes'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'date'
  /** A date and time without a zone. */
  | 'local'
  /** A point in time. */
  | 'instant'
  | 'nested'
  /** Times of day, intervals, bits. */
  | 'other';

const KINDS: Readonly<Record<string, ColumnKind>> = {
  VARCHAR: 'text',
  UUID: 'text',
  JSON: 'json',
  BLOB: 'bytes',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'integer',
  HUGEINT: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'integer',
  UHUGEINT: 'integer',
  FLOAT: 'float',
  DOUBLE: 'float',
  TIMESTAMP: 'local',
  TIMESTAMP_S: 'local',
  TIMESTAMP_MS: 'local',
  TIMESTAMP_NS: 'local',
  'TIMESTAMP WITH TIME ZONE': 'instant',
};

/** The kind of one of DuckDB's types, as DESCRIBE writes it. */
export function columnKind(type: string): ColumnKind {
  const kind = KINDS[type];
  if (kind !== undefined) return kind;
  if (type.endsWith(']') || /^(STRUCT|MAP|UNION|VARIANT)\b/.test(type)) return 'nested';
  if (type.startsWith('DECIMAL')) return 'decimal';
  return type.startsWith('ENUM') ? 'text' : 'other';
}

/** Floats beyond it are no exact whole numbers. */
const MAX_EXACT = '9007199254740992';
/** Bytes of a UUID. */
export const UUID_BYTES = 16;

/** Hexadecimal digits of printable ASCII, and of the NULs that pad a shorter text. */
const ASCII = '([2-6][0-9A-F]|7[0-9A-E])+(00)*';

/** A value as text; null where its bytes are no UTF-8, a number is NaN or infinite, or a time is none. @param type In DuckDB's words. */
export function textSql(sql: string, kind: ColumnKind, type: string): string {
  switch (kind) {
    case 'bytes':
      return `TRY(decode(${sql}))`;
    case 'float':
      return `CASE WHEN abs(${sql}) < ${MAX_EXACT} AND ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS BIGINT) AS VARCHAR) WHEN isfinite(${sql}) THEN CAST(${sql} AS VARCHAR) END`;
    case 'date':
      return `CAST(${finiteSql(sql, kind)} AS VARCHAR)`;
    case 'local':
    case 'instant':
      return `CASE WHEN isfinite(${sql}) THEN ${timestampTextSql(sql, type)} END`;
    case 'decimal': {
      const text = `CAST(${sql} AS VARCHAR)`;
      // Without a place before the point, DuckDB writes `.5`, which is no JSON.
      return /\((\d+),\1\)/.test(type) ? `regexp_replace(${text}, '^(-?)\\.', '\\10.')` : text;
    }
    case 'nested':
      return nestedJsonSql(sql, type);
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

/**
 * The text of an ID or a name in a JSON column: strings without their quotes. Null where the JSON is null, or a number that
 * is not finite. What is no JSON is as it is.
 */
export function jsonTextSql(sql: string): string {
  const json = finiteJsonSql(`CAST(${sql} AS VARCHAR)`);
  return `CASE WHEN json_valid(${json}) THEN json_extract_string(${json}, '$') ELSE ${json} END`;
}

/** JSON texts in it are as their writer made them. */
function nestedJsonSql(sql: string, type: string): string {
  const json = `CAST(to_json(${jsonReadySql(sql, type)}) AS VARCHAR)`;
  return /\bJSON\b/.test(type) ? finiteJsonSql(json) : json;
}

/** The canonical text of a UUID of 16 bytes: https://www.rfc-editor.org/rfc/rfc9562#section-4 */
export function uuidSql(bytes: string): string {
  return `lower(regexp_replace(hex(${bytes}), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5'))`;
}

/**
 * The text of a value of a column whose values all have 16 bytes, and of which the file says no more. Writers leave such
 * columns for UUIDs that they have no name for (Arrow's `binary(16)`, Avro's `fixed(16)`), and for texts of a fixed
 * length. The two can be told apart: no byte of printable ASCII begins the second half of a UUID.
 */
export function fixed16TextSql(sql: string): string {
  return `CASE WHEN regexp_full_match(hex(${sql}), '${ASCII}') THEN rtrim(decode(${sql}), chr(0)) WHEN ${sql} IS NOT NULL THEN ${uuidSql(sql)} END`;
}

/** Times and numbers of a type that has values which are none: infinity, NaN, what DuckDB can't print. */
const MAY_BE_NONE = /\b(DOUBLE|FLOAT|DATE|TIMESTAMP)/;

/** A float or a time that is a number or a time: null where it is NaN or infinite. @param kind Any but these is as it is. */
export function finiteSql(sql: string, kind: string): string {
  return ['float', 'date', 'local', 'instant'].includes(kind)
    ? `CASE WHEN isfinite(${sql}) THEN ${sql} END`
    : sql;
}

/**
 * A nested value of which DuckDB makes JSON that everyone reads. JSON has no NaN, no infinity and no times: NaN and what
 * is infinite become null, each by itself, and times become texts.
 *
 * @param type In DuckDB's words.
 * @param depth How many lists and maps it is inside of.
 */
function jsonReadySql(sql: string, type: string, depth = 0): string {
  if (!MAY_BE_NONE.test(type)) return timestampTextSql(sql, type);
  const item = `e${depth}`;
  const element = listElement(type);
  if (element !== null)
    return `list_transform(${sql}, lambda ${item}: ${jsonReadySql(item, element, depth + 1)})`;
  const map = mapParts(type);
  if (map !== null) {
    const entry = `{'key': ${timestampTextSql(`${item}.key`, map.key)}, 'value': ${jsonReadySql(`${item}.value`, map.value, depth + 1)}}`;
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${item}: ${entry}))`;
  }
  const members = structMembers(type);
  if (members.length > 0) {
    const parts = members.map(
      (member, i) =>
        `${quoteName(member.name)} := ${jsonReadySql(`struct_extract_at(${sql}, ${i + 1})`, member.type, depth)}`,
    );
    return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${parts.join(', ')}) END`;
  }
  if (/^(DOUBLE|FLOAT)$/.test(type)) return finiteSql(sql, 'float');
  return type === 'DATE' || type.startsWith('TIMESTAMP')
    ? `CASE WHEN isfinite(${sql}) THEN TRY(CAST(${sql} AS VARCHAR)) END`
    : timestampTextSql(sql, type);
}

/** A string of JSON, or a number that JSON has no way to write; DuckDB reads and writes these in any case. */
const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;
const NOT_FINITE = '-?(?:nan|inf(?:inity)?)';

/** Outside of strings a number comes behind one of these; inside it seldom does, so that few texts are looked at twice. */
const SUSPECT = `(?:^|[:,\\[])\\s*${NOT_FINITE}`;

/** JSON of a raw row: numbers that are not finite, which are no JSON, are strings in it. @param types Of what is in it. */
export function finiteRowSql(json: string, types: string): string {
  if (!/\b(DOUBLE|FLOAT|JSON)\b/.test(types)) return json;
  return whereSuspect(json, `regexp_replace(j, '(?i)${STRING}|(${NOT_FINITE})', '"\\1\\2"', 'g')`);
}

/** A JSON text whose numbers that are not finite, which are no JSON, are null. */
export function finiteJsonSql(json: string): string {
  // Behind an empty string first, where nothing else can be.
  const marked = `regexp_replace(j, '(?i)${STRING}|(${NOT_FINITE})', '"\\1"\\2', 'g')`;
  return whereSuspect(json, `regexp_replace(${marked}, '(?i)""${NOT_FINITE}', 'null', 'g')`);
}

/** By way of a list, as the lambda's name stands for what is dear to make. */
function whereSuspect(json: string, changed: string): string {
  return `list_transform([${json}], lambda j: CASE WHEN regexp_matches(j, '(?i)${SUSPECT}') THEN ${changed} ELSE j END)[1]`;
}

/** Whether a JSON text has no number that is not finite. @param text What the JSON was made of. */
export function isFiniteJsonSql(json: string, text: string): string {
  return `(NOT regexp_matches(${text}, '(?i)${SUSPECT}') OR NOT regexp_matches(regexp_replace(${json}, '${STRING}', '', 'g'), '(?i)${NOT_FINITE}'))`;
}

/** A type that is not printed as it should be, or a name in quotes, which may read like one. */
const ODD = /"(?:[^"]|"")*"|\bTIMESTAMP(?:_\w+)?(?: WITH TIME ZONE)?|\bDECIMAL\((\d+),\1\)/g;

/** Digits that DuckDB's decimals have at most. */
const MOST_DIGITS = 38;

/**
 * A value of which JSON can be made. Timestamps are text in it, as they are in JSON, and it is null when one of them is none
 * that DuckDB can print: writers that know no nulls leave the least 64-bit number for a missing time, on which DuckDB stops
 * the whole query. Decimals without a place before the point get one: DuckDB writes `.5`, which is no JSON.
 */
export function timestampTextSql(sql: string, type: string): string {
  const printed = type.replace(ODD, (text, digits?: string) => {
    if (text.startsWith('"')) return text;
    if (digits === undefined) return 'VARCHAR';
    return Number(digits) < MOST_DIGITS ? `DECIMAL(${Number(digits) + 1},${digits})` : 'DOUBLE';
  });
  return printed === type ? sql : `TRY(CAST(${sql} AS ${printed}))`;
}
