import { quoteText } from '../../base/sql.ts';
import type { Cast, Field } from '../../schema/mappings.ts';
import type { FileColumns } from './FileColumns.ts';
import {
  FieldProblem,
  type FieldSql,
  type FoundColumn,
  nullField,
  type Refusal,
  unreadableRefusal,
} from './findColumn.ts';
import {
  type ColumnKind,
  finiteJsonSql,
  finiteSql,
  jsonTextSql,
  textSql,
  UUID_BYTES,
  uuidSql,
} from './valueSql.ts';

/**
 * Reads a field as text. Whole floats lose `.0`, so that IDs that pandas converted to floats stay IDs. Decimals keep their
 * digits in values, `12.50`; in `flat` fields, which are IDs and names, `12.00` is `12`. NaN and infinity are missing, as
 * pandas writes NaN for a missing value.
 *
 * @param nested Whether nested values are allowed, which are read as JSON.
 * @throws FieldProblem if the file lacks the column, or it is nested and that is not allowed.
 */
export function readText(field: Field, fileColumns: FileColumns, nested: 'nested' | 'flat'): FieldSql {
  if ('constant' in field) {
    return { value: quoteText(String(field.constant)), column: null, refusals: [] };
  }
  const column = fileColumns.column(field);
  if (column === null) return nullField('VARCHAR');
  if (field.cast !== undefined) return castColumn(column, field.cast);
  if (column.kind === 'nested' && nested === 'flat') {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, 'text or a number', column.type);
  }
  if (column.kind === 'decimal' && nested === 'flat') {
    const { sql, kind, type } = column;
    return {
      value: `CASE WHEN ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS DECIMAL(38, 0)) AS VARCHAR) ELSE ${textSql(sql, kind, type)} END`,
      column,
      refusals: [],
    };
  }
  if (column.kind === 'json' && nested === 'flat') {
    return { value: jsonTextSql(column.sql), column, refusals: [] };
  }
  const text = textSql(column.sql, column.kind, column.type);
  return {
    value: column.kind === 'json' ? finiteJsonSql(text) : text,
    column,
    refusals: column.kind === 'bytes' ? [unreadableRefusal('SLUICE_INGEST_ROW_TEXT_INVALID')] : [],
  };
}

/**
 * Reads a field as a double, from numbers, numeric texts, and booleans as 1 and 0. Infinity and NaN are refused, as they
 * would spoil sums.
 *
 * @throws FieldProblem if the file lacks the column, or it can't hold a number.
 */
export function readNumber(field: Field, fileColumns: FileColumns): FieldSql {
  if ('constant' in field) {
    const number = Number(field.constant);
    return {
      value: `CAST(${Number.isFinite(number) ? number : 'NULL'} AS DOUBLE)`,
      column: null,
      refusals: [],
    };
  }
  const column = fileColumns.column(field);
  if (column === null) return nullField('DOUBLE');
  if (['date', 'local', 'instant', 'nested', 'other'].includes(column.kind)) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, 'a number or text', column.type);
  }
  const cast = field.cast === undefined ? null : castColumn(column, field.cast);
  const read =
    cast?.value ?? (column.kind === 'bytes' ? textSql(column.sql, 'bytes', column.type) : column.sql);
  return {
    value: `TRY_CAST(${read} AS DOUBLE)`,
    // The raw value, before any cast.
    column,
    refusals: [
      ...(column.kind === 'float' ? [NOT_FINITE] : []),
      unreadableRefusal(cast === null ? 'SLUICE_INGEST_ROW_VALUE_INVALID' : 'SLUICE_INGEST_ROW_CAST_FAILED'),
      { reason: 'SLUICE_INGEST_ROW_VALUE_INVALID', when: (_, value) => `NOT isfinite(${value})` },
    ],
  };
}

/** Of a float. */
const NOT_FINITE: Refusal = {
  reason: 'SLUICE_INGEST_ROW_VALUE_INVALID',
  when: (raw) => `NOT isfinite(${raw})`,
};

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

/**
 * Reads a column as text after a cast. Values that can't be converted without loss are refused. NaN, infinity and invalid
 * times are missing, as without a cast. Texts with such words are refused.
 */
export function castColumn(column: FoundColumn, cast: Cast): FieldSql {
  const valued: FoundColumn =
    column.kind === 'json'
      ? { ...column, sql: jsonTextSql(column.sql), kind: 'text', type: 'VARCHAR' }
      : { ...column, sql: finiteSql(column.sql, column.kind) };
  return {
    value: textSql(castSql(valued, cast), ...RESULTS[cast]),
    column: valued,
    refusals: [unreadableRefusal('SLUICE_INGEST_ROW_CAST_FAILED')],
  };
}

function castSql({ sql, kind, type: found }: FoundColumn, cast: Cast): string {
  if (cast === 'string') return textSql(sql, kind, found);
  if (cast === 'uuid') {
    const text = textSql(sql, kind, found);
    return `TRY_CAST(${kind === 'bytes' ? `CASE WHEN octet_length(${sql}) = ${UUID_BYTES} THEN ${uuidSql(sql)} ELSE ${text} END` : text} AS UUID)`;
  }
  const plain = kind === 'bytes' || kind === 'nested' ? textSql(sql, kind, found) : sql;
  const type = cast.toUpperCase();
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
