import { createReadStream, createWriteStream, existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { z } from 'zod';
import { ID_PREFIX, NAMELESS_EVERY } from './events.ts';
import type { Ledger } from './Ledger.ts';
import { windowFacts } from './windowFacts.ts';

/**
 * Counts of the events of windows with the same faults. `accepted` is the sum of `landed`, `quarantined`, `lost` and
 * `expired`.
 */
const kindSchema = z.object({
  /** The kind of fault, or `A + B`. */
  kind: z.string(),
  /** How often the faults struck in these windows. */
  struck: z.number(),
  /** Numbers that events were given. `sent` counts the ones that were posted. */
  planned: z.number(),
  sent: z.number(),
  /** Events that were answered 202. */
  accepted: z.number(),
  /** Events in a table, once or more often. */
  landed: z.number(),
  /** Events in quarantine and in no table. */
  quarantined: z.number(),
  /** Events that are nowhere, although they were answered 202. */
  lost: z.number(),
  /** Nowhere, because Firehose dropped them after 24 hours. */
  expired: z.number(),
  /** Rows of the tables beyond the first of an event. */
  duplicates: z.number(),
  /** Dropped by the SDK, because of the status of the answer. */
  dropped: z.number(),
  /** Events in a table or quarantine, although they were never answered 202. */
  unacknowledged: z.number(),
  /** Rows in folders that no partition names: no query finds them. */
  unreadable: z.number(),
  /** The part of `expired` that no fault at the time explains. */
  strangelyExpired: z.number(),
  /** The part of `quarantined` that is valid. */
  strangelyQuarantined: z.number(),
  /** The part of `dropped` in windows in which the gateway's own answers were not faulty. */
  strangelyDropped: z.number(),
});
/** Counts of the events of windows with the same faults. */
type ConservationOfKind = z.output<typeof kindSchema>;

/** The counts whose sums are reported. */
const TOTALS = [
  'unreadable',
  'accepted',
  'landed',
  'quarantined',
  'lost',
  'expired',
  'duplicates',
] as const satisfies readonly (keyof ConservationOfKind)[];

/** What Sluice itself says of the events of a table that were received in an hour: docs/complete.md. */
const hourSchema = z.object({
  /** The day, UTC. */
  ds: z.string(),
  /** The hour of that day, 0 to 23. */
  hour: z.int(),
  table_name: z.string(),
  accepted: z.int(),
  missing: z.int(),
  unproved: z.int(),
  state: z.string(),
  /** Why the hour is not whole; null if it is. */
  why: z.string().nullable(),
});

/** Counts of a run. */
export interface Counted {
  /** Hours in which something was accepted, and those that are not whole. */
  readonly hours: readonly z.output<typeof hourSchema>[];
  /** Events in records that Firehose dropped; an event of several requests counts for each. */
  readonly expiredCopies: number;
  /** Events of the whole run by what became of them. */
  readonly total: Readonly<Record<(typeof TOTALS)[number], number>>;
  /** The same by the kind of event. */
  readonly kinds: readonly ConservationOfKind[];
}

/**
 * Counts the events of a run: by their own numbers, in the files on disk, which DuckDB reads. No code of Sluice is used. Every fault
 * must have ended and every queue be empty, as what is on its way counts as lost.
 *
 * @param directory Of the run, with `data/`, the folder of the local cloud. DuckDB spills into `scratch/` beside it, and the file
 *   `copies.csv` is written there.
 */
export async function countEvents(directory: string, ledger: Ledger): Promise<Counted> {
  const data = join(directory, 'data');
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: join(directory, 'scratch') });
  const connection = await instance.connect();
  try {
    await createSentTables(connection, ledger);
    await createStoredTables(connection, data, ledger);
    await createExpiredTables(connection, data, join(directory, 'copies.csv'));
    await createTable(connection, 'fates', FATES_SQL);
    const kinds = await readRows(connection, KINDS_SQL, kindSchema);
    const total = Object.fromEntries(
      TOTALS.map((name) => [name, kinds.reduce((sum, kind) => sum + kind[name], 0)]),
    ) as Counted['total'];
    const [copies] = await readRows(connection, COPIES_SQL, z.object({ n: z.number() }));
    if (copies === undefined) throw new Error('count(*) has no row.');
    return { total, kinds, hours: hoursIn(data), expiredCopies: copies.n };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Makes a table of a query. */
async function createTable(connection: DuckDBConnection, name: string, sql: string): Promise<void> {
  await connection.run(`CREATE TABLE ${name} AS ${sql}`);
}

/** The rows of a query, checked by a schema. */
async function readRows<Row>(
  connection: DuckDBConnection,
  sql: string,
  schema: z.ZodType<Row>,
): Promise<readonly Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return z.array(schema).parse(reader.getRowObjectsJS());
}

