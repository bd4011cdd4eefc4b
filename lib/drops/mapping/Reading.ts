import type { RowReason } from '../engine/rowReasons.ts';

/** How a field is read of a row `src` of a file. */
export interface Reading {
  /** Its value; null where there is none, or where it can't be read. */
  readonly value: string;
  /** The column it comes from; null for a constant. */
  readonly column: {
    readonly name: string;
    readonly sql: string;
    /** When a row is refused for the column, whatever it is read as. */
    readonly refusals: readonly Refusal[];
  } | null;
  /** When a row is refused for it; the first that holds counts. */
  readonly refusals: readonly Refusal[];
}

/** One reason why a row is refused, and the SQL condition on which it is. */
export interface Refusal {
  readonly reason: RowReason;
  /** The condition, with the column as it is in the file and the value that was read. */
  readonly when: (raw: string, value: string) => string;
}

/** When a column has something that is no value. */
export function unreadable(reason: RowReason): Refusal {
  return { reason, when: (raw, value) => `${raw} IS NOT NULL AND ${value} IS NULL` };
}

/** A field that no row has. */
export function nothing(type: string): Reading {
  return { value: `CAST(NULL AS ${type})`, column: null, refusals: [] };
}
