import { quoteName, quoteText } from '../../base/sql.ts';
import type { FileColumn } from '../../parquet/FileSchema.ts';
import { listElement, mapParts, structMembers } from '../../parquet/readColumns.ts';
import type { Cast } from '../../schema/mappings.ts';
import type { Dialect, FoundColumn, Refusal } from './Dialect.ts';
import { duckDbTimes } from './duckDbTime.ts';
import { isNotFinite } from './jsonText.ts';
import {
  type ColumnKind,
  finiteRowSql,
  finiteSql,
  jsonSql,
  jsonTextSql,
  rawReadySql,
  strictJsonSql,
  textSql,
  UUID_BYTES,
  uuidSql,
} from './valueSql.ts';

/** The dialect of DuckDB, which reads everything that it does not misread. */
export const duckDbDialect: Dialect = {
  ...duckDbTimes,
  unreadFile: () => null,
  unread: () => null,
  column: ({ sqlName }) => `src.${quoteName(sqlName)}`,
  member: (struct, member) => `struct_extract(${struct}, ${quoteText(member)})`,
  refusals: (type) => [...decimalRefusals(type), ...jsonRefusals(type)],

  text: textSql,
  decimalId: (sql, type) =>
    `CASE WHEN ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS DECIMAL(38, 0)) AS VARCHAR) ELSE ${textSql(sql, 'decimal', type)} END`,
  jsonId: jsonTextSql,
  cast: (column, cast) => textSql(castSql(column, cast), ...RESULTS[cast]),
  finite: finiteSql,
  isFinite: (sql) => `isfinite(${sql})`,
  double: doubleSql,

  quoted: (text) => `CAST(to_json(${text}) AS VARCHAR)`,
  json: (sql) => strictJsonSql(`CAST(${sql} AS VARCHAR)`),
  jsonObject: objectSql,
  membersOf,
  joined: (texts) => `concat_ws(',', ${texts.join(', ')})`,
  rawRow,
};

/** DuckDB would read `1_000` as 1000, as SQL's literals are written. */
function doubleSql(sql: string, kind: ColumnKind): string {
  const number = `TRY_CAST(${sql} AS DOUBLE)`;
  return ['text', 'json', 'bytes', 'nested'].includes(kind)
    ? `CASE WHEN NOT contains(CAST(${sql} AS VARCHAR), '_') THEN ${number} END`
    : number;
}

/** Checks the text before it is parsed as JSON, which is expensive. */
function objectSql(text: string): string {
  return `CASE WHEN starts_with(ltrim(${text}, E' \\t\\n\\r'), '{') THEN ${strictJsonSql(text)} END`;
}

/** Refuses rows in which a JSON text, or one within a nested value, has numbers that are not finite. */
function jsonRefusals(type: string): readonly Refusal[] {
  if (!/\bJSON\b/.test(type)) return [];
  const when =
    type === 'JSON'
      ? (raw: string) => isNotFinite(textSql(raw, 'json', type), jsonSql)
      : (raw: string) => `${raw} IS NOT NULL AND NOT ${jsonSql.isJson(textSql(raw, 'nested', type))}`;
  return [{ reason: 'SLUICE_INGEST_ROW_VALUE_INVALID', when }];
}

function membersOf(object: string, members: readonly (readonly [key: string, json: string])[]): string {
  const kept = members
    .map(([key, json]) => `NOT (member.key = ${quoteText(key)} AND ${json} IS NOT NULL)`)
    .join(' AND ');
  const rebuilt = `array_to_string(list_transform(list_filter(map_entries(TRY(from_json(${object}, '"MAP(VARCHAR,JSON)"'))), lambda member: ${kept}), lambda member: CAST(to_json(member.key) AS VARCHAR) || ':' || coalesce(CAST(member.value AS VARCHAR), 'null')), ',')`;
  // Parsing an object costs more than all the rest, so it happens only if a key may occur twice. A key may have escapes.
  const suspect = [String.raw`\u`, ...members.map(([key]) => `${JSON.stringify(key)}:`)]
    .map((text) => `contains(${object}, ${quoteText(text)})`)
    .join(' OR ');
  return `CASE WHEN ${suspect} THEN ${rebuilt} ELSE ${object}[2:-2] END`;
}

/** The raw row as JSON, under the file's own names. Bytes are escaped as `\xFF`. Values that DuckDB misreads or can't print are left out. */
function rawRow(columns: readonly FileColumn[]): string {
  const names = columns.map(({ name }) => name);
  const twice = new Set(
    names.length === new Set(names).size
      ? []
      : names.toSorted().filter((name, i, all) => name === all[i - 1]),
  );
  const members = columns.flatMap(({ name, sqlName, type, misread }) => [
    quoteText(twice.has(name) ? sqlName : name),
    misread !== null ? 'NULL' : rawReadySql(`src.${quoteName(sqlName)}`, type),
  ]);
  const types = columns.map(({ type }) => type).join(' ');
  return finiteRowSql(`CAST(json_object(${members.join(', ')}) AS VARCHAR)`, types);
}

