import { quoteName, quoteText } from '../../../base/sql.ts';
import { quotedName } from '../../../base/text.ts';
import { FileError, type FileFailure } from '../../../parquet/FileError.ts';
import type { FileColumn, FileSchema } from '../../../parquet/FileSchema.ts';
import { isTaken, listElement, mapParts, structMembers } from '../../../parquet/readColumns.ts';
import type { Cast } from '../../../schema/mappings.ts';
import type { Dialect, FoundColumn } from '../Dialect.ts';
import { kindOf } from '../findColumn.ts';
import { isNotFinite, wholePairs } from '../jsonText.ts';
import { type ColumnKind, UUID_BYTES } from '../valueSql.ts';
import { athenaTimes } from './athenaTime.ts';
import {
  athenaJson,
  athenaText,
  bound,
  calendarTime,
  canonicalJson,
  doubleJson,
  once,
  quotedText,
} from './athenaValues.ts';

/** Athena's types by DuckDB's. Columns of other types can't be read. */
const HIVE_TYPES: Readonly<Record<string, string>> = {
  VARCHAR: 'string',
  JSON: 'string',
  BLOB: 'binary',
  BOOLEAN: 'boolean',
  TINYINT: 'tinyint',
  SMALLINT: 'smallint',
  INTEGER: 'int',
  BIGINT: 'bigint',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
};

/** Athena's type of a column, or why Athena cannot read it. */
type Readable = { readonly type: string } | { readonly unread: string };

/**
 * The type of a column in the table that Athena reads files by, or what it would read instead.
 * https://docs.aws.amazon.com/athena/latest/ug/data-types.html
 *
 * @param columns All columns of the file.
 */
export function athenaType(column: FileColumn, columns: readonly FileColumn[]): Readable {
  const name = column.name.toLowerCase();
  if (columns.some((other) => other !== column && other.name.toLowerCase() === name))
    return { unread: 'names that differ in more than case' };
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_ .-]*$/u.test(name))
    return { unread: 'a name of letters, digits, spaces and _ . -' };
  if (isTaken(name)) return { unread: 'another name' };
  if (column.misread !== null) return { unread: column.misread.needs };
  if (column.fixedBytes !== null) return { unread: 'text, or bytes of no fixed length' };
  return typeOf(column.type);
}

