import type { Field } from '../../config/mappingSchema.ts';
import { castColumn } from './castColumn.ts';
import { FieldProblem } from './FieldProblem.ts';
import type { FileLook } from './FileLook.ts';
import { nothing, type Reading, type Refusal, unreadable } from './Reading.ts';
import { textOf } from './textOf.ts';

/**
 * Reads a field as a double: of numbers, texts that are one, and booleans as 1 and 0. Infinite ones and NaN are
 * refused: sums would be lost to them.
 *
 * @throws FieldProblem when the file lacks the column, or it can't hold a number.
 */
export function readNumber(field: Field, look: FileLook): Reading {
  if ('constant' in field) {
    const number = Number(field.constant);
    return {
      value: `CAST(${Number.isFinite(number) ? number : 'NULL'} AS DOUBLE)`,
      column: null,
      refusals: [],
    };
  }
  const column = look.column(field);
  if (column === null) return nothing('DOUBLE');
  if (['date', 'local', 'instant', 'nested', 'other'].includes(column.kind)) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, 'a number or text', column.type);
  }
  const cast = field.cast === undefined ? null : castColumn(column, field.cast);
  const read =
    cast?.value ?? (column.kind === 'bytes' ? textOf(column.sql, 'bytes', column.type) : column.sql);
  return {
    value: `TRY_CAST(${read} AS DOUBLE)`,
    // As the file has it, whatever a cast made of it.
    column,
    refusals: [
      ...(column.kind === 'float' ? [NOT_FINITE] : []),
      unreadable(cast === null ? 'SLUICE_INGEST_ROW_VALUE_INVALID' : 'SLUICE_INGEST_ROW_CAST_FAILED'),
      { reason: 'SLUICE_INGEST_ROW_VALUE_INVALID', when: (_, value) => `NOT isfinite(${value})` },
    ],
  };
}

/** Of a float. */
const NOT_FINITE: Refusal = {
  reason: 'SLUICE_INGEST_ROW_VALUE_INVALID',
  when: (raw) => `NOT isfinite(${raw})`,
};
