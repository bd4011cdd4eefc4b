import type { Cast } from '../../config/mappingSchema.ts';
import type { ColumnKind } from './columnKind.ts';
import type { FoundColumn } from './findColumn.ts';
import { finite } from './jsonReady.ts';
import { type Reading, unreadable } from './Reading.ts';
import { textOf, textOfJson, UUID_BYTES, uuidOf } from './textOf.ts';

/** Texts that DuckDB would round to a whole number, or read as none of the words for it. */
const WHOLE = String.raw`\s*[+-]?\d+(\.0*)?\s*`;

/** What casts make. */
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
 * Reads a column as text by way of a type; what can't be turned into it without loss is refused. NaN, infinity and times
 * that are none are no values, as without a cast; texts that read like them are refused.
 */
export function castColumn(column: FoundColumn, cast: Cast): Reading {
  const valued: FoundColumn =
    column.kind === 'json'
      ? { ...column, sql: textOfJson(column.sql), kind: 'text', type: 'VARCHAR' }
      : { ...column, sql: finite(column.sql, column.kind) };
  return {
    value: textOf(casted(valued, cast), ...RESULTS[cast]),
    column: valued,
    refusals: [unreadable('SLUICE_INGEST_ROW_CAST_FAILED')],
  };
}

function casted({ sql, kind, type: found }: FoundColumn, cast: Cast): string {
  if (cast === 'string') return textOf(sql, kind, found);
  if (cast === 'uuid') {
    const text = textOf(sql, kind, found);
    return `TRY_CAST(${kind === 'bytes' ? `CASE WHEN octet_length(${sql}) = ${UUID_BYTES} THEN ${uuidOf(sql)} ELSE ${text} END` : text} AS UUID)`;
  }
  const plain = kind === 'bytes' || kind === 'nested' ? textOf(sql, kind, found) : sql;
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
