import type { TableKind } from '../schema/kinds.ts';

/** Glue types we use; https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
export type ColumnType = 'string' | 'boolean' | 'timestamp' | 'date' | 'double' | 'bigint';

/** One column, written once: the Glue table, the Parquet schema, the rows and the docs come from it. */
export interface Column {
  /** Lower snake case: Athena folds case. */
  readonly name: string;
  readonly type: ColumnType;
  /** Shown by Athena, OWOX and Metabase beside the column; at most 255 characters (Glue's limit). */
  readonly comment: string;
}

/** A table as it is in the catalog: the partition key is never among `columns` (Athena refuses a duplicate). */
export interface Table {
  readonly kind: TableKind;
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly Column[];
  readonly partitionKey: Column;
}

/** What a column of a type holds in a row: timestamps are epoch milliseconds, dates `YYYY-MM-DD`. */
export interface ColumnValues {
  string: string;
  boolean: boolean;
  timestamp: number;
  date: string;
  double: number;
  bigint: number;
}

/** The row of a list of columns: every column present, null where there is nothing. */
export type RowOf<Columns extends readonly Column[]> = {
  -readonly [C in Columns[number] as C['name']]: ColumnValues[C['type']] | null;
};
