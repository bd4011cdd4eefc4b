import { quoteName, quoteText } from '../../base/sql.ts';
import { SORTED_BY, sortedQuery, writeTableStatement } from '../../parquet/tableFile.ts';
import { sdkColumns, senderMetadataColumn } from '../../tables/sharedColumns.ts';
import { COPY_ORDER } from '../../views/View.ts';
import { type CuratedTable, copyColumns } from '../curatedTables.ts';

/** How staged rows are written. They are read once; larger row groups would be held in memory for every lane. */
const STAGED = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 8192';

/** The identity of an event, next to its day and name. */
export const IDENTITY = quoteName('event_id');
/** A name with a space, which no table's column has. */
const LANE = quoteName('curated lane');

/**
 * Columns in which copies may differ and still are the same event: they describe the request, not the event. Copies are
 * sorted by each of them, so that the first is the same in every run.
 */
const SENDER: ReadonlySet<string> = new Set<(typeof COPY_ORDER)[number]>([
  'received_at',
  ...[senderMetadataColumn, ...sdkColumns].map(({ name }) => name),
]);

/** The rows of a slice. All copies of an event are in the same slice. */
export function ofSlice(
  query: string,
  { slices, slice }: { readonly slices: number; readonly slice: number },
): string {
  if (slices === 1) return query;
  return `SELECT * FROM (${query}) WHERE md5_number_lower(COALESCE(${IDENTITY}, '')) % ${slices} = ${slice}`;
}

/**
 * A query that counts the names of some rows of a query: `name`, `rows`. Either all copies of an event are counted, or
 * none. Names with a zero character are left out, as the text of a statement can't have such a character.
 *
 * @param each One of so many events is counted.
 */
export function namesStatement({ shared }: CuratedTable, from: string, each: number): string {
  return `SELECT ${shared} AS name, count(*) AS rows FROM (${from})
    WHERE ${shared} IS NOT NULL AND NOT contains(${shared}, chr(0)) AND hash(${IDENTITY}) % ${each} = 0 GROUP BY ALL ORDER BY ALL`;
}

/**
 * The statement that writes the rows of a query to a file a lane: `<folder>/<lane folder>/*.parquet`.
 */
export function stageStatement({
  query,
  lane,
  folder,
}: {
  /** The query whose rows are written. */
  readonly query: string;
  /** An expression for the lane of a row. */
  readonly lane: string;
  /** Path of the folder of the batch. */
  readonly folder: string;
}): string {
  return `COPY (SELECT *, ${lane} AS ${LANE} FROM (${query})) TO ${quoteText(folder)} (${STAGED}, PARTITION_BY (${LANE}))`;
}

/** The folder of a lane in the folder of a batch, as DuckDB writes the name of its column. */
export function laneFolder(lane: number): string {
  return `curated%20lane=${lane}`;
}

/** A query of Parquet files. */
export function filesQuery(files: readonly string[]): string {
  return `SELECT * FROM read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false)`;
}

/** The events that a query has several rows of, and these rows: temporary tables of the session. */
const EVENTS = '"events with copies"';
const COPIES = '"copies of events"';
/** The rows that are kept of the version before. */
const KEPT = '"kept rows"';

/**
 * Statements that find the events of a query that have several rows, for {@link rowsQuery} and {@link differingQuery}.
 *
 * Most events have one row, which is written without any more work. For the other events each column is checked for
 * whether the smallest and the largest value are equal, which needs no memory for lists of rows.
 */
export function copiesStatements({ shared, raw }: CuratedTable, from: string): string[] {
  const compared = raw.filter((column) => !SENDER.has(column.name)).map((column) => quoteName(column.name));
  const differ = compared.map(
    (column) => `min(${column}) IS DISTINCT FROM max(${column}) OR count(${column}) NOT IN (0, count(*))`,
  );
  // The columns that copies differ in come last, so that the order of copies is always the same.
  const order = [...new Set([...COPY_ORDER.map(quoteName), ...compared])].map(
    (column) => `${column} NULLS LAST`,
  );
  return [
    `CREATE OR REPLACE TEMP TABLE ${EVENTS} AS SELECT ${shared} AS k, ${IDENTITY} AS i, count(*) AS n FROM (${from}) GROUP BY ALL HAVING count(*) > 1`,
    `CREATE OR REPLACE TEMP TABLE ${COPIES} AS SELECT *, row_number() OVER (PARTITION BY ${shared}, ${IDENTITY} ORDER BY ${order.join(', ')}) AS copy
      FROM (${from}) AS r SEMI JOIN ${EVENTS} AS e ON ${shared} IS NOT DISTINCT FROM e.k AND r.${IDENTITY} IS NOT DISTINCT FROM e.i`,
    `CREATE OR REPLACE TEMP TABLE ${EVENTS} AS SELECT ${shared} AS k, ${IDENTITY} AS i, count(*) AS n, ${differ.join(' OR ')} AS differ
      FROM ${COPIES} GROUP BY ALL`,
  ];
}