/** Pattern of whole numbers, as DuckDB would also round other texts. */
const WHOLE = String.raw`\s*[+-]?\d+(\.0*)?\s*`;

/** The results of casts. */
const RESULTS: Readonly<Record<Cast, readonly [ColumnKind, string]>> = {
  string: ['text', 'VARCHAR'],
  bigint: ['integer', 'BIGINT'],
  double: ['float', 'DOUBLE'],
  boolean: ['boolean', 'BOOLEAN'],
  uuid: ['text', 'UUID'],
  date: ['date', 'DATE'],
  timestamp: ['local', 'TIMESTAMP'],
};

function castSql({ sql, kind, type: found }: FoundColumn, cast: Cast): string {
  if (cast === 'string') return textSql(sql, kind, found);
  if (cast === 'uuid') {
    const text = textSql(sql, kind, found);
    return `TRY_CAST(${kind === 'bytes' ? `CASE WHEN octet_length(${sql}) = ${UUID_BYTES} THEN ${uuidSql(sql)} ELSE ${text} END` : text} AS UUID)`;
  }
  const plain = kind === 'bytes' || kind === 'nested' ? textSql(sql, kind, found) : sql;
  const type = cast.toUpperCase();
  if ((cast === 'date' || cast === 'timestamp') && ['text', 'bytes', 'nested'].includes(kind))
    return `CAST(${writtenTime(`CAST(${plain} AS VARCHAR)`)} AS ${type})`;
  if (cast === 'double') return doubleSql(plain, kind);
  if (cast === 'boolean' && ['integer', 'decimal', 'float'].includes(kind))
    return `CASE ${plain} WHEN 0 THEN false WHEN 1 THEN true END`;
  if (cast !== 'bigint') return `TRY_CAST(${plain} AS ${type})`;
  switch (kind) {
    case 'float':
    case 'decimal':
      return `CASE WHEN ${plain} = trunc(${plain}) THEN TRY_CAST(${plain} AS BIGINT) END`;
    case 'text':
    case 'bytes':
    case 'nested':
      return `CASE WHEN regexp_full_match(CAST(${plain} AS VARCHAR), '${WHOLE}') THEN TRY_CAST(${plain} AS BIGINT) END`;
    default:
      return `TRY_CAST(${plain} AS BIGINT)`;
  }
}

/** DuckDB's own cast would ignore an offset, and read `2026/11/20` and `epoch`. */
function writtenTime(text: string): string {
  return `list_transform([${duckDbTimes.timeOfText(text, 'UTC')}], lambda t: CASE WHEN NOT (${duckDbTimes.isOutOfRange('t')}) THEN t END)[1]`;
}

const DECIMAL = /^DECIMAL\((\d+),(\d+)\)$/;

/**
 * Refuses rows in which a decimal has more digits than its type. DuckDB trusts the footer, and prints such numbers with bytes
 * that are not digits, which is not valid JSON.
 *
 * @param type As DuckDB reads it.
 */
function decimalRefusals(type: string): readonly Refusal[] {
  if (decimalFits('x', type) === null) return [];
  return [{ reason: 'SLUICE_INGEST_ROW_DECIMAL_INVALID', when: (raw) => `NOT ${decimalFits(raw, type)}` }];
}

/** SQL whether all decimals of a value have at most the digits of their type, never NULL; null for a type without decimals. */
function decimalFits(sql: string, type: string, depth = 0): string | null {
  const [, digits] = DECIMAL.exec(type) ?? [];
  if (digits !== undefined) return digitsFit(sql, type, Number(digits));
  const item = `d${depth}`;
  const [element, map] = [listElement(type), mapParts(type)];
  if (element !== null) return allMembersFit(sql, item, decimalFits(item, element, depth + 1));
  if (map !== null) return allMembersFit(`map_values(${sql})`, item, decimalFits(item, map.value, depth + 1));
  const each = structMembers(type).flatMap(
    (member, i) => decimalFits(`struct_extract_at(${sql}, ${i + 1})`, member.type, depth) ?? [],
  );
  return each.length === 0 ? null : `(${each.join(' AND ')})`;
}

function digitsFit(sql: string, type: string, digits: number): string {
  const scale = Number(DECIMAL.exec(type)?.[2] ?? 0);
  const whole = '9'.repeat(digits - scale) || '0';
  const most = scale === 0 ? whole : `${whole}.${'9'.repeat(scale)}`;
  return `coalesce(${sql} BETWEEN CAST('-${most}' AS ${type}) AND CAST('${most}' AS ${type}), true)`;
}

function allMembersFit(list: string, item: string, one: string | null): string | null {
  return one === null ? null : `coalesce(len(list_filter(${list}, lambda ${item}: NOT ${one})) = 0, true)`;
}
