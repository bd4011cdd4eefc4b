import { readRecords, readRows } from '../../lib/landing/frames/readLanded.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';

/** A row of a record of the landing. */
export interface RowOfRecord {
  readonly table: TableKind;
  readonly row: Record<string, unknown>;
}

/** The rows of records of the landing, which are whole. */
export function rowsOfRecord(bytes: Uint8Array): RowOfRecord[] {
  const { records, unread } = readRecords(bytes);
  for (const { error } of unread) throw error;
  return records.flatMap(({ frames }) =>
    frames.flatMap((frame) => {
      const rows = readRows(bytes, frame);
      if (rows === null) throw new Error(`a damaged frame of ${frame.table}`);
      return rows.map((row) => ({ table: frame.table, row: JSON.parse(row) }));
    }),
  );
}