/**
 * The raw rows of a query that also has rows of the version before. Those say which copy they are, so `copies` is not
 * null.
 */
export function rawOf({ raw }: CuratedTable, from: string): string {
  const columns = raw.map(({ name }) => quoteName(name)).join(', ');
  return `SELECT ${columns} FROM (${from}) WHERE copies IS NULL`;
}

/**
 * Finds the rows that are kept of the version before in such a query: those whose event has no raw row. They stay as
 * they are.
 */
export function keptStatement(table: CuratedTable, from: string): string {
  const { raw, shared } = table;
  const columns = [...raw, ...copyColumns].map(({ name }) => quoteName(name)).join(', ');
  return `CREATE OR REPLACE TEMP TABLE ${KEPT} AS SELECT ${columns} FROM (${from}) AS r
    ANTI JOIN (SELECT DISTINCT ${shared} AS k, ${IDENTITY} AS i FROM (${rawOf(table, from)})) AS e
    ON ${shared} IS NOT DISTINCT FROM e.k AND r.${IDENTITY} IS NOT DISTINCT FROM e.i WHERE copies IS NOT NULL`;
}

/** After {@link keptStatement}: how many rows are kept. */
export const countKeptStatement = `SELECT count(*) AS kept, count(*) FILTER (copies_differ) AS differing FROM ${KEPT}`;

/** After {@link keptStatement}: the rows that are kept, those with differing copies or the others. */
export function keptQuery(isDiffering: boolean): string {
  return `SELECT * FROM ${KEPT} WHERE ${isDiffering ? '' : 'NOT '}copies_differ`;
}

/** After {@link copiesStatements}: rows that repeat another, and rows of events whose copies differ. */
export const countCopiesStatement = `SELECT COALESCE(sum(n - 1) FILTER (NOT differ), 0) AS resends, COALESCE(sum(n) FILTER (differ), 0) AS differing FROM ${EVENTS}`;

/** After {@link copiesStatements}: one row an event, without the events whose copies differ. */
export function rowsQuery({ shared, raw }: CuratedTable, from: string): string {
  const columns = raw.map(({ name }) => `r.${quoteName(name)}`).join(', ');
  const same = `${shared} IS NOT DISTINCT FROM e.k AND r.${IDENTITY} IS NOT DISTINCT FROM e.i`;
  return `SELECT ${columns}, CAST(1 AS BIGINT) AS copies, false AS copies_differ, CAST(1 AS BIGINT) AS copy
      FROM (${from}) AS r ANTI JOIN ${EVENTS} AS e ON ${same}
    UNION ALL SELECT ${columns}, e.n, false, r.copy FROM ${COPIES} AS r JOIN ${EVENTS} AS e ON ${same}
    WHERE r.copy = 1 AND NOT e.differ`;
}

/** After {@link copiesStatements}: all rows of the events whose copies differ. */
export function differingQuery({ shared, raw }: CuratedTable): string {
  const columns = raw.map(({ name }) => `r.${quoteName(name)}`).join(', ');
  return `SELECT ${columns}, e.n AS copies, true AS copies_differ, r.copy FROM ${COPIES} AS r
    JOIN ${EVENTS} AS e ON ${shared} IS NOT DISTINCT FROM e.k AND r.${IDENTITY} IS NOT DISTINCT FROM e.i WHERE e.differ`;
}

/** Writes rows as they are, to be read again. */
export function keepStatement(from: string, path: string): string {
  return `COPY (${from}) TO ${quoteText(path)} (${STAGED})`;
}

/**
 * Writes rows as a curated file: sorted by name, time and identity, in the columns of the table.
 */
export function writeStatement(table: CuratedTable, from: string, path: string): string {
  const sorted = sortedQuery(from, [...SORTED_BY[table.kind], 'copy']);
  return writeTableStatement(table.columns, `(${sorted})`, path);
}
