import { quoteText } from '../../base/sql.ts';
import type { Field } from '../../schema/mapping/fieldSource.ts';
import { type CastType, castSql } from './castSql.ts';
import type { FileColumns } from './columns/FileColumns.ts';
import type { FoundColumn, Refusal } from './columns/FoundColumn.ts';
import { FieldProblem, type FieldSql, nullField, unreadableRefusal } from './columns/findColumn.ts';
import { jsonTextSql } from './jsonText.ts';
import { doubleSql, finiteSql, textSql } from './valueSql.ts';

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
  const inexactId = nested === 'flat' ? inexactRefusals(column) : [];
  if (field.cast !== undefined) {
    const cast = castColumn(column, field.cast);
    return { ...cast, refusals: [...inexactId, ...cast.refusals] };
  }
  if (column.kind === 'nested' && nested === 'flat') {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, 'text or a number', column.type);
  }
  const { sql, kind, type } = column;
  if (kind === 'decimal' && nested === 'flat') {
    return { value: decimalIdSql(sql, type), column, refusals: [] };
  }
  if (kind === 'json' && nested === 'flat') return { value: jsonTextSql(sql), column, refusals: [] };
  return {
    value: textSql(sql, kind, type),
    column,
    refusals: kind === 'bytes' ? [unreadableRefusal('SLUICE_INGEST_ROW_TEXT_INVALID')] : inexactId,
  };
}

/** `12.00` is `12`. */
function decimalIdSql(sql: string, type: string): string {
  return `CASE WHEN ${sql} = trunc(${sql}) THEN CAST(CAST(${sql} AS DECIMAL(38, 0)) AS VARCHAR) ELSE ${textSql(sql, 'decimal', type)} END`;
}

/** From these values on, floating-point numbers do not hold every whole number. */
const INEXACT: Readonly<Record<string, string>> = { FLOAT: '16777216', DOUBLE: '9007199254740992' };

/** An ID that a float can't hold was another one: pandas makes floats of whole numbers where one is missing. */
export function inexactRefusals({ kind, type }: FoundColumn): readonly Refusal[] {
  if (kind !== 'float') return [];
  return [
    {
      reason: 'SLUICE_INGEST_ROW_ID_INEXACT',
      when: (raw) => `isfinite(${raw}) AND abs(${raw}) >= ${INEXACT[type]}`,
    },
  ];
}

/**
 * Reads a field as a double, from numbers, numeric texts, and booleans as 1 and 0. Infinity and NaN would spoil sums.
 *
 * @param notFinite What NaN and infinity are in a column of floats. In texts they refuse the row.
 * @throws FieldProblem if the file lacks the column, or it can't hold a number.
 */
export function readNumber(
  field: Field,
  fileColumns: FileColumns,
  notFinite: 'missing' | 'refused' = 'refused',
): FieldSql {
  if ('constant' in field) {
    return { value: `CAST(${Number(field.constant)} AS DOUBLE)`, column: null, refusals: [] };
  }
  const found = fileColumns.column(field);
  if (found === null) return nullField('DOUBLE');
  const column = notFinite === 'missing' ? { ...found, sql: finiteSql(found.sql, found.kind) } : found;
  if (['date', 'local', 'instant', 'nested', 'other'].includes(column.kind)) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, 'a number or text', column.type);
  }
  const { sql, kind, type } = column;
  return {
    value: kind === 'bytes' ? doubleSql(textSql(sql, kind, type), 'text') : doubleSql(sql, kind),
    column,
    refusals: [
      {
        reason: 'SLUICE_INGEST_ROW_VALUE_INVALID',
        when: (raw, value) => `${raw} IS NOT NULL AND NOT coalesce(isfinite(${value}), false)`,
      },
    ],
  };
}

/**
 * Reads a column in a cast. Values that can't be converted without loss are refused. NaN and infinity
 * are missing, as without a cast. Texts with such words are refused.
 */
export function castColumn(column: FoundColumn, cast: CastType): FieldSql {
  const valued: FoundColumn =
    column.kind === 'json'
      ? { ...column, sql: jsonTextSql(column.sql), kind: 'text', type: 'VARCHAR' }
      : { ...column, sql: finiteSql(column.sql, column.kind) };
  return {
    value: castSql(valued, cast),
    column: valued,
    refusals: [unreadableRefusal('SLUICE_INGEST_ROW_CAST_FAILED')],
  };
}
