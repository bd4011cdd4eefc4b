import { qualifiedName, quoteText } from '../../../../lib/base/sql.ts';
import { DAY_MS, HOUR_MS, utcDay } from '../../../../lib/base/time.ts';
import type { ContentChange } from '../../../facts/tables/contentChanges.ts';
import { READ_DAYS } from '../../../facts/tables/contentQueries.ts';
import { timestampText } from '../../../facts/tables/tracedRows.ts';
import type { Place } from '../place.ts';
import { conditionsOf, namingColumns, whereAny, wordingOf } from './contentWording.ts';

/** Rows that a query answers at most. */
const MOST_ROWS = 100;

/** A renamed event may come under its new name this long before the last one of the old name. */
const OVERLAP_MS = HOUR_MS;

/**
 * A query that counts the rows of changes by the columns that their wording names. It shows when the first and the last row of
 * each group were received.
 *
 * @param changes Of one table, and with the same columns. The first one's wording says which rows are shown, and their order.
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
  const receipts = {
    none: [],
    change: [receivedFrom(began)],
    dayBefore: [receivedFrom(began - DAY_MS)],
  }[from ?? 'none'];
  const conditions = [whereAny(changes), lyingFrom(now), ...receipts];
  const table = qualifiedName(config, config.tables[first.table]);
  const groups = grouped.map((_, i) => i + 1);
  const filter = having === undefined ? '' : ` HAVING ${having}`;
  return `SELECT ${shown.join(', ')} FROM ${table} WHERE ${conditions.join(' AND ')} GROUP BY ${groups.join(', ')}${filter} ORDER BY "${order}" DESC LIMIT ${MOST_ROWS}`;
}

/**
 * A query of the new names of events, with the SDK and version that sent each last: names whose first row was received at most
 * {@link OVERLAP_MS} before the change began.
 *
 * @param changes Events that do not come any more: from any SDK, or `sdkEvent`, whose new names are those of their SDKs.
 */
export function newNamesSql(
  changes: readonly [ContentChange, ...ContentChange[]],
  { config, now }: Pick<Place, 'config' | 'now'>,
): string {
  const table = qualifiedName(config, config.tables.events);
  const began = Math.min(...changes.map(({ since }) => Date.parse(since)));
  const isNew = `min("received_at") >= ${timestampText(began - OVERLAP_MS)}`;
  const sdks = new Set(changes.flatMap(({ what, subject }) => (what === 'sdkEvent' ? [subject] : [])));
  const ofSdks = sdks.size === 0 ? '' : ` AND "sdk_type" IN (${[...sdks].map(quoteText).join(', ')})`;
  return `SELECT "event_name", count(*) AS "rows", min("received_at") AS "first", ${LAST_SENDER} FROM ${table} WHERE ${lyingFrom(now)}${ofSdks} GROUP BY 1 HAVING ${isNew} ORDER BY "rows" DESC LIMIT ${MOST_ROWS}`;
}

/** The SDK and its version that a name was received from last. */
const LAST_SENDER =
  'max_by("sdk_type", "received_at") AS "last_sdk", max_by("sdk_version", "received_at") AS "last_version"';

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

/** The condition of the days that a comparison reads at most. @param now Epoch milliseconds. */
function lyingFrom(now: number): string {
  return `"ds" >= DATE '${utcDay(now - READ_DAYS * DAY_MS)}'`;
}

/** The condition of what was received from a time on. @param time Epoch milliseconds. */
function receivedFrom(time: number): string {
  return `"received_at" >= ${timestampText(time)}`;
}
