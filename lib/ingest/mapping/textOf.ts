import type { ColumnKind } from './columnKind.ts';
import { finiteJson } from './finiteJson.ts';
import { finite, jsonReady } from './jsonReady.ts';
import { printable } from './printable.ts';

/** Floats beyond it are no exact whole numbers. */
const MAX_EXACT = '9007199254740992';

/** A value as text; null where its bytes are no UTF-8, a number is NaN or infinite, or a time is none. @param type In DuckDB's words. */
export function textOf(sql: string, kind: ColumnKind, type: string): string {
  switch (kind) {
    case 'bytes':
      return `TRY(decode(${sql}))`;
    case 'float':
      return `CASE WHEN abs(${sql}) < ${MAX_EXACT} AND ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS BIGINT) AS VARCHAR) WHEN isfinite(${sql}) THEN CAST(${sql} AS VARCHAR) END`;
    case 'date':
      return `CAST(${finite(sql, kind)} AS VARCHAR)`;
    case 'local':
    case 'instant':
      return `CASE WHEN isfinite(${sql}) THEN ${printable(sql, type)} END`;
    case 'decimal': {
      const text = `CAST(${sql} AS VARCHAR)`;
      // Without a place before the point, DuckDB writes `.5`, which is no JSON.
      return /\((\d+),\1\)/.test(type) ? `regexp_replace(${text}, '^(-?)\\.', '\\10.')` : text;
    }
    case 'nested':
      return jsonOfNested(sql, type);
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

/** JSON texts in it are as their writer made them. */
function jsonOfNested(sql: string, type: string): string {
  const json = `CAST(to_json(${jsonReady(sql, type)}) AS VARCHAR)`;
  return /\bJSON\b/.test(type) ? finiteJson(json) : json;
}
