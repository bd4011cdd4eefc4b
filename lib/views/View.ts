import { quoteName } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
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

/** A table's column as it is. */
export function passThrough({ name, type, comment }: Column): ViewColumn {
  return { name, type, comment, sql: quoteName(name) };
}

/** What stands behind SELECT: an expression a line, named only where it is more than the column itself. */
export function selectList(columns: readonly ViewColumn[]): string {
  return columns
    .map(({ name, sql }) => (sql === quoteName(name) ? `  ${sql}` : `  ${sql} AS ${quoteName(name)}`))
    .join(',\n');
}

/** A table or view of the configured database as views name it: always with its database. */
export function qualifiedName(config: Pick<Config, 'database'>, name: string): string {
  return `${quoteName(config.database)}.${quoteName(name)}`;
}

/** The tier that analysts mean; an event without one has it, so the column is never null. */
export const productionOnly = `"environment" = 'production'`;

/**
 * A source without resends: of the rows with the same `event_id` the one that was received first.
 *
 * Copies are looked for among the rows of one day (`ds`) and one name. A resend has its day from the event's own time,
 * so it lies beside the first; only where the sender's clock was corrected within seconds of midnight, or a resend came
 * after the time window had closed, does a copy lie on another day and count there again. To look there, too, would
 * make every query read every day: a filter on a column that isn't among those of PARTITION BY can't pass below the
 * window, in Athena (Trino, PredicatePushDown.visitWindow) as in DuckDB. That is also why the name is there, which the
 * identity holds anyway: with it a filter on an experiment is applied before copies are looked for, not after.
 *
 * Of copies received in the same millisecond either is shown. They tell of one event and can differ only in what the SDK
 * says of itself, which would have to be read by every query to order by it: as many bytes as all else together.
 *
 * @param from The table, quoted and with its database; or a query of it with its alias.
 * @param key The column with the name: equal for equal `event_id`s.
 * @param where Conditions on rows, each of which all copies meet or none.
 */
export function dedupeByEventId(options: {
  readonly from: string;
  readonly key: string;
  readonly where: readonly string[];
}): string {
  const { from, key, where } = options;
  const partition = ['ds', key, 'event_id'].map(quoteName).join(', ');
  return `(
  SELECT *, row_number() OVER (PARTITION BY ${partition} ORDER BY "received_at") AS "copy"
  FROM ${from}
  WHERE ${where.join(' AND ')}
)`;
}
