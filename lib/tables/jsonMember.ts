import { memberWriter } from './memberWriter.ts';
import type { Table } from './Table.ts';

/**
 * Makes the writer of one JSON column as a member, `,"metadata":"{\"gate\":…}"`.
 *
 * @returns Takes JSON as it stands inside a JSON string (`lib/json/NestedJson`), or null for nothing.
 * @throws RangeError when the table has no such column: a defect of the caller.
 */
export function jsonMember(table: Table, column: string): (nested: string | null) => string {
  const next = table.columns[table.columns.findIndex(({ name }) => name === column) + 1];
  const opening = memberWriter(table, column, next?.name)({ [column]: '' }).slice(0, -1);
  return (nested) => (nested === null ? '' : `${opening}${nested}"`);
}
