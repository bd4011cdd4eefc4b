import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { DuckDBInstance } from '@duckdb/node-api';
import { openAthena, openStatementRunner } from '../packages/local-aws/src/athena/index.ts';
import { realClock } from '../packages/local-aws/src/base/index.ts';
import { startEdge } from '../packages/local-aws/src/edge/index.ts';
import { Catalog, insertPartition } from '../packages/local-aws/src/glue/index.ts';
import { ObjectStore } from '../packages/local-aws/src/s3/index.ts';
import { listPartitionFiles, tableViewSql } from '../packages/local-aws/src/trino/index.ts';
import type { Bench, BenchRow } from './run.ts';

const DATABASE = 'sluice';
const TABLE = 'events';
const BUCKET = 'data';
const FIRST_DAY_MS = Date.UTC(2026, 9, 1);
const DAY_MS = 86_400_000;

const columns = [
  { Name: 'event_id', Type: 'string' },
  { Name: 'event_name', Type: 'string' },
  { Name: 'user_id', Type: 'string' },
  { Name: 'value', Type: 'double' },
  { Name: 'timestamp', Type: 'timestamp' },
];

/** The name of a day's folder, counted from 0. */
const dayName = (day: number) => new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);

/** Creates a table in the local S3 and Glue, with one Parquet file and one registered partition per day. */
async function makeQueryData(options: {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  /** Directory for temporary files. */
  readonly scratch: string;
  readonly days: number;
  readonly rowsPerDay: number;
}): Promise<void> {
  const { store, catalog, scratch, days, rowsPerDay } = options;
  store.createBucket(BUCKET);
  catalog.createDatabase({ Name: DATABASE });
  catalog.createTable(DATABASE, {
    Name: TABLE,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [{ Name: 'ds', Type: 'date' }],
    StorageDescriptor: storage(`s3://${BUCKET}/${TABLE}/`),
  });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (let day = 0; day < days; day += 1) {
    const name = dayName(day);
    const file = join(scratch, `${name}.parquet`);
    await connection.run(`COPY (
      SELECT md5(concat('${name}', i)) AS event_id, concat('event_', i % 50) AS event_name,
        concat('user_', hash(i) % 20000) AS user_id, CAST(i % 997 AS DOUBLE) / 7 AS value,
        TIMESTAMP '${name}' + to_microseconds(i * ${Math.floor((DAY_MS * 1_000) / rowsPerDay)}) AS "timestamp"
      FROM range(${rowsPerDay}) AS r(i)
    ) TO '${file}' (FORMAT parquet, COMPRESSION snappy)`);
    await store.put(BUCKET, `${TABLE}/${name}/rows.parquet`, readFileSync(file));
    catalog.changePartitions(DATABASE, TABLE, (table) =>
      insertPartition(
        table,
        { Values: [name], StorageDescriptor: storage(`s3://${BUCKET}/${TABLE}/${name}/`) },
        FIRST_DAY_MS,
      ),
    );
  }
  connection.closeSync();
  instance.closeSync();
}

function storage(Location: string) {
  return {
    Columns: columns,
    Location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
  };
}

const DAYS = 30;
const ROWS_PER_DAY = 100_000;
const ROUNDS = 9;
const WARM_UP_ROUNDS = 2;
/** Allowance for requests, a poll, and writing and reading a result. */
const ALLOWANCE_MS = 50;
/** First and maximum interval between polls, milliseconds: a client on the same machine slows its server while it polls. */
const FIRST_POLL_MS = 10;
const LAST_POLL_MS = 50;
const RESULTS = 'results';

/** SQL that is the same in both dialects. */
const QUERIES = {
  'one number': 'SELECT 1',
  'a count of one day': `SELECT event_name, count(*) AS n FROM ${TABLE} WHERE ds = DATE '${dayName(3)}' GROUP BY event_name`,
  'users of 30 days': `SELECT ds, count(DISTINCT user_id) AS users, sum(value) AS total FROM ${TABLE} GROUP BY ds ORDER BY ds`,
  'a join of two weeks': `SELECT a.event_name, count(*) AS n FROM ${TABLE} a JOIN ${TABLE} b ON a.event_id = b.event_id WHERE a.ds < DATE '${dayName(14)}' GROUP BY a.event_name`,
  '100,000 rows': `SELECT event_id, event_name, user_id, value, ds FROM ${TABLE} WHERE ds = DATE '${dayName(5)}'`,
} as const;

