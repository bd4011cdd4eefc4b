import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { type ForwardedKind, forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { contentChangesSql, metadataChangesSql } from '../../../../observe/facts/tables/contentQueries.ts';

// Tables with the columns that the queries of contentQueries.ts read, and what these tell of rows in them.

/** The time of the queries, epoch milliseconds. */
const NOW = Date.UTC(2026, 10, 20, 12);
const config = defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id', teamID: 'team_id' } });
const hashing = defineConfig({
  bucket: 'acme',
  privacy: { redact: { 'user.userID': 'hash' }, salt: 'a salt of some length' },
});

/** The columns of text, as of any row. `#` stands for the number of a row. */
const COLUMNS = {
  event_name: 'view',
  event_value: null,
  layer_id: null,
  experiment_id: 'checkout',
  exposure_type: 'config',
  group_id: 'rule_a',
  group_name: 'Control',
  user_id: 'u#',
  stable_id: null,
  environment: 'production',
  sdk_type: 'js-client',
  sdk_version: '3.0.0',
  company_id: 'c1',
  team_id: null,
  custom_ids: null,
  reason: 'Network:Recognized',
  company_metadata: null,
} as const;

/** Rows of one kind: so many of each curated day, and those that were received within the last days. */
export interface Sent {
  /** Numbers of rows by curated day; default none. */
  readonly days?: Readonly<Record<string, number>>;
  /** A time of receipt for each row of the last days; default none. */
  readonly received?: readonly string[];
  /** The time of all events in `received`; default that of their receipt. */
  readonly time?: string;
  /** The time of day of all events in `days`; default 10:00. */
  readonly timeOfDays?: string;
  /** When all events in `days` were received; default at 10:00 of the day. */
  readonly receiptOfDays?: string;
  /** Whether their sender gives no time; default that it does. */
  readonly isUntimed?: true;
  /** Columns that are not as in any row. */
  readonly as?: Readonly<Partial<Record<keyof typeof COLUMNS, string | null>>>;
}

/** A row that a query answers, with numbers as such. */
export interface Told {
  /** What is compared, as `event`. */
  readonly part: string;
  /** How it differs, as `less`. */
  readonly kind: string;
  /** What the value is of; empty of names. */
  readonly subject: string;
  readonly value: string;
  /** The column of the ID. Default none. */
  readonly field: string | null;
  readonly label: string | null;
  /** Different times of the rows. */
  readonly times: number;
  /** Type and version of the SDK; empty or null where it is not told by sender. */
  readonly sdk: string | null;
  /** Rows, of {@link Told.of}. */
  readonly count: number;
  readonly of: number;
  /** A share, or a size as a power of ten, to three decimals. */
  readonly usual: number;
  /** As `usual`, of the last days. */
  readonly mean: number;
  /** Days before that are known. */
  readonly days: number;
  /** Since when; the newest day that had it, if its time is not known; `on` that day, if it had less than usual. */
  readonly since: string;
}

/** A row that is told, as a name of events that is gone since the last of {@link DAYS}, of 20 on a usual day. */
export const told = (row: Partial<Told>): Told => ({
  part: 'event',
  kind: 'less',
  subject: '',
  value: '',
  field: null,
  label: row.part === undefined ? COLUMNS.sdk_type : null,
  times: 0,
  sdk: null,
  count: 0,
  of: 20,
  usual: 0,
  mean: 0,
  days: 3,
  since: '2026-11-17',
  ...row,
});

/** What is new of all 14 rows of a version of an SDK. */
export const toldOfVersion = (row: Partial<Told>): Told =>
  told({
    kind: 'more',
    subject: 'js-client',
    sdk: 'js-client 3.1.0',
    count: 14,
    of: 14,
    since: MORNING,
    ...row,
  });

/** As many rows on each of some days, for {@link Sent.days}. */
export const each = (count: number, ...days: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(days.map((day) => [day, count]));
/** The curated days that are compared: the fewest of which something is told. */
export const DAYS = ['2026-11-15', '2026-11-16', '2026-11-17'];
/** Twenty rows on each of {@link DAYS}. */
export const TWENTY = each(20, ...DAYS);
/** So many times the same time, for {@link Sent.received}. */
export const at = (time: string, count: number): readonly string[] =>
  Array.from({ length: count }, () => time);
/** The time so many hours after another one. */
export const addHours = (time: string, hours: number): string =>
  new Date(Date.parse(`${time.replace(' ', 'T')}Z`) + hours * HOUR_MS)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
/** A time four hours before the queries. */
export const MORNING = '2026-11-20 08:00:00';
/** Events `view` of which twenty come each day, also today: without others nothing is told as less. */
export const views: Sent = { days: TWENTY, received: at(MORNING, 20) };

/** The queries, by what they are asked of. */
interface Queries<T> {
  readonly events: T;
  readonly exposures: T;
  /** The query of the metadata of events. */
  readonly metadata: T;
  /** That query, where user IDs are hashed. */
  readonly hashed: T;
}

/** Rows by the query that is asked of them. */
type SentTo = Partial<Queries<readonly Sent[]>>;

const columnNames = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const tablesOf = (kind: ForwardedKind) => [`sluice.curated_${kind}`, `sluice.statsig_forwarded_${kind}`];

/** Makes the tables, without rows. Functions of Trino that DuckDB lacks are macros. */
async function openTables(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run('CREATE SCHEMA sluice');
  await connection.run('CREATE MACRO regexp_like(a, b) AS regexp_matches(a, b)');
  await connection.run('CREATE MACRO to_utf8(a) AS a');
  await connection.run('CREATE MACRO json_parse(a) AS CAST(a AS JSON)');
  await connection.run('CREATE MACRO array_join(a, b) AS array_to_string(a, b)');
  await connection.run(
    "CREATE TABLE sluice.experiment_groups AS SELECT 'hero' AS experiment_id, 'autotune' AS entity",
  );
  const texts = columnNames.map((name) => `${name} VARCHAR`).join(', ');
  const times = 'received_at TIMESTAMP, "timestamp" TIMESTAMP, client_timestamp TIMESTAMP';
  for (const table of forwardedKinds.flatMap(tablesOf))
    await connection.run(`CREATE TABLE ${table} (${texts}, is_assignment BOOLEAN, ds DATE, ${times})`);
  // A query that is planned before there are rows is planned for empty tables otherwise.
  await connection.run("SET disabled_optimizers = 'statistics_propagation'");
  return connection;
}

let opened: Promise<DuckDBConnection> | undefined;
/** Queries that are planned already: to plan one takes longer than to answer it of a few rows. */
const planned = new Map<keyof SentTo, ReturnType<DuckDBConnection['prepare']>>();

async function rowsOf(connection: DuckDBConnection, query: keyof SentTo) {
  const ofMetadata = { metadata: config, hashed: hashing };
  const sql =
    query === 'metadata' || query === 'hashed'
      ? metadataChangesSql(ofMetadata[query], NOW)
      : contentChangesSql(config, query, NOW);
  const prepared = planned.get(query) ?? connection.prepare(sql);
  planned.set(query, prepared);
  return (await (await prepared).runAndReadAll()).getRowObjects();
}

/** What the queries tell of rows, those of `events` first. A query without rows is not asked. */
export async function toldOf({
  events = [],
  exposures = [],
  metadata = [],
  hashed = [],
}: SentTo): Promise<readonly Told[]> {
  opened ??= openTables();
  const connection = await opened;
  await fill(connection, 'events', [...events, ...metadata, ...hashed]);
  await fill(connection, 'exposures', exposures);
  const answers: Told[] = [];
  for (const [query, sent] of Object.entries({ events, exposures, metadata, hashed }))
    if (sent.length > 0) {
      const rows = await rowsOf(connection, query as keyof SentTo);
      answers.push(...rows.map(toldOfRow));
    }
  return answers;
}

/** A case that is asked together with others. */
export interface SentCase {
  /** Its name, which is also that of its events. */
  readonly what: string;
  readonly sent: readonly Sent[];
}

/** What is told of the numbers of events of each case, by its name. The query is asked once, of all. */
export async function toldOfCases(
  query: 'events' | 'metadata',
  cases: readonly SentCase[],
): Promise<ReadonlyMap<string, readonly Told[]>> {
  const named = cases.flatMap(({ what, sent }) =>
    sent.map((row): Sent => ({ ...row, as: { ...row.as, event_name: what } })),
  );
  const rows = await toldOf({ [query]: [views, ...named] });
  const others = rows.filter(({ kind }) => kind === 'other');
  return new Map(cases.map(({ what }) => [what, others.filter(({ subject }) => subject === what)]));
}

/** Replaces the rows of the tables of a kind. */
async function fill(connection: DuckDBConnection, kind: ForwardedKind, rows: readonly Sent[]): Promise<void> {
  for (const table of tablesOf(kind)) await connection.run(`DELETE FROM ${table}`);
  for (const row of rows) {
    const { days = {}, received = [], timeOfDays = '10:00:00' } = row;
    for (const [day, count] of Object.entries(days)) {
      const receivedAt = row.receiptOfDays ?? `${day} 10:00:00`;
      const time = `${day} ${timeOfDays}`;
      await connection.run(insertSql(`sluice.curated_${kind}`, row, { receivedAt, time, count }));
    }
    for (const [receivedAt, { length: count }] of Map.groupBy(received, (time) => time)) {
      const time = row.time ?? receivedAt;
      await connection.run(insertSql(`sluice.statsig_forwarded_${kind}`, row, { receivedAt, time, count }));
    }
  }
}

/** Inserts equal rows, but for their numbers. */
function insertSql(
  table: string,
  { as, isUntimed }: Sent,
  { receivedAt, time, count }: { readonly receivedAt: string; readonly time: string; readonly count: number },
): string {
  const all = { ...COLUMNS, ...as };
  const texts = columnNames.map((name) =>
    all[name] === null ? 'NULL' : `replace('${all[name]}', '#', CAST(i AS varchar))`,
  );
  // The day in which the collector puts a row.
  const day = `CASE WHEN TIMESTAMP '${time}' < TIMESTAMP '${receivedAt}' - INTERVAL '7' DAY THEN DATE '${receivedAt.slice(0, 10)}' ELSE DATE '${time.slice(0, 10)}' END`;
  const sentAt = isUntimed ? 'NULL' : `TIMESTAMP '${time}'`;
  return `INSERT INTO ${table} SELECT ${texts.join(', ')}, true, ${day}, TIMESTAMP '${receivedAt}', TIMESTAMP '${time}', ${sentAt} FROM range(${count}) AS t(i)`;
}

function toldOfRow(row: Readonly<Record<string, unknown>>): Told {
  const textOf = (name: string) => row[name] as string;
  const decimal = (name: string) => Number(Number(row[name]).toFixed(3));
  const [part = '', field = null] = textOf('what').split(':');
  return {
    part,
    kind: textOf('kind'),
    subject: textOf('subject'),
    value: textOf('value'),
    field,
    label: row['label'] as string | null,
    times: Number(row['times']),
    sdk: row['sdk'] as string | null,
    count: Number(row['count']),
    of: Number(row['whole']),
    usual: decimal('usual'),
    mean: decimal('mean'),
    days: Number(row['days']),
    since: (row['since'] ?? (row['fell'] === null ? row['newest'] : `on ${row['fell']}`)) as string,
  };
}
