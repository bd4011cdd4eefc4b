import type { Field } from '../../config/mappingSchema.ts';
import { quoteText } from '../../sql/quoteText.ts';
import { castColumn } from './castColumn.ts';
import type { FileLook } from './FileLook.ts';
import type { FoundColumn } from './findColumn.ts';
import { finiteJson } from './finiteJson.ts';
import { nothing, type Reading, unreadable } from './Reading.ts';
import { textOf } from './textOf.ts';

/**
 * Reads a field as a JSON value: numbers and booleans are themselves, nested columns objects and arrays, all else texts.
 *
 * @throws FieldProblem when the file lacks the column.
 */
export function readJson(field: Field, look: FileLook): Reading {
  if ('constant' in field) {
    return { value: quoteText(JSON.stringify(field.constant)), column: null, refusals: [] };
  }
  const column = look.column(field);
  if (column === null) return nothing('VARCHAR');
  if (field.cast !== undefined) {
    const cast = castColumn(column, field.cast);
    const bare = ['bigint', 'double', 'boolean'].includes(field.cast);
    return { ...cast, value: bare ? cast.value : quoted(cast.value) };
  }
  return {
    value: jsonOf(column),
    column,
    refusals: column.kind === 'bytes' ? [unreadable('SLUICE_INGEST_ROW_TEXT_INVALID')] : [],
  };
}

function jsonOf({ sql, kind, type }: FoundColumn): string {
  switch (kind) {
    case 'integer':
    case 'boolean':
      return `CAST(${sql} AS VARCHAR)`;
    case 'json':
      return `coalesce(${finiteJson(`CAST(TRY(json(${sql})) AS VARCHAR)`)}, ${quoted(textOf(sql, kind, type))})`;
    case 'float':
    case 'decimal':
    case 'nested':
      return textOf(sql, kind, type);
    default:
      return quoted(textOf(sql, kind, type));
  }
}

function quoted(text: string): string {
  return `CAST(to_json(${text}) AS VARCHAR)`;
}
