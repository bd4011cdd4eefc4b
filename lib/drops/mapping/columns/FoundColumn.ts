import type { FileColumn } from '../../../parquet/FileSchema.ts';
import type { RowReason } from '../../rowReasons.ts';
import type { ColumnKind } from '../valueSql.ts';

/** A reason why a row is refused, and its SQL condition. */
export interface Refusal {
  /** The reason that the quarantine has. */
  readonly reason: RowReason;
  /** The condition, given the SQL of the raw column and of the value. */
  readonly when: (raw: string, value: string) => string;
}

/** A column of a file, or a member of a struct in it, that a mapping names. */
export interface FoundColumn {
  /** The name of the column, as the mapping has it. */
  readonly name: string;
  /** SQL that reads it from a row `src`. */
  readonly sql: string;
  /** DuckDB's type of the column, e.g. `TIMESTAMP`. */
  readonly type: string;
  /** The kind of its values, by which it is read. */
  readonly kind: ColumnKind;
  /** Whether its times are nanoseconds in the file. */
  readonly isNanoseconds: boolean;
  /** See {@link FileColumn.isUnknownBytes}. */
  readonly isUnknownBytes: boolean;
  /** Conditions for which a row is refused, whatever it is read as. */
  readonly refusals: readonly Refusal[];
  /** The column itself, or the column that has the member. */
  readonly outer: FileColumn;
}
