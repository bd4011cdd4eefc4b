import { LandedObject } from '../../lib/landing/lines/LandedObject.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';

/** A row of a record of the landing. */
interface RowOfRecord {
  /** The table that the row is for. */
  readonly table: TableKind;
  /** With its day as `ds`. */
  readonly row: Record<string, unknown>;
}

/** The rows of records of the landing, which are whole. */
export function rowsOfRecord(bytes: Uint8Array): RowOfRecord[] {
  const object = new LandedObject(bytes);
  const rows = [...object.rows()].map(({ kind, day, json }) => ({
    table: kind,
    row: { ...JSON.parse(json), ds: day },
  }));
  if (object.skipped.count > 0) throw new RangeError(JSON.stringify(object.skipped.ranges));
  return rows;
}
