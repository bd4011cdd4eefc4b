import { isoTimestamp } from '../time/isoTimestamp.ts';
import type { Table } from './Table.ts';

/** What a column may hold in a row; timestamps are epoch milliseconds. */
type Cell = string | number | boolean | null;

/** Part of a row: null or absent where there is nothing. */
export type PartialRow = { readonly [column: string]: Cell };

/** Writes some columns of a row as JSON members, `,"user_id":"u1"`: a comma before each, nulls left out. */
export type MemberWriter = (row: PartialRow) => string;

/**
 * Makes the writer of a run of a table's columns, in the table's order: from one column up to another.
 *
 * Rows are written in runs because most of a batch repeats: what comes from the user, the sender or the
 * evaluation is written once and used in every document that shares it. Nulls are left out, for a key that
 * is absent and one that is null are the same to Firehose's conversion, and absent costs nothing.
 *
 * @param from Name of the first column.
 * @param before Name of the first column that is left to the next run; default: up to the last.
 * @throws RangeError when the table has no such run: a defect of the caller.
 */
export function memberWriter(table: Table, from: string, before?: string): MemberWriter {
  const start = table.columns.findIndex(({ name }) => name === from);
  const end =
    before === undefined ? table.columns.length : table.columns.findIndex(({ name }) => name === before);
  if (start < 0 || end <= start) throw new RangeError(`${table.name} has no columns ${from} … ${before}`);
  const columns = table.columns.slice(start, end).map(({ name, type }) => ({
    name,
    key: `,${JSON.stringify(name)}:`,
    isTime: type === 'timestamp',
  }));
  return (row) => {
    let members = '';
    for (const { name, key, isTime } of columns) {
      const cell = row[name];
      if (cell === null || cell === undefined) continue;
      if (typeof cell === 'string') members += key + JSON.stringify(cell);
      else if (isTime && typeof cell === 'number') members += `${key}"${isoTimestamp(cell)}"`;
      else members += key + String(cell);
    }
    return members;
  };
}
