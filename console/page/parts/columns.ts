import type { ComponentChildren } from 'preact';

/** How a column is shown: numbers stand at the right, and `mono` is for codes and keys. */
export type Kind = 'text' | 'number' | 'bytes' | 'time' | 'mono';

/** A column of a {@link DataTable}. A null is not known and shown as a dash. */
export type Column<Row> = readonly [name: string, show: (row: Row) => ComponentChildren, kind?: Kind];

/** What a table shows. */
export interface TableProps<Row> {
  /** The content of the table, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string | number;
  /** What a row shows below itself when it is unfolded. */
  readonly unfold?: (row: Row) => ComponentChildren;
  /**
   * Parameters of the address: the first one has the key of the row that is unfolded, the others belong to what it shows.
   * Default: the address does not tell, and several rows can be unfolded.
   */
  readonly params?: readonly [string, ...(readonly string[])];
  /** Called when a row is unfolded. */
  readonly onUnfold?: () => void;
}