/** Creates the tables of what was sent: windows, requests, and of each event whether it was accepted or dropped. */
async function createSentTables(connection: DuckDBConnection, ledger: Ledger): Promise<void> {
  const requests = `SELECT * FROM read_csv(${quote(ledger.requestsFile)}, header = true)`;
  const sent = (outcome: string) =>
    `SELECT DISTINCT unnest(range(first, first + count)) AS n FROM requests WHERE outcome = '${outcome}'`;
  await createTable(connection, 'windows', windowsSql(ledger));
  await createTable(connection, 'requests', requests);
  await createTable(connection, 'accepted', sent('accepted'));
  await createTable(connection, 'dropped', sent('dropped'));
  await createTable(
    connection,
    'posted',
    'SELECT "window", sum(count) AS sent FROM (SELECT DISTINCT "window", first, count FROM requests) GROUP BY "window"',
  );
}

/** Creates the tables of the rows on disk: in tables, in quarantine, and in files that no query reads. */
async function createStoredTables(connection: DuckDBConnection, data: string, ledger: Ledger): Promise<void> {
  const tables = filesIn(data, 's3/**/statsig_forwarded_*/**/*.parquet');
  const quarantine = filesIn(data, 's3/**/quarantine/**/*.parquet');
  const isReadable = readableIn(join(data, 's3'), ledger);
  const unreadable = (paths: readonly string[], column: string) =>
    rowsSql(
      paths.filter((path) => !isReadable(path)),
      column,
    );
  await createTable(
    connection,
    'landed',
    `SELECT n, count(*) AS times FROM (${rowsSql(tables, 'user_id')}) GROUP BY n`,
  );
  await createTable(connection, 'quarantined', `SELECT DISTINCT n FROM (${rowsSql(quarantine, 'raw')})`);
  await createTable(
    connection,
    'unreadable',
    `SELECT n, count(*) AS hidden FROM (${unreadable(tables, 'user_id')} UNION ALL ${unreadable(quarantine, 'raw')}) GROUP BY n`,
  );
}

/** Creates the tables of what Firehose dropped. @param scratch A file to be written. */
async function createExpiredTables(
  connection: DuckDBConnection,
  data: string,
  scratch: string,
): Promise<void> {
  const expired = filesIn(data, 'firehose/streams/*/expired.ndjson');
  await createTable(connection, 'copies', await copiesSql(expired, scratch));
  await createTable(
    connection,
    'expired',
    `SELECT c.n, bool_or(coalesce(w.may_expire, false)) AS explained
     FROM copies c LEFT JOIN windows w ON c.arrived >= w.since AND c.arrived < w.until GROUP BY c.n`,
  );
}

/** A row for each event that was sent or is anywhere: what is known of it. */
const FATES_SQL = `
  SELECT n, accepted.n IS NOT NULL AS accepted, dropped.n IS NOT NULL AS dropped, coalesce(times, 0) AS times,
    quarantined.n IS NOT NULL AS quarantined, coalesce(hidden, 0) AS hidden,
    expired.n IS NOT NULL AS expired, coalesce(explained, false) AS explained
  FROM accepted FULL JOIN dropped USING (n) FULL JOIN landed USING (n) FULL JOIN quarantined USING (n)
  FULL JOIN unreadable USING (n) FULL JOIN expired USING (n)`;

/** How many events there are in records that were dropped, each counted once a record. */
const COPIES_SQL = 'SELECT count(*)::DOUBLE AS n FROM (SELECT DISTINCT n, arrived FROM copies)';

/** What `received_hours` says. */
function hoursIn(data: string): Counted['hours'] {
  const lines = filesIn(data, 's3/**/received_hours/*.json').flatMap((file) =>
    readFileSync(file, 'utf8').trim().split('\n'),
  );
  return lines.map((line) => hourSchema.parse(JSON.parse(line)));
}

