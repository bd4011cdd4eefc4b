import type { Field } from '../../config/mappingSchema.ts';
import { quoteText } from '../../sql/quoteText.ts';
import { FieldProblem } from './FieldProblem.ts';
import type { FileLook } from './FileLook.ts';
import { isFiniteJson } from './finiteJson.ts';
import { nothing, type Reading } from './Reading.ts';
import { textOf } from './textOf.ts';

/**
 * Reads a field as the text of a JSON object, without white space; empty texts and `null` are none.
 *
 * @throws FieldProblem when the file lacks the column, or it can't hold an object.
 */
export function readJsonObject(field: Field, look: FileLook): Reading {
  if ('constant' in field) {
    return { value: objectOf(quoteText(String(field.constant))), column: null, refusals: [] };
  }
  const column = look.column(field);
  if (column === null) return nothing('VARCHAR');
  if (!['text', 'json', 'bytes', 'nested'].includes(column.kind)) {
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
      column.name,
      'text with a JSON object, a struct or a map',
      column.type,
    );
  }
  const text = textOf(column.sql, column.kind, column.type);
  return {
    value: objectOf(text),
    column,
    refusals: [
      {
        reason: 'SLUICE_INGEST_ROW_METADATA_INVALID',
        when: (raw, value) =>
          `${raw} IS NOT NULL AND ${value} IS NULL AND coalesce(trim(${textOf(raw, column.kind, column.type)}) NOT IN ('', 'null'), true)`,
      },
    ],
  };
}

/** Looks at the text before it reads it as JSON, which is dear. */
function objectOf(text: string): string {
  const json = `CAST(TRY(json(${text})) AS VARCHAR)`;
  return `CASE WHEN starts_with(ltrim(${text}, E' \\t\\n\\r'), '{') AND ${isFiniteJson(json, text)} THEN ${json} END`;
}
