import type { RowReason } from '../rowReasons.ts';

/** A reason why rows may be refused, by the index that {@link MappedGroup.problem} returns. */
export interface RowProblem {
  /** The reason that the quarantine has. */
  readonly reason: RowReason;
  /** Which column, in words. */
  readonly detail: string;
}

/** A field that is read from a column. */
export interface MappedField {
  /** As the mapping has it. */
  readonly field: string;
  /** The name of its column; empty if the files lack it. */
  readonly column: string;
  /** Type of the column; empty if it holds no value. */
  readonly type: string;
  /** In terms of `reads`: its value as it stands in the file, as a text. */
  readonly text: string;
}

/** SQL of the whole row `src` of files as a JSON text. */
export interface RawRows {
  /** Indexes in the load of files that have the same columns. */
  readonly files: readonly number[];
  /** SQL of a text: the row with all of its columns as a JSON object. */
  readonly sql: string;
  /** Ranges of the mapped columns among the column chunks of a row group, the same in all of these files: first and end. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
}

/** Files with the same mapped columns, of the same types, and the SQL that maps their rows, in DuckDB's dialect. */
export interface MappedGroup {
  /** Indexes of the files in the load. */
  readonly files: readonly number[];
  /** Names of a row's columns, in the order of the files, if some differ from the files' own; else empty. */
  readonly names: readonly string[];
  /** The select list that is read from a row `src` of a file, each item with a unique name. */
  readonly reads: string;
  /** In terms of `reads`: the row's first problem as an index of `problems`; NULL if the row is accepted. */
  readonly problem: string;
  /** In terms of `reads`: the table's columns in order, up to `source_file`, with the same names in every group. */
  readonly columns: string;
  /** Whole rows, which differ in unmapped columns. Each file of the group is in one of them. */
  readonly raws: readonly RawRows[];
  /** Reasons why rows of these files may be refused. */
  readonly problems: readonly RowProblem[];
  /** The fields that are read, in the order of the mapping. */
  readonly fields: readonly MappedField[];
}

/** A mapping for the files of one load, for one SQL statement. */
export interface CompiledMapping {
  /** `<source>/<dataset>`, the label of refused rows. */
  readonly label: string;
  /** Prefix of a file's name that makes it a URL: `s3://<bucket>/`. */
  readonly origin: string;
  /** The columns that rows are sorted by; none: in no order. */
  readonly sortBy: readonly string[];
  /** Columns from the paths of files. The value is the same in all rows of a file. */
  readonly folders: readonly {
    /** Its name in a row `src`. */
    readonly column: string;
    /** Values by the file's index in the load; null if a file has none. */
    readonly values: readonly (string | null)[];
  }[];
  /** The files of the load, each in one group. */
  readonly groups: readonly MappedGroup[];
  /** Where a written row has its own time; null of a kind without such a time. */
  readonly ownTime: OwnTime | null;
  /** Columns of a written row whose values are names, of which there are few: rows are counted by each. */
  readonly countedColumns: readonly string[];
  /**
   * Columns of a written row that say what it is beside its time: its units, names and values; none of a kind without
   * values.
   */
  readonly digestedColumns: readonly string[];
  /** SQL of a written row's number, whose zeros are counted by name; null of a kind without. */
  readonly value: string | null;
}

/** The column of a table with a row's own time. */
export interface OwnTime {
  /** Its name: a TIMESTAMP or a DATE. */
  readonly column: string;
  /** SQL in terms of the column: the day as a DATE, NULL if it is the day of the folder. */
  readonly otherDay: string;
  /**
   * SQL in terms of the column: the hours since the day of the folder began, from -24 to 47; NULL of other times, and
   * of a DATE.
   */
  readonly hour: string;
}
