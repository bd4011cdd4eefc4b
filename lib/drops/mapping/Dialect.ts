import type { FileFailure } from '../../parquet/FileError.ts';
import type { FileColumn, FileSchema } from '../../parquet/FileSchema.ts';
import type { Cast, TimeUnit } from '../../schema/mappings.ts';
import type { RowReason } from '../rowReasons.ts';
import type { ColumnKind } from './valueSql.ts';

/** A reason why a row is refused, and its SQL condition. */
export interface Refusal {
  readonly reason: RowReason;
  /** The condition, given the SQL of the raw column and of the value. */
  readonly when: (raw: string, value: string) => string;
}

/** A column of a file, or a member of a struct in it, that a mapping names. */
export interface FoundColumn {
  /** As the mapping names it. */
  readonly name: string;
  /** SQL that reads it from a row `src`. */
  readonly sql: string;
  readonly type: string;
  readonly kind: ColumnKind;
  /** Whether its times are nanoseconds in the file. */
  readonly nanoseconds: boolean;
  /** See {@link FileColumn.untold}. */
  readonly untold: boolean;
  /** Conditions for which a row is refused, whatever it is read as. */
  readonly refusals: readonly Refusal[];
  /** The column itself, or the column that has the member. */
  readonly outer: FileColumn;
}

/**
 * The dialect of SQL that a mapping is compiled to. The mapping says which columns are read in which order, and why rows are
 * refused; a dialect says how one value is read. All parameters and results are SQL expressions unless they say otherwise.
 */
export interface Dialect {
  /** Why the engine can't read a file at all; null if it can. */
  readonly unreadFile: (file: FileSchema) => FileFailure | null;
  /**
   * Says what the engine would read instead of a column that it cannot read; null if it can read the column.
   *
   * @param columns All columns of the file.
   */
  readonly unread: (column: FileColumn, columns: readonly FileColumn[]) => string | null;
  /** A column of the row `src`. @param column Its `sqlName` is a name, not SQL. */
  readonly column: (column: FileColumn) => string;
  /** A member of a struct. @param member A name, not SQL. */
  readonly member: (struct: string, member: string) => string;
  /** Conditions for which a row is refused, whatever a column of the type is read as. */
  readonly refusals: (type: string) => readonly Refusal[];

  /** As text; NULL if bytes are not UTF-8, a number is not finite, or a time is invalid. */
  readonly text: (sql: string, kind: ColumnKind, type: string) => string;
  /** The text of a decimal that is an ID: `12.00` is `12`. */
  readonly decimalId: (sql: string, type: string) => string;
  /** The text of an ID or name in a column of JSON texts. */
  readonly jsonId: (sql: string) => string;
  /** A value in a cast, as text; NULL if it can't be converted without loss. @param column Its `sql` is finite. */
  readonly cast: (column: FoundColumn, cast: Cast) => string;
  /** A float or a time; NULL if it is not finite. Other kinds are unchanged. */
  readonly finite: (sql: string, kind: ColumnKind) => string;
  /** Whether a double or a float is neither NaN nor infinite. */
  readonly isFinite: (sql: string) => string;
  /** As a double; NULL for texts that are not a number. @param kind Of the SQL. */
  readonly double: (sql: string, kind: ColumnKind) => string;

  /** A text as a JSON string. */
  readonly quoted: (text: string) => string;
  /** A column of JSON texts as JSON without white space; NULL if it is not JSON. */
  readonly json: (sql: string) => string;
  /** The JSON object of a text without white space; NULL if it is not one. */
  readonly jsonObject: (text: string) => string;
  /** The members of an object without those that others override. @param members Keys, and the SQL of their JSON. */
  readonly membersOf: (object: string, members: readonly (readonly [key: string, json: string])[]) => string;
  /** Texts joined by commas, without those that are NULL. */
  readonly joined: (texts: readonly string[]) => string;
  /** The whole row as JSON. */
  readonly rawRow: (columns: readonly FileColumn[]) => string;

  /** Numbers since 1970 as UTC; NULL out of range. @param kind `integer`, `decimal` or `float`. */
  readonly timeOfNumber: (
    sql: string,
    kind: ColumnKind,
    unit: Exclude<TimeUnit, 'timestamp' | 'iso'>,
  ) => string;
  /** A column of times in UTC; null if it holds none. */
  readonly timeOfColumn: (column: FoundColumn, timezone: string) => string | null;
  /** Texts of TIME_FORMS in UTC; NULL for others. */
  readonly timeOfText: (text: string, timezone: string) => string;
  /** Texts in a format in UTC; NULL for others. @param text In lower case. */
  readonly timeOfFormat: (text: string, format: string, timezone: string) => string;
  /** Whether a time is before the year 1 or after the year 9999. */
  readonly isOutOfRange: (time: string) => string;
  /** The day of a time in UTC in a timezone. */
  readonly dayInZone: (time: string, timezone: string) => string;
}
