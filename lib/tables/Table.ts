import { visibleLine } from '../base/text.ts';
import type { TableKind } from '../schema/kinds.ts';
import { COMMENT_CHARACTERS } from '../schema/names.ts';

/** The Glue types of columns; https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
export type ColumnType = 'string' | 'boolean' | 'timestamp' | 'date' | 'double' | 'bigint';

/** One column. The Glue table, the schema of Parquet files, rows and docs are made from it. */
export interface Column {
  /** In lower snake case: Athena reads names in lower case. */
  readonly name: string;
  /** The type of its values in Glue. */
  readonly type: ColumnType;
  /** Shown by Athena, OWOX and Metabase next to the column; at most 255 characters (Glue's limit). */
  readonly comment: string;
}

/**
 * A comment that Glue takes, made from a text that may have names of others: it is cut, and line breaks and other
 * control characters are shown as `\n`.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html has the pattern.
 */
export function glueComment(text: string): string {
  const comment = visibleLine(text).slice(0, COMMENT_CHARACTERS);
  // The cut may go through a character of two code units.
  return comment.isWellFormed() ? comment : comment.slice(0, -1);
}

/** A table of the catalog. */
export interface Table {
  /** The kind of its rows. */
  readonly kind: TableKind;
  /** Its name in Glue. */
  readonly name: string;
  /** Describes a row; at most 255 characters (Glue's limit). */
  readonly comment: string;
  /** Its columns without the partition key: Athena refuses a table that has a column twice. */
  readonly columns: readonly Column[];
  /** The column of the day, whose value is in the name of the folder. */
  readonly partitionKey: Column;
}

/** What a value of each column type is in a row. */
interface ColumnValues {
  /** Any text. */
  readonly string: string;
  /** True or false. */
  readonly boolean: boolean;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** A floating-point number. */
  readonly double: number;
  /** A safe integer: columns of this type count events of an hour, rows of a file or copies of a row. */
  readonly bigint: number;
}

/**
 * A type for a list of columns: `unknown`, which every list is, if no two columns have the same name. Otherwise a text that
 * names the column, which no list is, so that the compiler's error has it.
 */
type Distinct<Columns extends readonly Column[]> = Columns extends readonly [
  infer First extends Column,
  ...infer Rest extends readonly Column[],
]
  ? First['name'] extends Rest[number]['name']
    ? `${First['name']} is there twice`
    : Distinct<Rest>
  : unknown;

/** Returns a list of columns. A list that has a name twice does not compile. */
export function distinctColumns<const Columns extends readonly Column[]>(
  columns: Columns & Distinct<Columns>,
): Columns {
  return columns;
}

/** The row of a list of columns: every column is present, null where there is no value. */
export type RowOf<Columns extends readonly Column[]> = {
  -readonly [C in Columns[number] as C['name']]: ColumnValues[C['type']] | null;
};
