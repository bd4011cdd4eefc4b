import type { Column } from '../tables/Table.ts';

/** A column of a view: what it is, as of a table's, and the expression that makes it. */
export interface ViewColumn extends Column {
  /** In Athena's dialect, over the columns of the view's source. */
  readonly sql: string;
}

/** The views, by the names they have in every database: nothing renames them. */
export type ViewName =
  | 'experiment_exposures'
  | 'first_exposures'
  | 'product_events'
  | 'secondary_exposures'
  | 'daily_exposures';

/** A view, written once: Glue's on AWS, DuckDB's locally, and the docs come from it. */
export interface View {
  readonly name: ViewName;
  /** What a row of it is; shown beside its name, at most 255 characters. */
  readonly comment: string;
  readonly columns: readonly Column[];
  /** One query in Athena's dialect, with tables named by database: no session decides what it reads. */
  readonly sql: string;
  /** Whether it has the column `ds`, and a filter on it keeps other days' files from being read. */
  readonly prunesByDay: boolean;
}
