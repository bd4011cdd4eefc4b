import { quoteName } from '../../base/sql.ts';
import { listElement, mapParts, structMembers } from '../../parquet/readColumns.ts';

/** The kind of a column's type. */
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
  /** A column that holds no value. It can be read as anything. */
  | 'empty'
  /** Times of day, intervals, bits. */
  | 'other';

/** The kind of each of DuckDB's types that have no parameter. */
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

/** The kind of a DuckDB type, as DESCRIBE prints it. */
export function columnKind(type: string): ColumnKind {
  const kind = KINDS[type];
  if (kind !== undefined) return kind;
  if (type.endsWith(']') || /^(STRUCT|MAP|UNION|VARIANT)\b/.test(type)) return 'nested';
  if (type.startsWith('DECIMAL')) return 'decimal';
  return type.startsWith('ENUM') ? 'text' : 'other';
}

/** 2^53: doubles hold each whole number below it, and not each from it on. */
const MAX_EXACT = '9007199254740992';

/**
 * A value as text; NULL if its bytes are not UTF-8, a number is not finite, or a time is invalid.
 *
 * @param type DuckDB's name of the type.
 */
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
      // For decimals without digits before the point, DuckDB writes `.5`, which is not JSON.
      return /\((\d+),\1\)/.test(type) ? `regexp_replace(${text}, '^(-?)\\.', '\\10.')` : text;
    }
    case 'nested':
      return `CAST(to_json(${jsonReadySql(sql, type)}) AS VARCHAR)`;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

/**
 * A value as a double; NULL for texts that are not a number. DuckDB would read `1_000` as 1000, as it reads literals of
 * SQL.
 */
export function doubleSql(sql: string, kind: ColumnKind): string {
  const number = `TRY_CAST(${sql} AS DOUBLE)`;
  return ['text', 'json'].includes(kind)
    ? `CASE WHEN NOT contains(CAST(${sql} AS VARCHAR), '_') THEN ${number} END`
    : number;
}

/** Types whose values can be infinite, NaN or unprintable, or have a key twice. */
const MAY_BE_NONE = /\b(DOUBLE|FLOAT|DATE|TIMESTAMP|MAP)/;

/** A float or a time; NULL if it is NaN or infinite. @param kind Other kinds are unchanged. */
export function finiteSql(sql: string, kind: string): string {
  return ['float', 'date', 'local', 'instant'].includes(kind)
    ? `CASE WHEN isfinite(${sql}) THEN ${sql} END`
    : sql;
}

/**
 * A nested value that DuckDB converts to valid JSON. JSON has no NaN, infinity or times: NaN and infinity become null, and
 * times become texts.
 *
 * @param type DuckDB's name of the type.
 */
function jsonReadySql(sql: string, type: string): string {
  return rebuiltSql(sql, type, (part, partType) => {
    if (/^(DOUBLE|FLOAT)$/.test(partType)) return finiteSql(part, 'float');
    return `CASE WHEN isfinite(${part}) THEN TRY(CAST(${part} AS VARCHAR)) END`;
  });
}

/** A value of a raw row that DuckDB converts to JSON. @param type DuckDB's name of the type. */
export function rawReadySql(sql: string, type: string): string {
  return rebuiltSql(sql, type, rawPartSql);
}

/** A part of a raw value. A time that DuckDB can't print is its number. */
function rawPartSql(sql: string, type: string): string {
  const text = timestampTextSql(sql, type);
  if (!type.startsWith('TIMESTAMP')) return text;
  return `coalesce(${text}, CAST(${type === 'TIMESTAMP_NS' ? 'epoch_ns' : 'epoch_us'}(${sql}) AS VARCHAR))`;
}

/**
 * Rebuilds a nested value from its parts. Of entries of a map with the same key, the last one counts.
 * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#maps
 *
 * @param partOf Makes the SQL of a part that has no parts itself.
 * @param depth Number of lists and maps around it.
 */
function rebuiltSql(
  sql: string,
  type: string,
  partOf: (sql: string, type: string) => string,
  depth = 0,
): string {
  if (!MAY_BE_NONE.test(type)) return timestampTextSql(sql, type);
  const inner = (part: string, partType: string) => rebuiltSql(part, partType, partOf, depth + 1);
  const item = `e${depth}`;
  const element = listElement(type);
  if (element !== null) return `list_transform(${sql}, lambda ${item}: ${inner(item, element)})`;
  const map = mapParts(type);
  if (map !== null) {
    const key = rawPartSql(`${item}.key`, map.key);
    const value = inner(`${item}.value`, map.value);
    const hasOnce = `list_unique(map_keys(${sql})) = cardinality(${sql})`;
    const last = lastEntriesSql(sql, depth);
    if (key === `${item}.key` && value === `${item}.value`)
      return `CASE WHEN ${hasOnce} THEN ${sql} ELSE map_from_entries(${last}) END`;
    const entries = `CASE WHEN ${hasOnce} THEN map_entries(${sql}) ELSE ${last} END`;
    return `map_from_entries(list_transform(${entries}, lambda ${item}: {'key': ${key}, 'value': ${value}}))`;
  }
  const members = structMembers(type);
  if (members.length === 0) return partOf(sql, type);
  const parts = members.map((member, i) => {
    const rebuilt = rebuiltSql(`struct_extract_at(${sql}, ${i + 1})`, member.type, partOf, depth);
    return `${quoteName(member.name)} := ${rebuilt}`;
  });
  return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${parts.join(', ')}) END`;
}

/**
 * The entries of a map, without those whose key has a later one. Sorted by key, as a search for each key would take
 * long.
 */
function lastEntriesSql(map: string, depth: number): string {
  const entry = `m${depth}`;
  const at = `i${depth}`;
  const sorted = `s${depth}`;
  const byKey = `list_sort(list_transform(map_entries(${map}), lambda ${entry}, ${at}: {'k': ${entry}.key, 'at': ${at}, 'e': ${entry}}))`;
  const isLast = `${entry}.k IS NOT NULL AND (${at} = len(${sorted}) OR ${sorted}[${at} + 1].k IS DISTINCT FROM ${entry}.k)`;
  const last = `list_transform(list_filter(${sorted}, lambda ${entry}, ${at}: ${isLast}), lambda ${entry}: {'at': ${entry}.at, 'e': ${entry}.e})`;
  return `list_transform([${byKey}], lambda ${sorted}: list_transform(list_sort(${last}), lambda ${entry}: ${entry}.e))[1]`;
}

/** A type that DuckDB prints incorrectly, or a quoted name, which may look like one. */
const ODD = /"(?:[^"]|"")*"|\bTIMESTAMP(?:_\w+)?(?: WITH TIME ZONE)?|\bDECIMAL\((\d+),\1\)/g;

/**
 * A value that can be converted to JSON. Timestamps become texts. The value is NULL if one of them is unprintable: some
 * writers use the smallest 64-bit number for a missing time, on which DuckDB fails the whole query. Decimals without digits
 * before the point get one, as DuckDB writes `.5`, which is not JSON.
 */
function timestampTextSql(sql: string, type: string): string {
  const printed = type.replace(ODD, (text, digits?: string) => {
    if (text.startsWith('"')) return text;
    return digits === undefined ? 'VARCHAR' : `DECIMAL(${Number(digits) + 1},${digits})`;
  });
  return printed === type ? sql : `TRY(CAST(${sql} AS ${printed}))`;
}
