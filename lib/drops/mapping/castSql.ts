import type { Cast } from '../../schema/mapping/fieldSource.ts';
import type { FoundColumn } from './columns/FoundColumn.ts';
import { textSql } from './valueSql.ts';

/** Bytes of a UUID. */
const UUID_BYTES = 16;
/** Pattern of whole numbers, as DuckDB would also round other texts. */
const WHOLE = String.raw`\s*[+-]?\d+(\.0*)?\s*`;

/** What columns are cast to: to a text by their `cast`, or as columns that are declared. */
export type CastType = Cast | 'bigint' | 'boolean';

/** A value in a cast; NULL if it can't be converted without loss. The values of `sql` must be finite. */
export function castSql({ sql, kind, type }: FoundColumn, cast: CastType): string {
  if (cast === 'string') return textSql(sql, kind, type);
  if (cast === 'uuid') {
    const text = textSql(sql, kind, type);
    const value =
      kind === 'bytes'
        ? `CASE WHEN octet_length(${sql}) = ${UUID_BYTES} THEN ${uuidSql(sql)} ELSE ${text} END`
        : text;
    return `CAST(TRY_CAST(${value} AS UUID) AS VARCHAR)`;
  }
  const plain = kind === 'bytes' || kind === 'nested' ? textSql(sql, kind, type) : sql;
  if (cast === 'boolean')
    return ['integer', 'decimal', 'float'].includes(kind)
      ? `CASE ${plain} WHEN 0 THEN false WHEN 1 THEN true END`
      : `TRY_CAST(${plain} AS BOOLEAN)`;
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

/** The canonical text of a UUID of 16 bytes: https://www.rfc-editor.org/rfc/rfc9562#section-4 */
function uuidSql(bytes: string): string {
  return `lower(regexp_replace(hex(${bytes}), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5'))`;
}
