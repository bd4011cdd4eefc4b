import { visibleLine } from '../base/text.ts';
import type { TableKind } from '../schema/kinds.ts';
import { COMMENT_CHARACTERS } from '../schema/names.ts';

/** The Glue types of columns; https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
export type ColumnType = 'string' | 'boolean' | 'timestamp' | 'date' | 'double' | 'bigint';

/** One column. The Glue table, the Parquet schema, the rows and the docs are made from it. */
export interface Column {
  /** Lower snake case: Athena folds case. */
  readonly name: string;
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

/** A table of the catalog. The partition key is not among `columns`, because Athena refuses a duplicate. */
export interface Table {
  readonly kind: TableKind;
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly Column[];
  readonly partitionKey: Column;
}

/** The values of each column type in a row: timestamps are epoch milliseconds, dates `YYYY-MM-DD`. */
export interface ColumnValues {
  string: string;
  boolean: boolean;
  timestamp: number;
  date: string;
  double: number;
  bigint: number;
}

/**
 * Is `unknown`, which demands nothing, if each name is in a list of columns once. Otherwise it is a text that says
 * which name is there twice.
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