/** A row for each name of windows. `fate` has what became of an event; each belongs to the window of its number. */
const KINDS_SQL = `
  WITH fate AS (
    SELECT w.name, f.*,
      f.accepted AND times > 0 AS landed,
      f.accepted AND times = 0 AND f.quarantined AS aside,
      f.accepted AND times = 0 AND NOT f.quarantined AND f.expired AS gone,
      f.accepted AND times = 0 AND NOT f.quarantined AND NOT f.expired AS missing,
      w.may_expire, w.may_drop
    FROM fates f JOIN windows w ON f.n >= w.first AND f.n < w.first + w.count),
  counts AS (
    SELECT name, count(*) FILTER (accepted) AS accepted, count(*) FILTER (landed) AS landed,
      count(*) FILTER (aside) AS quarantined, count(*) FILTER (missing) AS lost, count(*) FILTER (gone) AS expired,
      sum(greatest(times - 1, 0)) AS duplicates, count(*) FILTER (dropped) AS dropped,
      count(*) FILTER (NOT accepted AND (times > 0 OR quarantined)) AS unacknowledged, sum(hidden) AS unreadable,
      count(*) FILTER (gone AND NOT may_expire AND NOT explained) AS strangelyExpired,
      count(*) FILTER (aside AND n % ${NAMELESS_EVERY} <> 0) AS strangelyQuarantined,
      count(*) FILTER (dropped AND NOT may_drop) AS strangelyDropped
    FROM fate GROUP BY name),
  names AS (
    SELECT name, sum(count) AS planned, sum(struck) AS struck, sum(coalesce(sent, 0)) AS sent
    FROM windows LEFT JOIN posted USING ("window") GROUP BY name)
  SELECT name AS kind, coalesce(COLUMNS(c -> c <> 'name'), 0)::DOUBLE
  FROM names LEFT JOIN counts USING (name) ORDER BY name`;

/** The number of an event in any text about it. */
function numberIn(text: string): string {
  return `CAST(regexp_extract(${text}, '${ID_PREFIX}(\\d+)', 1) AS BIGINT)`;
}

/** SQL of the number of each row of Parquet files. @param column A column whose text names the event. */
function rowsSql(paths: readonly string[], column: string): string {
  if (paths.length === 0) return 'SELECT NULL::BIGINT AS n WHERE false';
  return `SELECT ${numberIn(column)} AS n FROM read_parquet([${paths.map(quote)}], union_by_name = true)`;
}

/**
 * Writes the events that streams dropped to a CSV file, and returns SQL that reads it: the number of each event, and
 * when its record arrived.
 *
 * @param scratch A file to be written.
 */
async function copiesSql(paths: readonly string[], scratch: string): Promise<string> {
  const out = createWriteStream(scratch);
  out.write('n,arrived\n');
  for (const path of paths) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const { arrivedAt, base64 } = expiredSchema.parse(JSON.parse(line));
      // A record is a gzip member: ARCHITECTURE.md.
      const text = gunzipSync(Buffer.from(base64, 'base64')).toString();
      for (const [, n] of text.matchAll(NUMBERS)) out.write(`${n},${Date.parse(arrivedAt)}\n`);
    }
  }
  out.end();
  await finished(out);
  return `SELECT * FROM read_csv(${quote(scratch)}, header = true, columns = {n: 'BIGINT', arrived: 'BIGINT'})`;
}

/** A line of what the local cloud's Firehose dropped: the record's own bytes. */
const expiredSchema = z.object({ arrivedAt: z.string(), base64: z.string() });
/** Finds the numbers of events in a text. */
const NUMBERS = new RegExp(`${ID_PREFIX}(\\d+)`, 'g');

/** SQL of a row for each window of the run. */
function windowsSql(ledger: Ledger): string {
  const values = windowFacts(ledger).map(
    ({ window, name, first, count, from, until, struck, may }) =>
      `(${window}, ${quote(name)}, ${first}::BIGINT, ${count}::BIGINT, ${from}::BIGINT, ${until}::BIGINT, ${struck}::BIGINT, ${may.expire}, ${may.drop})`,
  );
  const columns = '"window", name, first, count, since, until, struck, may_expire, may_drop';
  const nothing = `(0, '', 0, 0, 0, 0, 0, false, false)`;
  return `SELECT * FROM (VALUES ${values.length === 0 ? nothing : values}) AS w(${columns}) WHERE name <> ''`;
}

/**
 * Whether a query reads the rows of a file: a partition of its day has its folder as location, below its table's.
 *
 * @param root Folder of the buckets.
 */
function readableIn(root: string, ledger: Ledger): (file: string) => boolean {
  const folders = new Set(
    ledger.partitions().flatMap(({ values, location, root: tableLocation }) => {
      const folder = location.replace(/\/*$/, '/');
      const table = tableLocation.replace(/\/*$/, '/');
      return folder.startsWith(table) && basename(folder) === values.at(0) ? [folder] : [];
    }),
  );
  return (file) => {
    const key = dirname(file)
      .slice(root.length + 1)
      .split(sep)
      .join('/');
    return folders.has(`s3://${key}/`);
  };
}

/** Paths below a folder that match a pattern; none if there is no such folder, as of a run without a fault of it. */
function filesIn(directory: string, pattern: string): string[] {
  if (!existsSync(directory)) return [];
  return globSync(pattern, { cwd: directory }).map((path) => join(directory, path));
}

/** A text as SQL has it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
