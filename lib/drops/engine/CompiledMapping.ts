import type { DatasetKind } from '../../config/sourcesSchema.ts';
import type { RowReason } from './rowReasons.ts';

/** Why rows may be refused, by the number that {@link MappedGroup.problem} gives. */
export interface RowProblem {
  readonly reason: RowReason;
  /** Which column, in words. */
  readonly detail: string;
}

/** The whole row `src` of files as a JSON text. */
export interface RawRows {
  /** Places of files that have the same columns. */
  readonly files: readonly number[];
  readonly sql: string;
  /** Places of the columns that are mapped of them among the column chunks of a row group: firsts and ends. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
}

/** Files of which the same columns are mapped, of the same types, and the SQL that maps their rows, in DuckDB's dialect. */
export interface MappedGroup {
  /** Places of the files in the load. */
  readonly files: readonly number[];
  /** What is read of a row `src` of a file: a select list, each item with a name of its own. */
  readonly reads: string;
  /** Of those: the number of the row's first problem, an index of `problems`; null when it is taken. */
  readonly problem: string;
  /** Of those: the table's columns in their order, up to `source_file`; named alike in every group. */
  readonly columns: string;
  /** Whole rows, whose columns differ where they are not mapped: each file of the group is in one of them. */
  readonly raws: readonly RawRows[];
  readonly problems: readonly RowProblem[];
}

/** A mapping for the files of one load: one SQL statement is made of it. */
export interface CompiledMapping {
  readonly kind: DatasetKind;
  /** `<source>/<dataset>`: what refused rows are labelled with. */
  readonly label: string;
  /** What the name of a file is put behind to make its URL: `s3://<bucket>/`. */
  readonly origin: string;
  /** The column that rows are sorted by. */
  readonly sortBy: 'timestamp' | 'metric_date';
  /** Days of rows are counted in it. */
  readonly timezone: string;
  /** Columns that files don't have, but their paths: each is the same in all rows of a file. */
  readonly folders: readonly {
    /** Its name in a row `src`. */
    readonly column: string;
    /** By place of the file in the load; null where it has none. */
    readonly values: readonly (string | null)[];
  }[];
  readonly groups: readonly MappedGroup[];
}
