import {
  closeSync,
  copyFileSync,
  createReadStream,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openStatementRunner } from '../packages/local-aws/src/athena/index.ts';
import { realClock } from '../packages/local-aws/src/base/index.ts';
import { Catalog } from '../packages/local-aws/src/glue/index.ts';
import { ObjectStore } from '../packages/local-aws/src/s3/index.ts';
import type { Bench, BenchRow } from './run.ts';

const DATABASE = 'sluice';
const BUCKET = 'data';
const TARGET_ROWS = 5_000_000;
const SOURCE_ROWS = 100_000;
const ROUNDS = 7;
const WARM_UP_ROUNDS = 1;
const CASE = '100,000 rows into 5,000,000';

const COLUMNS = [
  { Name: 'event_id', Type: 'bigint' },
  { Name: 'user_id', Type: 'string' },
  { Name: 'event_name', Type: 'string' },
  { Name: 'value', Type: 'double' },
  { Name: 'timestamp', Type: 'timestamp' },
] as const;

/** Rows in DuckDB's SQL. */
const TARGET = `SELECT i AS event_id, concat('user_', hash(i) % 200000) AS user_id, concat('event_', i % 50) AS event_name,
  CAST(i % 997 AS DOUBLE) / 7 AS value, TIMESTAMP '2026-10-01' + to_microseconds(i * 500000) AS "timestamp" FROM range(${TARGET_ROWS}) AS r(i)`;
/** Half of them match a row of the target, anywhere in it. */
const SOURCE = `SELECT DISTINCT ON (event_id) CAST(if(i % 2 = 0, hash(i) % ${TARGET_ROWS}, ${TARGET_ROWS} + i) AS BIGINT) AS event_id,
  concat('user_', i) AS user_id, 'changed' AS event_name, CAST(i AS DOUBLE) AS value, TIMESTAMP '2026-11-20' AS "timestamp" FROM range(${SOURCE_ROWS}) AS r(i)`;

/** The same in both dialects. Two of five columns are updated, so the other three are read. */
const MERGE = `MERGE INTO target AS t USING source AS s ON t.event_id = s.event_id
  WHEN MATCHED THEN UPDATE SET value = s.value, "timestamp" = s."timestamp"
  WHEN NOT MATCHED THEN INSERT (event_id, user_id, event_name, value, "timestamp")
  VALUES (s.event_id, s.user_id, s.event_name, s.value, s."timestamp")`;

