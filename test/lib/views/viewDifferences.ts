import { quoteName } from '../../../lib/base/sql.ts';
import type { View } from '../../../lib/views/View.ts';
import { EITHER_ID } from './generateDays.ts';

/** Columns whose value may come from either copy, if the copies differ in nothing else. */
const OF_EITHER: ReadonlySet<string> = new Set('session_id statsig_metadata locale app_version'.split(' '));

/**
 * A query of how many rows a view has, and how many different rows it and another do not have equally often. DuckDB and
 * Trino take it.
 *
 * @param one SQL of what is queried, such as the view's name.
 */
export function viewDifferences({ columns }: Pick<View, 'columns'>, view: string, other: string): string {
  const names = columns.map((column) => quoteName(column.name)).join(', ');
  return `SELECT sum("of_one"), count_if("of_one" <> "of_other") FROM (
  SELECT count_if("side" = 1) AS "of_one", count_if("side" = 2) AS "of_other"
  FROM (
    ${comparable(columns, 1)} FROM ${view} AS "one"
    UNION ALL
    ${comparable(columns, 2)} FROM ${other} AS "other"
  ) AS "both"
  GROUP BY ${names}
) AS "counted"`;
}

/** Begins a query of rows, as far as they are the same in every query. */
function comparable(columns: View['columns'], side: number): string {
  const hasId = columns.some(({ name }) => name === 'event_id');
  const shown = columns.map(({ name }) => {
    const quoted = quoteName(name);
    if (!hasId || !OF_EITHER.has(name)) return quoted;
    return `CASE WHEN COALESCE("event_id" NOT LIKE '${EITHER_ID}%', TRUE) THEN ${quoted} END AS ${quoted}`;
  });
  return `SELECT ${side} AS "side", ${shown.join(', ')}`;
}