/** Keys of maps that Athena casts to JSON: https://trino.io/docs/current/functions/json.html#cast-to-json */
const JSON_KEY = /^(VARCHAR|JSON|BOOLEAN|(TINY|SMALL|BIG)INT|INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$/;

/** @param type As DuckDB prints it. */
function typeOf(type: string): Readable {
  const simple = HIVE_TYPES[type];
  if (simple !== undefined) return { type: simple };
  if (/^DECIMAL\(\d+,\d+\)$/.test(type)) return { type: type.toLowerCase() };
  if (/^U(TINY|SMALL|BIG|HUGE)?INT/.test(type)) return { unread: 'numbers with a sign' };
  if (type === 'UUID') return { unread: 'text' };
  const element = listElement(type);
  if (element !== null) return nested('array', [[null, element]]);
  const map = mapParts(type);
  if (map !== null) {
    if (!JSON_KEY.test(map.key)) return { unread: 'maps whose keys are text, numbers or booleans' };
    return nested('map', [
      [null, map.key],
      [null, map.value],
    ]);
  }
  const members = structMembers(type);
  if (members.length === 0) return { unread: 'text, numbers, times, structs, lists or maps' };
  if (members.some(({ name }) => !/^[a-z_][a-z0-9_]*$/.test(name)))
    return { unread: 'structs whose members are in lower case, of letters, digits and _' };
  return nested(
    'struct',
    members.map((member) => [member.name, member.type]),
  );
}

/** Nested values are read as JSON, which Athena makes of no bytes. JSON texts in them would become texts. */
function nested(outer: string, parts: readonly (readonly [name: string | null, type: string])[]): Readable {
  const types: string[] = [];
  for (const [name, type] of parts) {
    const read = typeOf(type);
    if ('unread' in read) return read;
    if (read.type === 'binary') return { unread: 'structs, lists and maps without bytes' };
    if (type === 'JSON') return { unread: 'structs, lists and maps without JSON texts' };
    types.push(name === null ? read.type : `${name}:${read.type}`);
  }
  return { type: `${outer}<${types.join(',')}>` };
}

/** Codecs that DuckDB reads and Athena does not: `ParquetCompressionUtils` in https://github.com/trinodb/trino */
const UNREAD_CODECS = ['BROTLI', 'LZ4_RAW'];
/** A name that a manifest, which has one a line, can't hold, or that Athena takes for hidden. */
const UNLISTED = /[\r\n]|^\s|\s$|(^|\/)_[^/]*$/;

function unreadFile({ name, codecs, columns }: FileSchema): FileFailure | null {
  if (UNLISTED.test(name)) return new FileError('SLUICE_INGEST_FILE_NAME_UNFIT', `${JSON.stringify(name)}.`);
  const codec = codecs.find((one) => UNREAD_CODECS.includes(one));
  if (codec !== undefined) return new FileError('SLUICE_INGEST_FILE_CODEC_UNSUPPORTED', `${name}: ${codec}.`);
  // Mapped or not: neither would be in a raw row under its own name.
  const folded = columns.map((one) => one.name.toLowerCase());
  const alike = columns.filter(
    (_, i) => folded.indexOf(folded[i] ?? '') !== folded.lastIndexOf(folded[i] ?? ''),
  );
  if (alike.length === 0) return null;
  const found = alike.map((one) => quotedName(one.name)).join(' and ');
  return new FileError(
    'SLUICE_INGEST_COLUMN_ENGINE_UNFIT',
    `${name}: expected names of columns that differ in more than case, found ${found}.`,
  );
}

/** The dialect of Athena's engine version 3, which is Trino's. Differences from DuckDB's are in docs/large-days.md. */
export const athenaDialect: Dialect = {
  ...athenaTimes,
  unreadFile,
  unread(column, columns) {
    const read = athenaType(column, columns);
    return 'unread' in read ? read.unread : null;
  },
  column: columnSql,
  member: (struct, member) => `${struct}.${quoteName(member)}`,
  // It does not check decimals.
  refusals: (type) =>
    type === 'JSON'
      ? [{ reason: 'SLUICE_INGEST_ROW_VALUE_INVALID', when: (raw) => isNotFinite(raw, athenaJson) }]
      : [],

  text: athenaText,
  decimalId: (sql) =>
    `CASE WHEN ${sql} = truncate(${sql}) THEN CAST(CAST(${sql} AS DECIMAL(38, 0)) AS VARCHAR) ELSE CAST(${sql} AS VARCHAR) END`,
  jsonId: (sql) =>
    bound(
      wholePairs(sql, athenaJson),
      'c',
      (c) =>
        `CASE WHEN TRY(json_parse(${c})) IS NULL THEN ${c} WHEN trim(${c}) = 'null' THEN NULL WHEN trim(${c}) LIKE '"%' THEN json_extract_scalar(${c}, '$') ELSE ${canonicalJson(c)} END`,
    ),
  cast: castText,
  finite(sql, kind) {
    if (kind === 'float') return `CASE WHEN is_finite(${sql}) THEN ${sql} END`;
    return ['date', 'local', 'instant'].includes(kind) ? calendarTime(sql) : sql;
  },
  isFinite: (sql) => `is_finite(${sql})`,
  double,

  quoted: quotedText,
  json: (sql) =>
    bound(
      wholePairs(sql, athenaJson),
      'c',
      (c) => `CASE WHEN TRY(json_parse(${c})) IS NOT NULL THEN ${canonicalJson(c)} END`,
    ),
  jsonObject: (text) =>
    bound(
      wholePairs(text, athenaJson),
      'c',
      (c) =>
        `CASE WHEN regexp_like(${c}, '^[ \\t\\n\\r]*\\{') AND TRY(json_parse(${c})) IS NOT NULL THEN ${canonicalJson(c)} END`,
    ),
  membersOf,
  joined: (texts) => `array_join(ARRAY[${texts.join(', ')}], ',')`,
  rawRow,
};

function columnSql({ name }: FileColumn): string {
  return `src.${quoteName(name.toLowerCase())}`;
}

/** ASCII's white space, as DuckDB's casts skip it. In Athena `\\s` and `\\d` would match all alphabets. */
const SPACE = String.raw`[ \t\n\r\x0B\x0C]*`;
const DIGITS = '[0-9]+';
/** A number as text: DuckDB's form, without Java's suffixes. */
const NUMBER = String.raw`^${SPACE}\+?-?(${DIGITS}\.?(${DIGITS})?|\.${DIGITS})([eE][+-]?[0-9]+)?${SPACE}\z`;

function double(sql: string, kind: ColumnKind): string {
  switch (kind) {
    case 'json':
      // Numbers, booleans, and numbers in strings.
      return `CASE WHEN trim(${sql}) = 'true' THEN 1E0 WHEN trim(${sql}) = 'false' THEN 0E0 ELSE ${once(`json_extract_scalar(${sql}, '$')`, 'c', (c) => double(c, 'text'))} END`;
    case 'text':
      return `CASE WHEN regexp_like(${sql}, '${NUMBER}') THEN TRY_CAST(regexp_replace(${sql}, '^${SPACE}\\+|[ \\t\\n\\r\\x0B\\x0C]', '') AS DOUBLE) END`;
    case 'boolean':
      return `CASE WHEN ${sql} THEN 1E0 WHEN NOT ${sql} THEN 0E0 END`;
    default:
      return `CAST(${sql} AS DOUBLE)`;
  }
}

/** Whole numbers as text, as DuckDB's mapping reads them. */
const WHOLE = String.raw`^[ \t\n\r\x0C]*[+-]?[0-9]+(\.0*)?[ \t\n\r\x0C]*\z`;
/** 32 digits with any dashes among them, in braces or not. */
const UUID = String.raw`^(-*[0-9a-fA-F]){32}-*\z|^\{(-*[0-9a-fA-F]){32}-*\}\z`;
const NOTHING = 'CAST(NULL AS VARCHAR)';
const TEXTS: readonly ColumnKind[] = ['text', 'json', 'bytes', 'nested'];
const NUMBERS: readonly ColumnKind[] = ['integer', 'decimal', 'float'];

function castText({ sql, kind, type }: FoundColumn, cast: Cast): string {
  const text = athenaText(sql, kind, type);
  if (cast === 'string') return text;
  if (cast === 'uuid' && kind === 'bytes')
    return `CASE WHEN length(${sql}) = ${UUID_BYTES} THEN ${dashed(`to_hex(${sql})`)} ELSE ${once(text, 'c', uuidOfText)} END`;
  if (cast === 'uuid') return once(text, 'c', uuidOfText);
  if (cast === 'date' || cast === 'timestamp') return timeCast({ sql, kind }, cast, text);
  if (TEXTS.includes(kind)) return once(text, 'c', (c) => castOfText(c, cast));
  switch (cast) {
    case 'bigint':
      if (kind === 'float' || kind === 'decimal')
        // Athena casts a FLOAT beyond 64 bits to the largest number.
        return `CASE WHEN ${sql} = truncate(${sql}) THEN CAST(TRY_CAST(${type === 'FLOAT' ? `CAST(${sql} AS DOUBLE)` : sql} AS BIGINT) AS VARCHAR) END`;
      return kind === 'integer' || kind === 'boolean' ? `CAST(CAST(${sql} AS BIGINT) AS VARCHAR)` : NOTHING;
    case 'double':
      if (!NUMBERS.includes(kind) && kind !== 'boolean') return NOTHING;
      return athenaText(double(sql, kind), 'float', 'DOUBLE');
    case 'boolean':
      if (kind === 'boolean') return `CAST(${sql} AS VARCHAR)`;
      return NUMBERS.includes(kind) ? `CASE ${sql} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END` : NOTHING;
  }
}

function castOfText(text: string, cast: 'bigint' | 'double' | 'boolean'): string {
  switch (cast) {
    case 'bigint':
      return `CASE WHEN regexp_like(${text}, '${WHOLE}') THEN CAST(TRY_CAST(regexp_extract(${text}, '[+-]?[0-9]+') AS BIGINT) AS VARCHAR) END`;
    case 'double':
      return athenaText(double(text, 'text'), 'float', 'DOUBLE');
    case 'boolean':
      return `CASE WHEN lower(${text}) IN ('true', 't', 'yes', 'y', '1') THEN 'true' WHEN lower(${text}) IN ('false', 'f', 'no', 'n', '0') THEN 'false' END`;
  }
}

function timeCast(
  { sql, kind }: Pick<FoundColumn, 'sql' | 'kind'>,
  cast: 'date' | 'timestamp',
  text: string,
): string {
  const isTime = kind === 'local' || kind === 'instant' || kind === 'date';
  const isText = TEXTS.includes(kind);
  // JSON of lists, maps and structs is never a time.
  if ((!isTime && !isText) || kind === 'nested') return NOTHING;
  const written = bound(
    athenaTimes.timeOfText(text, 'UTC'),
    'r',
    (r) => `CASE WHEN NOT (${athenaTimes.isOutOfRange(r)}) THEN ${r} END`,
  );
  const time = isText ? written : sql;
  if (cast === 'date') return once(time, 'c', (c) => `CAST(CAST(${c} AS DATE) AS VARCHAR)`);
  return once(kind === 'date' ? `CAST(${time} AS TIMESTAMP)` : time, 'c', (c) =>
    athenaText(c, 'local', 'TIMESTAMP'),
  );
}

function uuidOfText(text: string): string {
  return `CASE WHEN regexp_like(${text}, '${UUID}') THEN ${dashed(`regexp_replace(${text}, '[{}-]', '')`)} END`;
}

/** https://www.rfc-editor.org/rfc/rfc9562#section-4 */
function dashed(hex: string): string {
  return `lower(regexp_replace(${hex}, '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '$1-$2-$3-$4-$5'))`;
}

/** Members that are kept when others override some are in the order of their names: Athena has objects in no other. */
function membersOf(object: string, members: readonly (readonly [key: string, json: string])[]): string {
  const kept = members
    .map(([key, json]) => `NOT (k = ${quoteText(key)} AND ${json} IS NOT NULL)`)
    .join(' AND ');
  const own = bound(
    `CAST(json_parse(${object}) AS MAP(VARCHAR, JSON))`,
    'o',
    (o) =>
      `array_join(transform(filter(map_keys(${o}), k -> ${kept}), k -> ${quotedText('k')} || ':' || coalesce(json_format(element_at(${o}, k)), 'null')), ',')`,
  );
  const rebuilt = canonicalJson(own);
  const suspect = [String.raw`\u`, ...members.map(([key]) => `${JSON.stringify(key)}:`)]
    .map((text) => `strpos(${object}, ${quoteText(text)}) > 0`)
    .join(' OR ');
  return `CASE WHEN ${suspect} THEN ${rebuilt} ELSE substr(${object}, 2, length(${object}) - 2) END`;
}

/** Columns that Athena can't read are left out. Bytes that are not text become hexadecimal digits. */
function rawRow(columns: readonly FileColumn[]): string {
  const members = columns.flatMap((column) => {
    const read = athenaType(column, columns);
    if ('unread' in read) return [];
    const json = rawJson(columnSql(column), kindOf(column), column.type);
    return [`${quoteText(`${JSON.stringify(column.name)}:`)} || ${json}`];
  });
  return members.length === 0 ? "'{}'" : `'{' || ${members.join(" || ',' || ")} || '}'`;
}

function rawJson(sql: string, kind: ColumnKind, type: string): string {
  const text = athenaText(sql, kind, type);
  switch (kind) {
    case 'integer':
    case 'boolean':
    case 'decimal':
    case 'nested':
      return `coalesce(${text}, 'null')`;
    case 'float':
      return `CASE WHEN is_finite(${sql}) THEN ${doubleJson(type === 'DOUBLE' ? sql : `CAST(${sql} AS DOUBLE)`)} ELSE coalesce(${quotedText(`CAST(${sql} AS VARCHAR)`)}, 'null') END`;
    case 'json':
      return `coalesce(${athenaDialect.json(sql)}, ${quotedText(text)}, 'null')`;
    case 'bytes':
      return `coalesce(${quotedText(`coalesce(${text}, to_hex(${sql}))`)}, 'null')`;
    default:
      return `coalesce(${quotedText(text)}, 'null')`;
  }
}
