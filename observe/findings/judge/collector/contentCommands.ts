import { qualifiedName } from '../../../../lib/base/sql.ts';
import { DAY_MS, HOUR_MS, utcDay } from '../../../../lib/base/time.ts';
import type { ContentChange } from '../../../facts/tables/contentChanges.ts';
import { READ_DAYS } from '../../../facts/tables/contentQueries.ts';
import { timestampText } from '../../../facts/tables/tracedRows.ts';
import type { Place } from '../place.ts';
import { conditionsOf, namingColumns, whereAny, wordingOf } from './contentWording.ts';

/** Rows that a query answers at most. */
const MOST_ROWS = 100;

/**
 * A query of the rows that changes are of, counted by the columns of their wording, with when the first and the last were received.
 *
 * @param changes Of one table and one wording.
 */
export function changedRowsSql(
  changes: readonly [ContentChange, ...ContentChange[]],
  { config, now }: Pick<Place, 'config' | 'now'>,
): string {
  const [first] = changes;
  const { columns, example, exampleBy, counted, from, having, order = 'last' } = wordingOf(first);
  const began = Math.min(...changes.map(({ since }) => Date.parse(since)));
  const isOfSeveral = conditionsOf(changes).length > 1;
  const told = [...new Set([...(isOfSeveral ? changes.flatMap(namingColumns) : []), ...columns])];
  const grouped = from === 'dayBefore' ? [...told, `${receivedFrom(began)} AS "is_since"`] : told;
  const shown = [
    ...grouped,
    ...exampleColumn(example, exampleBy),
    ...(counted === undefined ? [] : [counted]),
    ...COUNTED,
  ];
  const rows = {
    none: [],
    change: [receivedFrom(began)],
    dayBefore: [receivedFrom(began - DAY_MS)],
  }[from ?? 'none'];
  const conditions = [whereAny(changes), lyingFrom(now), ...rows];
  const table = qualifiedName(config, config.tables[first.table]);
  const groups = grouped.map((_, i) => i + 1);
  const only = having === undefined ? '' : ` HAVING ${having}`;
  return `SELECT ${shown.join(', ')} FROM ${table} WHERE ${conditions.join(' AND ')} GROUP BY ${groups.join(', ')}${only} ORDER BY "${order}" DESC LIMIT ${MOST_ROWS}`;
}

/** A query of the names of events that came first since about when another name did not come any more. */
export function newNamesSql(
  { since }: ContentChange,
  { config, now }: Pick<Place, 'config' | 'now'>,
): string {
  const table = qualifiedName(config, config.tables.events);
  const isNew = `min("received_at") >= ${timestampText(Date.parse(since) - HOUR_MS)}`;
  return `SELECT "event_name", "sdk_type", "sdk_version", count(*) AS "rows", min("received_at") AS "first" FROM ${table} WHERE ${lyingFrom(now)} GROUP BY 1, 2, 3 HAVING ${isNew} ORDER BY "rows" DESC LIMIT ${MOST_ROWS}`;
}

/** What is shown of each group of rows. */
const COUNTED = [
  'count(*) AS "rows"',
  'min("received_at") AS "first"',
  'max("received_at") AS "last"',
] as const;

/** The column with an example; none of a wording without one. */
function exampleColumn(example: string | undefined, by: string | undefined): readonly string[] {
  if (example === undefined) return [];
  return [by === undefined ? `max(${example}) AS "example"` : `max_by(${example}, ${by}) AS "example"`];
}

/** The condition of the days that were compared. @param now Epoch milliseconds. */
function lyingFrom(now: number): string {
  return `"ds" >= DATE '${utcDay(now - READ_DAYS * DAY_MS)}'`;
}

/** The condition of what was received from a time on. @param time Epoch milliseconds. */
function receivedFrom(time: number): string {
  return `"received_at" >= ${timestampText(time)}`;
}
