import type { Field } from '../../config/mappingSchema.ts';
import type { FileLook } from './FileLook.ts';
import type { MappedRow } from './MappedRow.ts';
import { readText } from './readText.ts';

/**
 * Reads a text that no row may lack; empty ones are none.
 *
 * @param what It is, in words: part of why a row is refused.
 * @throws FieldProblem
 */
export function requiredText(
  field: Field,
  row: MappedRow,
  look: FileLook,
  reason:
    | 'SLUICE_INGEST_ROW_NAME_MISSING'
    | 'SLUICE_INGEST_ROW_GROUP_MISSING'
    | 'SLUICE_INGEST_ROW_UNIT_MISSING',
  what: string,
): string {
  const value = `nullif(${row.read(readText(field, look, 'flat'))}, '')`;
  row.refuse(
    reason,
    'constant' in field
      ? what
      : `${what}: column ${JSON.stringify('folder' in field ? `${field.folder}=` : field.column)}`,
    `${value} IS NULL`,
  );
  return value;
}
