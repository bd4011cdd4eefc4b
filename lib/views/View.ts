import { quoteName } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import type { Column } from '../tables/Table.ts';

/** A column of a view, with its expression. */
export interface ViewColumn extends Column {
  /** The expression in Athena's dialect, over the columns of the view's source. */
  readonly sql: string;
}

/** Settings that determine the views. */
export type ViewConfig = Pick<
  Config,
  'database' | 'tables' | 'curatedTables' | 'unitIds' | 'holdouts' | 'experiments'
>;

/** The names of the views. They are the same in every database. */
export type ViewName =
  | 'experiment_exposures'
  | 'first_exposures'
  | 'product_events'
  | 'secondary_exposures'
  | 'daily_exposures';

/** A view. The Glue view on AWS, the local DuckDB view and the docs are made from it. */
export interface View {
  /** The name of the view. */
  readonly name: ViewName;
  /** Describes a row. Shown next to the name; at most 255 characters (Glue's limit). */
  readonly comment: string;
  /** The columns of a row, in their order. */
  readonly columns: readonly Column[];
  /** One query in Athena's dialect. Tables are qualified with their database, so it does not depend on the session. */
  readonly sql: string;
}

/** A table's column, unchanged. */
export function passThrough({ name, type, comment }: Column): ViewColumn {
  return { name, type, comment, sql: quoteName(name) };
}

/** The list after SELECT: one expression a line, with a name unless it is just a column. */
export function selectList(columns: readonly ViewColumn[]): string {
  return columns
    .map(({ name, sql }) => (sql === quoteName(name) ? `  ${sql}` : `  ${sql} AS ${quoteName(name)}`))
    .join(',\n');
}

/**
 * The condition for rows of production, which analysts want. Events without a tier have the tier `production`, so the
 * column is never null.
 */
export const productionOnly = `"environment" = 'production'`;

/**
 * The columns by which an event's copies are sorted, ascending and nulls last, as Trino and DuckDB
 * sort: the first copy is shown. Curated tables are sorted by all of them, views by the columns before `session_id`.
 */
export const COPY_ORDER = [
  'received_at',
  'timestamp',
  'sdk_type',
  'sdk_version',
  'session_id',
  'statsig_metadata',
] as const;
