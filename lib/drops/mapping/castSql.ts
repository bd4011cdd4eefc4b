import type { Cast } from '../../schema/mappings.ts';
import type { FoundColumn } from './FoundColumn.ts';
import { isOutOfRange, timeOfText } from './timeSql.ts';
import { type ColumnKind, doubleSql, textSql } from './valueSql.ts';

const UUID_BYTES = 16;
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

/** A value in a cast, as text; NULL if it can't be converted without loss. @param column Its `sql` is finite. */
export function castTextSql(column: FoundColumn, cast: Cast): string {
  return textSql(castSql(column, cast), ...RESULTS[cast]);
}

function castSql({ sql, kind, type: found }: FoundColumn, cast: Cast): string {
  if (cast === 'string') return textSql(sql, kind, found);
  if (cast === 'uuid') {
    const text = textSql(sql, kind, found);
    const value =
      kind === 'bytes'
        ? `CASE WHEN octet_length(${sql}) = ${UUID_BYTES} THEN ${uuidSql(sql)} ELSE ${text} END`
        : text;
    return `TRY_CAST(${value} AS UUID)`;
  }
  const plain = kind === 'bytes' || kind === 'nested' ? textSql(sql, kind, found) : sql;
  const type = cast.toUpperCase();
  if ((cast === 'date' || cast === 'timestamp') && ['text', 'bytes', 'nested'].includes(kind)) {
    const written = writtenTime(`CAST(${plain} AS VARCHAR)`);
    return `CAST(${written} AS ${type})`;
  }
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
  return `list_transform([${timeOfText(text, 'UTC')}], lambda t: CASE WHEN NOT (${isOutOfRange('t')}) THEN t END)[1]`;
}

/** The canonical text of a UUID of 16 bytes: https://www.rfc-editor.org/rfc/rfc9562#section-4 */
function uuidSql(bytes: string): string {
  return `lower(regexp_replace(hex(${bytes}), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5'))`;
}