/** Milliseconds of wall-clock time, and of CPU time over all threads. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

async function timed(work: () => Promise<unknown>): Promise<Times> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1_000 };
}

/** Both sides, in one process. Each call merges into the table as it was at first. */
async function openSides() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const clock = realClock;
  const store = ObjectStore.open({ directory: join(directory, 's3'), clock });
  const catalog = Catalog.open({ directory: join(directory, 'glue'), clock });
  store.createBucket(BUCKET);
  catalog.createDatabase({ Name: DATABASE });
  const own = join(directory, 'own.duckdb');
  const instance = await DuckDBInstance.create(own);
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE target AS ${TARGET}; CREATE TABLE source AS SELECT * FROM (${SOURCE}); CHECKPOINT`,
  );
  for (const name of ['target', 'source']) {
    const path = join(directory, `${name}.parquet`);
    await connection.run(`COPY ${name} TO '${path}' (FORMAT parquet)`);
    const folder = name === 'source' ? 'source' : 'raw';
    await store.put(BUCKET, `${folder}/rows.parquet`, createReadStream(path));
    catalog.createTable(DATABASE, {
      Name: folder,
      TableType: 'EXTERNAL_TABLE',
      PartitionKeys: [],
      StorageDescriptor: {
        Columns: [...COLUMNS],
        Location: `s3://${BUCKET}/${folder}/`,
        InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
        OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    });
  }
  connection.closeSync();
  instance.closeSync();
  const scratch = join(directory, 'tmp');
  mkdirSync(scratch);
  const prepared = { find: () => undefined, put: () => {}, remove: () => false };
  const runner = await openStatementRunner({ catalog, store, prepared, clock, directory: scratch });
  let executions = 0;
  const run = async (sql: string) => {
    executions += 1;
    const result = await runner.run(sql, {
      catalog: 'AwsDataCatalog',
      database: DATABASE,
      parameters: [],
      executionId: String(executions),
      outputLocation: `s3://${BUCKET}/results/`,
      workGroup: 'primary',
      onCall: () => {},
      signal: new AbortController().signal,
    });
    for await (const _ of result.rows);
    return result.updateCount;
  };
  const columns = COLUMNS.map(({ Name, Type }) => `\`${Name}\` ${Type}`).join(', ');
  await run(
    `CREATE TABLE target (${columns}) LOCATION 's3://${BUCKET}/target/' TBLPROPERTIES ('table_type' = 'ICEBERG')`,
  );
  await run('INSERT INTO target SELECT * FROM raw');
  const first = catalog.table(DATABASE, 'target').input;
  let copies = 0;
  return {
    async athena() {
      // The table's first metadata: what the merge before has changed is gone.
      catalog.updateTable(DATABASE, first);
      let changed: number | undefined;
      const start = Date.now();
      const times = await timed(async () => {
        changed = await run(MERGE);
        for (const folder of ['s3', 'glue']) syncFiles(join(directory, folder), start);
      });
      return { times, changed };
    },
    async duckdb() {
      copies += 1;
      const copy = join(directory, `${copies}.duckdb`);
      copyFileSync(own, copy);
      const other = await DuckDBInstance.create(copy);
      const session = await other.connect();
      let changed: number | undefined;
      const times = await timed(async () => {
        changed = Number((await session.runAndReadAll(MERGE)).getRowsJS()[0]?.[0]);
      });
      session.closeSync();
      other.closeSync();
      rmSync(copy);
      return { times, changed };
    },
    async close() {
      await runner.close();
      store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Has the disk keep the files that were written since a time, as DuckDB does when it commits: the object store doesn't. */
function syncFiles(folder: string, since: number): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || statSync(path).mtimeMs < since) continue;
    const file = openSync(path, 'r');
    fsyncSync(file);
    closeSync(file);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/**
 * MERGE of 100,000 rows into 5,000,000 of an Iceberg table by the statement runner, compared with DuckDB's MERGE of the same
 * into its own table on disk, each into the table as it was at first and until the change is on disk. `wall_vs_duckdb` and `cpu_vs_duckdb` are at most 1.5.
 * CPU time is over all threads: other load on the machine changes the wall-clock time, and hardly that.
 */
const bench: Bench = {
  name: 'merge',
  async run({ at }) {
    at('the tables');
    const { athena, duckdb, close } = await openSides();
    const ours: Times[] = [];
    const theirs: Times[] = [];
    try {
      for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
        // The order alternates, so that neither side always has warm caches.
        const sides = round % 2 === 0 ? [athena, duckdb] : [duckdb, athena];
        at(round < 0 ? 'warm-up' : `${CASE}, round ${round + 1} of ${ROUNDS}`);
        const changed: (number | undefined)[] = [];
        for (const side of sides) {
          const result = await side();
          changed.push(result.changed);
          if (round >= 0) (side === athena ? ours : theirs).push(result.times);
        }
        if (changed[0] !== changed[1]) throw new Error(`The sides change ${changed.join(' and ')} rows.`);
      }
    } finally {
      await close();
    }
    return (['wall', 'cpu'] as const).flatMap((kind): BenchRow[] => {
      const [own, other] = [median(ours.map((time) => time[kind])), median(theirs.map((time) => time[kind]))];
      return [
        { case: CASE, metric: `athena_${kind}_ms`, value: own, unit: 'ms' },
        { case: CASE, metric: `duckdb_${kind}_ms`, value: other, unit: 'ms' },
        { case: CASE, metric: `${kind}_vs_duckdb`, value: own / other, unit: 'ratio' },
      ];
    });
  },
};
export default bench;