/** Milliseconds of wall-clock time, and of CPU time over all threads. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

type Ask = (sql: string) => Promise<Times>;

/** Both sides of the measurement, in one process on the same objects, and how to close them. */
async function openSides(): Promise<{
  readonly athena: Ask;
  readonly duckdb: Ask;
  readonly close: () => Promise<void>;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const scratch = join(directory, 'scratch');
  mkdirSync(scratch);
  const clock = realClock;
  const store = ObjectStore.open({ directory: join(directory, 's3'), clock });
  const catalog = Catalog.open({ directory: join(directory, 'glue'), clock });
  await makeQueryData({ store, catalog, scratch, days: DAYS, rowsPerDay: ROWS_PER_DAY });
  store.createBucket(RESULTS);
  const athena = await openAthena({
    directory: join(directory, 'athena'),
    clock,
    catalog,
    store,
    region: 'us-east-1',
    account: '000000000000',
    openRunner: (prepared) =>
      openStatementRunner({ catalog, store, prepared, clock, directory: join(directory, 'athena', 'tmp') }),
  });
  const edge = await startEdge({ services: [athena.service], clock });
  const client = new AthenaClient({
    endpoint: edge.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const view = tableViewSql(queryTable(catalog, join(directory, 's3')));
  return {
    athena: (sql) => timed(() => ask(client, sql)),
    duckdb: (sql) => askDuckDb(view, sql),
    async close() {
      client.destroy();
      await edge.close();
      await athena.close();
      store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** In a new DuckDB instance without cached files; opening it is not measured. */
async function askDuckDb(view: string, sql: string): Promise<Times> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`CREATE SCHEMA ${DATABASE}; SET search_path = '${DATABASE}'`);
  await connection.run(view);
  const times = await timed(async () => void (await connection.runAndReadAll(sql)).getRows());
  connection.closeSync();
  instance.closeSync();
  return times;
}

/** Queries like a client: submit, poll until the end, read the first page. */
async function ask(client: AthenaClient, sql: string): Promise<void> {
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: DATABASE },
      ResultConfiguration: { OutputLocation: `s3://${RESULTS}/` },
    }),
  );
  for (let wait = FIRST_POLL_MS; ; wait = Math.min(LAST_POLL_MS, wait * 1.2)) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') break;
    if (State !== 'QUEUED' && State !== 'RUNNING') throw new Error(`${sql}: ${State} ${StateChangeReason}`);
    await pause(wait);
  }
  await client.send(new GetQueryResultsCommand({ QueryExecutionId }));
}

function queryTable(catalog: Catalog, s3Directory: string): Parameters<typeof tableViewSql>[0] {
  const { input, partitions } = catalog.table(DATABASE, TABLE);
  const columns = (list: typeof input.PartitionKeys = []) =>
    list.map(({ Name, Type = 'string' }) => ({ name: Name, type: Type }));
  return {
    database: DATABASE,
    name: TABLE,
    columns: columns(input.StorageDescriptor?.Columns),
    partitionKeys: columns(input.PartitionKeys),
    partitions: partitions.map(({ values, input: { StorageDescriptor } }) => ({
      values,
      files: listPartitionFiles(s3Directory, StorageDescriptor?.Location ?? ''),
    })),
    format: 'parquet',
  };
}

async function timed(work: () => Promise<void>): Promise<Times> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1_000 };
}

function medianOf(times: readonly Times[], kind: keyof Times): number {
  return times.map((time) => time[kind]).toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/**
 * A query through the local Athena, over HTTP with the real client, compared with the same SQL in DuckDB on the same files,
 * including reading the rows. `wall_vs_duckdb` is the ratio after subtracting 50 ms: at most 1.3. `cpu_vs_duckdb` is the ratio
 * of CPU time, including the client, which other load on the machine does not change.
 */
const bench: Bench = {
  name: 'query',
  async run({ at }) {
    at(`${DAYS} days of ${ROWS_PER_DAY.toLocaleString('en-GB')} rows`);
    const { athena, duckdb, close } = await openSides();
    const rows: BenchRow[] = [];
    try {
      for (const [name, sql] of Object.entries(QUERIES)) {
        at(name);
        const through: Times[] = [];
        const direct: Times[] = [];
        for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
          // The order alternates, so that neither side always has warm caches.
          const athenaFirst = round % 2 === 0;
          const first = await (athenaFirst ? athena : duckdb)(sql);
          const second = await (athenaFirst ? duckdb : athena)(sql);
          if (round < 0) continue;
          through.push(athenaFirst ? first : second);
          direct.push(athenaFirst ? second : first);
        }
        for (const kind of ['wall', 'cpu'] as const) {
          const [ours, theirs] = [medianOf(through, kind), medianOf(direct, kind)];
          rows.push(
            { case: name, metric: `athena_${kind}_ms`, value: ours, unit: 'ms' },
            { case: name, metric: `duckdb_${kind}_ms`, value: theirs, unit: 'ms' },
            {
              case: name,
              metric: `${kind}_vs_duckdb`,
              value: Math.max(0, ours - ALLOWANCE_MS) / theirs,
              unit: 'ratio',
            },
          );
        }
      }
    } finally {
      await close();
    }
    return rows;
  },
};
export default bench;
