import { ExactNumber } from '../base/json.ts';
import { isoTimestamp } from '../base/time.ts';
import type { Table } from './Table.ts';

/** A value of a column in a row; timestamps are epoch milliseconds. */
type Cell = string | number | boolean | null;

/** Part of a row: null or absent where there is no value. */
export type PartialRow = { readonly [column: string]: Cell };

/** Writes some columns of a row as JSON members, `,"user_id":"u1"`: with a comma before each, without nulls. */
export type MemberWriter = (row: PartialRow) => string;

/**
 * Makes the writer of a run of a table's columns, in the table's order: from one column up to another.
 *
 * Rows are written in runs because most of a batch repeats: columns of the user, the sender or the evaluation are written
 * once and used in every line that shares them. Nulls are omitted: absent members are null in the files, and cost nothing.
 *
 * @param from Name of the first column.
 * @param before Name of the first column of the next run. Default: up to the last column.
 * @throws RangeError when the table has no such run: a defect of the caller.
 */
export function memberWriter(table: Table, from: string, before?: string): MemberWriter {
  const start = table.columns.findIndex(({ name }) => name === from);
  const end =
    before === undefined ? table.columns.length : table.columns.findIndex(({ name }) => name === before);
  if (start < 0 || end <= start) throw new RangeError(`${table.name} has no columns ${from} … ${before}`);
  const columns = table.columns.slice(start, end).map(({ name, type }) => {
    return { name, key: `,${JSON.stringify(name)}:`, isTime: type === 'timestamp' };
  });
  return (row) => {
    let members = '';
    for (const { name, key, isTime } of columns) {
      const cell = row[name];
      if (cell === null || cell === undefined) continue;
      members += key;
      if (isTime && typeof cell === 'number') members += `"${isoTimestamp(cell)}"`;
      else members += typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
    }
    return members;
  };
}

/**
 * Makes the writer of one JSON column as a member, `,"metadata":"{\"gate\":…}"`.
 *
 * @returns Takes JSON as it stands inside a JSON string (`lib/base/canonicalJson.ts`), or null for nothing.
 * @throws RangeError when the table has no such column: a defect of the caller.
 */
export function jsonMember(table: Table, column: string): (nested: string | null) => string {
  const next = table.columns[table.columns.findIndex(({ name }) => name === column) + 1];
  const opening = memberWriter(table, column, next?.name)({ [column]: '' }).slice(0, -1);
  return (nested) => (nested === null ? '' : `${opening}${nested}"`);
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
