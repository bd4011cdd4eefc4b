import type { ColumnKind } from './columnKind.ts';

/** Floats beyond it are no exact whole numbers. */
const MAX_EXACT = '9007199254740992';

/** A value as text; null where its bytes are no UTF-8. */
export function textOf(sql: string, kind: ColumnKind): string {
  switch (kind) {
    case 'bytes':
      return `TRY(decode(${sql}))`;
    case 'float':
      return `CASE WHEN abs(${sql}) < ${MAX_EXACT} AND ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS BIGINT) AS VARCHAR) ELSE CAST(${sql} AS VARCHAR) END`;
    case 'nested':
      return `CAST(to_json(${sql}) AS VARCHAR)`;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}
