import type { Field } from '../../config/mappingSchema.ts';
import { quoteText } from '../../sql/quoteText.ts';
import { castColumn } from './castColumn.ts';
import { FieldProblem } from './FieldProblem.ts';
import type { FileLook } from './FileLook.ts';
import { finiteJson } from './finiteJson.ts';
import { nothing, type Reading, unreadable } from './Reading.ts';
import { textOf, textOfJson } from './textOf.ts';

/**
 * Reads a field as text: whole numbers without `.0`, so that IDs that pandas turned into floats are still IDs. Decimals
 * keep their digits where a value is read, `12.50`; those of `flat` ones are IDs and names, of which `12.00` is `12`. NaN and
 * infinity are no text: pandas writes NaN for a missing value.
 *
 * @param nested Whether nested values are allowed, which are read as JSON.
 * @throws FieldProblem when the file lacks the column, or it is nested where that is not allowed.
 */
export function readText(field: Field, look: FileLook, nested: 'nested' | 'flat'): Reading {
  if ('constant' in field) {
    return { value: quoteText(String(field.constant)), column: null, refusals: [] };
  }
  const column = look.column(field);
  if (column === null) return nothing('VARCHAR');
  if (field.cast !== undefined) return castColumn(column, field.cast);
  if (column.kind === 'nested' && nested === 'flat') {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, 'text or a number', column.type);
  }
  if (column.kind === 'decimal' && nested === 'flat') {
    const { sql, kind, type } = column;
    return {
      value: `CASE WHEN ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS DECIMAL(38, 0)) AS VARCHAR) ELSE ${textOf(sql, kind, type)} END`,
      column,
      refusals: [],
    };
  }
  if (column.kind === 'json' && nested === 'flat') {
    return { value: textOfJson(column.sql), column, refusals: [] };
  }
  const text = textOf(column.sql, column.kind, column.type);
  return {
    value: column.kind === 'json' ? finiteJson(text) : text,
    column,
    refusals: column.kind === 'bytes' ? [unreadable('SLUICE_INGEST_ROW_TEXT_INVALID')] : [],
  };
}
