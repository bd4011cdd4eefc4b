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
  /** Describes a row. Shown next to the name; at most 255 characters. */
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

/** The quoted name of a table or view, with the configured database. */
export function qualifiedName(config: Pick<Config, 'database'>, name: string): string {
  return `${quoteName(config.database)}.${quoteName(name)}`;
}

/**
 * Chooses rows of production, which analysts want. Events without a tier count as production, so the column is never
 * null.
 */
export const productionOnly = `"environment" = 'production'`;

/**
 * The order in which an event's copies are sorted, nulls last: the first copy is shown. Views and curated tables use
 * this order.
 *
 * Views order by the columns before `session_id` only. Session and metadata are as large as all that a typical query
 * reads, and neither engine leaves out a column that a window is ordered by. Copies differ only in the later columns if
 * they were received in the same millisecond from the same SDK; then views of raw rows show either of them.
 */
export const COPY_ORDER = [
  'received_at',
  'timestamp',
  'sdk_type',
  'sdk_version',
  'session_id',
  'statsig_metadata',
] as const;
/** The part of {@link COPY_ORDER} by which views order. */
const VIEW_ORDER = COPY_ORDER.slice(0, COPY_ORDER.indexOf('session_id'));

/**
 * A source without resends: of all rows with the same `event_id`, the first by {@link COPY_ORDER}.
 *
 * Copies are searched among the rows of one day (`ds`) and one name. A resend has the day of the event's own time, so it
 * is on the same day as the first row. A copy is on another day, and counts there again, only if the sender's clock was
 * corrected within seconds of midnight, or if the resend arrived after the time window had closed. Searching other days
 * would make every query read every day: a filter on a column that is not in PARTITION BY is not pushed below the window,
 * neither in Athena (Trino, PredicatePushDown.visitWindow) nor in DuckDB. For the same reason the name is in PARTITION BY,
 * although the identity contains it: a filter on an experiment is then applied before copies are searched.
 */
export function dedupeByEventId(options: {
  /** The table, quoted and with its database; or a query of it with its alias. */
  readonly from: string;
  /** The column with the name: equal for equal `event_id`s. */
  readonly key: string;
  /** Conditions on rows. Each must hold for all copies of an event or for none. */
  readonly where: readonly string[];
}): string {
  const { from, key, where } = options;
  const partition = ['ds', key, 'event_id'].map(quoteName).join(', ');
  const order = VIEW_ORDER.map(quoteName).join(', ');
  return `(
  SELECT *, row_number() OVER (PARTITION BY ${partition} ORDER BY ${order}) AS "copy"
  FROM ${from}
  WHERE ${where.join(' AND ')}
)`;
}
