import { qualifiedName, quoteName, quoteText } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { forwardedTables } from '../tables/deliveredTables.ts';
import type { DayRange } from './curatedDays.ts';
import { trinoType } from './prestoView.ts';
import { COPY_ORDER, selectList, type ViewColumn } from './View.ts';

/** What names the tables of a view. */
type Tables = Pick<Config, 'database' | 'tables' | 'curatedTables' | 'unitIds'>;

/** How a view chooses its rows: from a source, by conditions. */
export interface RowChoice {
  /** SQL of the source: a table, quoted and with its database, or a query in parentheses, perhaps with an alias. */
  readonly from: string;
  /** SQL of the conditions, at least one. Each holds for all copies of an event or for none. */
  readonly where: readonly [string, ...string[]];
}

/**
 * A query with one row for each chosen event of a forwarded table.
 *
 * Of curated days, the rows whose copies do not differ are taken as they are. Where copies differ, the curated table
 * has all of them: they are searched together with the rows of other days.
 *
 * The days are literals in every branch, so that engines read neither the raw files of a curated day nor the curated
 * files of another one, and by comparing `copies_differ` they skip row groups. Columns are listed by name, because the
 * two tables have them in different places.
 */
export function oneRowEach(
  config: Tables,
  options: {
    readonly kind: ForwardedKind;
    /** Days that are read from the curated table. */
    readonly curated: readonly DayRange[];
    /** The column of the chosen rows with the name, which is equal for equal `event_id`s. */
    readonly key: string;
    /** The columns of the query, over those of the chosen rows. */
    readonly columns: readonly ViewColumn[];
    /** Chooses the rows of a source: a table, or a query in parentheses. */
    readonly choose: (from: string) => RowChoice;
  },
): string {
  const { kind, curated, key, columns, choose } = options;
  const searched = (relation: string, shown: readonly ViewColumn[]) =>
    `SELECT\n${selectList(shown)}\nFROM ${numberCopies(choose(relation), key)} AS ${quoteName(kind)}\nWHERE "copy" = 1`;
  if (curated.length === 0) return searched(qualifiedName(config, config.tables[kind]), columns);
  const listed = daysIn(curated);
  const from = qualifiedName(config, config.curatedTables[kind]);
  const names = storedColumns(config, kind);
  const single = choose(`(SELECT ${names} FROM ${from} WHERE ${listed} AND "copies_differ" = FALSE)`);
  return `${searched(bothTables(config, kind, curated, 'AND "copies_differ" = TRUE'), declared(columns))}
UNION ALL
SELECT\n${selectList(declared(columns))}\nFROM ${single.from}\nWHERE ${single.where.join(' AND ')}`;
}

/** The columns by which views order: those of {@link COPY_ORDER} before the session. */
const VIEW_ORDER = COPY_ORDER.slice(0, COPY_ORDER.indexOf('session_id'));

/**
 * A query in parentheses: chosen rows, each with its number among the rows of the same `event_id` in the column `copy`,
 * from 1, the first by {@link VIEW_ORDER}.
 *
 * Session and metadata are as large as all that a typical query reads, and neither engine leaves out a column that a
 * window is ordered by. Copies differ in these columns alone only if they were received in the same millisecond from the
 * same SDK; then either of them is the first.
 *
 * Copies are searched among the rows of one day (`ds`) and one name. A resend has the day of the event's own time, so it
 * is on the same day as the first row. A copy is on another day, and counts there again, only if the sender's clock was
 * corrected within seconds of midnight, or if the resend arrived when the event's time was no longer within `timeWindow`:
 * it is then on the day of its arrival. Searching other days would make every query read every day: a filter on a
 * column that is not in PARTITION BY is not pushed below the window, neither in Athena (Trino,
 * PredicatePushDown.visitWindow) nor in DuckDB. For the same reason the name is in PARTITION BY, although the identity
 * contains it: a filter on an experiment is then applied before copies are searched.
 *
 * @param key The column with the name: equal for equal `event_id`s.
 */
function numberCopies({ from, where }: RowChoice, key: string): string {
  const partition = ['ds', key, 'event_id'].map(quoteName).join(', ');
  const order = VIEW_ORDER.map(quoteName).join(', ');
  return `(
  SELECT *, row_number() OVER (PARTITION BY ${partition} ORDER BY ${order}) AS "copy"
  FROM ${from}
  WHERE ${where.join(' AND ')}
)`;
}

/** All rows of a forwarded table, for views to which copies make no difference: a table, or a query in parentheses. */
export function allRows(config: Tables, kind: ForwardedKind, curated: readonly DayRange[]): string {
  return curated.length === 0
    ? qualifiedName(config, config.tables[kind])
    : bothTables(config, kind, curated);
}

/** SQL of the curated rows of listed days, and of the raw rows of all others. */
function bothTables(
  config: Tables,
  kind: ForwardedKind,
  curated: readonly DayRange[],
  alsoWhere = '',
): string {
  const columns = storedColumns(config, kind);
  const listed = daysIn(curated);
  const also = alsoWhere === '' ? '' : ` ${alsoWhere}`;
  return `(
  SELECT ${columns} FROM ${qualifiedName(config, config.tables[kind])} WHERE NOT ${listed}
  UNION ALL
  SELECT ${columns} FROM ${qualifiedName(config, config.curatedTables[kind])} WHERE ${listed}${also}
)`;
}

/** Columns in their types as the view declares them: both branches of a view then have the same. */
function declared(columns: readonly ViewColumn[]): ViewColumn[] {
  return columns.map((column) => ({ ...column, sql: `CAST(${column.sql} AS ${trinoType(column.type)})` }));
}

/** The ranges that a view's text reads from a curated table; an empty list when it does not read it. */
export function rangesIn(config: Tables, kind: ForwardedKind, sql: string): readonly DayRange[] {
  const start = `FROM ${qualifiedName(config, config.curatedTables[kind])} WHERE (`;
  const at = sql.indexOf(start);
  if (at === -1) return [];
  const list = sql.slice(at + start.length, sql.indexOf(')', at + start.length));
  return [...list.matchAll(RANGE)].map(([, from = '', to = '']) => ({ from, to }));
}

/** A range of days in the SQL of a view. */
const RANGE = /"ds" BETWEEN DATE '(\d{4}-\d{2}-\d{2})' AND DATE '(\d{4}-\d{2}-\d{2})'/g;

/** SQL of days in some ranges. */
function daysIn(ranges: readonly DayRange[]): string {
  const days = ranges.map(({ from, to }) => `"ds" BETWEEN DATE ${quoteText(from)} AND DATE ${quoteText(to)}`);
  return `(${days.join(' OR ')})`;
}

/** The columns of a table with its day, as SQL lists them. */
function storedColumns(config: Tables, kind: ForwardedKind): string {
  const { columns, partitionKey } = forwardedTables(config)[kind];
  return [...columns, partitionKey].map(({ name }) => quoteName(name)).join(', ');
}
