import type { DatasetKind } from '../../config/sourcesSchema.ts';

/** A mapping for the files of one load, as DuckDB's SQL. */
export interface CompiledMapping {
  readonly kind: DatasetKind;
  /**
   * A query of every row of the files, mapped: the table's columns in their order but `ingested_at`, then `reason`,
   * null for a row that is taken, and `detail`.
   */
  readonly rows: string;
  /** The column that rows are sorted by. */
  readonly sortBy: 'timestamp' | 'metric_date';
  /** The table's columns, in their order. */
  readonly columns: readonly string[];
  /** The dataset's own. */
  readonly timezone: string;
}
