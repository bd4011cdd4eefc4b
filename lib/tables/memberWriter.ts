import { ExactNumber } from '../base/json.ts';
import { isoTimestamp } from '../base/time.ts';
import type { Column, RowOf } from './Table.ts';

/** Writes columns of a row as JSON members, `,"user_id":"u1"`: with a comma before each, without nulls. */
export type MemberWriter<Row> = (row: Row) => string;

/**
 * Makes the writer of a run of columns. The row of a run has each of its columns: a row that lacks one does not
 * compile.
 *
 * Rows are written in runs because most of a batch repeats: columns of the user, the sender or the evaluation are written
 * once and used in every line that shares them. Nulls are omitted: absent members are null in the files, and cost nothing.
 *
 * @param configured Columns of the configuration, whose names are in the row as well. Default none.
 */
export function memberWriter<const Columns extends readonly Column[]>(
  columns: Columns,
  configured: readonly Column[] = [],
): MemberWriter<RowOf<Columns>> {
  const members = [...columns, ...configured].map(({ name, type }) => {
    return { name, opening: `,${JSON.stringify(name)}:`, isTime: type === 'timestamp' };
  });
  return (row: { readonly [column: string]: string | number | boolean | null }) => {
    let text = '';
    for (const { name, opening, isTime } of members) {
      const cell = row[name];
      if (cell === null || cell === undefined) continue;
      text += opening;
      if (isTime && typeof cell === 'number') text += `"${isoTimestamp(cell)}"`;
      else text += typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
    }
    return text;
  };
}

/**
 * Makes the writer of a run of columns whose values are written already: `,"metadata":"{\"gate\":…}"`.
 *
 * @returns A writer that takes what stands inside a JSON string: JSON as `lib/base/canonicalJson.ts` writes it, or a
 * time. Null for no value.
 */
export function textMembers<const Columns extends readonly Column[]>(
  columns: Columns,
): MemberWriter<Readonly<Record<Columns[number]['name'], string | null>>> {
  const members = columns.map(({ name }) => ({ name, opening: `,${JSON.stringify(name)}:"` }));
  return (row: { readonly [column: string]: string | null }) => {
    let text = '';
    for (const { name, opening } of members) {
      const written = row[name];
      if (written === null || written === undefined) continue;
      text += opening;
      text += written;
      text += '"';
    }
    return text;
  };
}

/** A JSON scalar as a column's text: strings as they are, numbers and booleans as JSON has them; else null. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof ExactNumber ? value.text : null;
}

/** An ID as a column's text; an empty one identifies nobody, so it is null. */
export function idText(value: unknown): string | null {
  const text = scalarText(value);
  return text === '' ? null : text;
}
