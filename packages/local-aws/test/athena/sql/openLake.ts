import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type AthenaClient, GetQueryResultsCommand } from '@aws-sdk/client-athena';
import { DuckDBInstance } from '@duckdb/node-api';
import { openStatementRunner } from '../../../src/athena/statements/openStatementRunner.ts';
import { BUCKET, runToEnd, startAthena, type submit } from '../../../src/testing/startAthena.ts';
import { temporaryDirectory } from '../../../src/testing/temporaryDirectory.ts';

/** Result of a statement. */
interface Answer {
  /** The state in which it ended. */
  readonly state: string | undefined;
  /** Why it failed; undefined if it succeeded. */
  readonly reason: string | undefined;
  /** The failure's numbers. */
  readonly error: { readonly category: number | undefined; readonly type: number | undefined };
  /** The types that Athena reports. */
  readonly kind: { readonly statement: string | undefined; readonly substatement: string | undefined };
  /** Members of ColumnInfo. */
  readonly columns: readonly {
    readonly Name?: string | undefined;
    readonly Type?: string | undefined;
    readonly Precision?: number | undefined;
    readonly Scale?: number | undefined;
  }[];
  /** Without the header of a query or of an EXPLAIN. */
  readonly rows: readonly (readonly (string | undefined)[])[];
  /** Rows written. */
  readonly updateCount: number | undefined;
  /** Bytes read from S3. */
  readonly scannedBytes: number | undefined;
}

/** The days of the table. */
export const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20'] as const;

/** A statement's other inputs than its text. */
type Input = Parameters<typeof submit>[2];

/**
 * The local Athena over a bucket `lake` with a table `db.events` of three days, ten rows a day, in Parquet: `id` 0 to
 * 9, `name`, `value`, `ts`, `tags`, `place` and `attributes`; the first day's file lacks `extra`.
 */
export async function openLake() {
  const athena = await startAthena(openStatementRunner);
  const scratch = temporaryDirectory();
  const { store, catalog, client } = athena;
  store.createBucket('lake');

  /** Writes a query's rows (DuckDB's SQL) as an object in Parquet. @returns Its size. */
  const put = async (key: string, sql: string) => {
    const path = join(scratch.path, 'rows.parquet');
    await writeParquet(path, sql);
    return (await store.put('lake', key, createReadStream(path))).size;
  };
  const ask = (sql: string, input: Input = {}) => answerOf(client, sql, input);
  /** The rows of a statement that succeeds. */
  const rows = async (sql: string, input: Input = {}) => {
    const answer = await ask(sql, input);
    if (answer.state !== 'SUCCEEDED') throw new Error(`${sql}: ${answer.reason}`);
    return answer.rows;
  };
  /** Why a statement fails. */
  const failure = async (sql: string, input: Input = {}) => {
    const { state, reason, error } = await ask(sql, input);
    if (state !== 'FAILED') throw new Error(`${sql}: ${state}`);
    return { reason, error };
  };

  const sizes: number[] = [];
  for (const day of DAYS) sizes.push(await put(`events/${day}/0.parquet`, eventsOf(day)));
  await rows("CREATE DATABASE db COMMENT 'of a test'", { QueryExecutionContext: {} });
  await rows(CREATE_EVENTS);
  const partitions = DAYS.map((day) => `PARTITION (ds = '${day}') LOCATION 's3://lake/events/${day}/'`);
  await rows(`ALTER TABLE events ADD ${partitions.join(' ')}`);

  return {
    athena,
    store,
    catalog,
    put,
    ask,
    rows,
    failure,
    /** Bytes of each day's file. */
    sizes,
    bucket: BUCKET,
    async close() {
      await athena.close();
      scratch.remove();
    },
  };
}

/** The statement that makes the table. */
const CREATE_EVENTS = `CREATE EXTERNAL TABLE events (
    id bigint, name string COMMENT 'of whom', value double, ts timestamp, tags array<string>,
    place struct<city:string,zip:int>, attributes map<string,int>, extra string
  ) PARTITIONED BY (ds date) STORED AS PARQUET LOCATION 's3://lake/events/'`;

/** The query, in DuckDB's SQL, of the rows of a day's file. */
function eventsOf(day: (typeof DAYS)[number]): string {
  const extra = day === DAYS[0] ? '' : ", 'x' || range AS extra";
  return `SELECT range AS id, 'n' || range AS name, range * 1.5::DOUBLE AS value, TIMESTAMP '${day} 10:00:00' + INTERVAL (range) HOUR AS ts,
    ['a', 'b' || range] AS tags, {'city': 'Wien', 'zip': range::INTEGER} AS place, MAP {'k': range::INTEGER} AS attributes${extra} FROM range(10)`;
}

/** Writes the rows of DuckDB's SQL. */
async function writeParquet(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

/** Runs a statement to its end, by default in the database `db`. */
async function answerOf(client: AthenaClient, sql: string, input: Input): Promise<Answer> {
  const execution = await runToEnd(client, sql, { QueryExecutionContext: { Database: 'db' }, ...input });
  const { State: state, StateChangeReason: reason, AthenaError } = execution.Status ?? {};
  const results =
    state === 'SUCCEEDED'
      ? await client.send(new GetQueryResultsCommand({ QueryExecutionId: execution.QueryExecutionId }))
      : undefined;
  const hasHeader =
    execution.SubstatementType === 'EXPLAIN' ||
    execution.ResultConfiguration?.OutputLocation?.endsWith('.csv') === true;
  const rows =
    results?.ResultSet?.Rows?.map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue)) ?? [];
  const columns = results?.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
  return {
    state,
    reason,
    error: { category: AthenaError?.ErrorCategory, type: AthenaError?.ErrorType },
    kind: { statement: execution.StatementType, substatement: execution.SubstatementType },
    columns: columns.map(({ Name, Type, Precision, Scale }) => ({ Name, Type, Precision, Scale })),
    rows: hasHeader ? rows.slice(1) : rows,
    updateCount: results?.UpdateCount,
    scannedBytes: execution.Statistics?.DataScannedInBytes,
  };
}
