import type { ColumnKind } from './columnKind.ts';
import { finiteJson } from './finiteJson.ts';
import { finite, jsonReady } from './jsonReady.ts';
import { printable } from './printable.ts';

/** Floats beyond it are no exact whole numbers. */
const MAX_EXACT = '9007199254740992';
/** Bytes of a UUID. */
export const UUID_BYTES = 16;

/** Hexadecimal digits of printable ASCII, and of the NULs that pad a shorter text. */
const ASCII = '([2-6][0-9A-F]|7[0-9A-E])+(00)*';

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

/**
 * The text of an ID or a name in a JSON column: strings without their quotes. Null where the JSON is null, or a number that
 * is not finite. What is no JSON is as it is.
 */
export function textOfJson(sql: string): string {
  const json = finiteJson(`CAST(${sql} AS VARCHAR)`);
  return `CASE WHEN json_valid(${json}) THEN json_extract_string(${json}, '$') ELSE ${json} END`;
}

/** JSON texts in it are as their writer made them. */
function jsonOfNested(sql: string, type: string): string {
  const json = `CAST(to_json(${jsonReady(sql, type)}) AS VARCHAR)`;
  return /\bJSON\b/.test(type) ? finiteJson(json) : json;
}

/** The canonical text of a UUID of 16 bytes: https://www.rfc-editor.org/rfc/rfc9562#section-4 */
export function uuidOf(bytes: string): string {
  return `lower(regexp_replace(hex(${bytes}), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5'))`;
}

/**
 * The text of a value of a column whose values all have 16 bytes, and of which the file says no more. Writers leave such
 * columns for UUIDs that they have no name for (Arrow's `binary(16)`, Avro's `fixed(16)`), and for texts of a fixed
 * length. The two can be told apart: no byte of printable ASCII begins the second half of a UUID.
 */
export function textOfSixteen(sql: string): string {
  return `CASE WHEN regexp_full_match(hex(${sql}), '${ASCII}') THEN rtrim(decode(${sql}), chr(0)) WHEN ${sql} IS NOT NULL THEN ${uuidOf(sql)} END`;
}
