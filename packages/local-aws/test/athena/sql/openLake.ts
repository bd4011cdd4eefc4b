import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { GetQueryResultsCommand } from '@aws-sdk/client-athena';
import { DuckDBInstance } from '@duckdb/node-api';
import { openStatementRunner } from '../../../src/athena/statements/openStatementRunner.ts';
import { BUCKET, runToEnd, startAthena, type submit } from '../../../src/testing/startAthena.ts';
import { temporaryDirectory } from '../../../src/testing/temporaryDirectory.ts';

/** Result of a statement. */
export interface Answer {
  readonly state: string | undefined;
  /** `reason` and the error's category and type, of one that failed. */
  readonly reason: string | undefined;
  readonly error: readonly [category: number | undefined, type: number | undefined];
  readonly kind: readonly [statement: string | undefined, substatement: string | undefined];
  readonly columns: readonly {
    readonly Name?: string | undefined;
    readonly Type?: string | undefined;
    readonly Precision?: number | undefined;
    readonly Scale?: number | undefined;
  }[];
  /** Without the header of a query or of an EXPLAIN. */
  readonly rows: readonly (readonly (string | undefined)[])[];
  readonly updateCount: number | undefined;
  readonly scannedBytes: number | undefined;
}

export const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20'] as const;

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
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const path = join(scratch.path, 'rows.parquet');
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    return (await store.put('lake', key, createReadStream(path))).size;
  };

  const ask = async (sql: string, input: Parameters<typeof submit>[2] = {}): Promise<Answer> => {
    const execution = await runToEnd(client, sql, { QueryExecutionContext: { Database: 'db' }, ...input });
    const { State: state, StateChangeReason: reason, AthenaError } = execution?.Status ?? {};
    const succeeded = state === 'SUCCEEDED';
    const results = succeeded
      ? await client.send(new GetQueryResultsCommand({ QueryExecutionId: execution?.QueryExecutionId }))
      : undefined;
    const hasHeader =
      execution?.SubstatementType === 'EXPLAIN' ||
      execution?.ResultConfiguration?.OutputLocation?.endsWith('.csv') === true;
    const all =
      results?.ResultSet?.Rows?.map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue)) ?? [];
    return {
      state,
      reason,
      error: [AthenaError?.ErrorCategory, AthenaError?.ErrorType],
      kind: [execution?.StatementType, execution?.SubstatementType],
      columns: (results?.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(
        ({ Name, Type, Precision, Scale }) => ({ Name, Type, Precision, Scale }),
      ),
      rows: hasHeader ? all.slice(1) : all,
      updateCount: results?.UpdateCount,
      scannedBytes: execution?.Statistics?.DataScannedInBytes,
    };
  };

  /** The rows of a statement that succeeds. */
  const rows = async (sql: string, input: Parameters<typeof submit>[2] = {}) => {
    const answer = await ask(sql, input);
    if (answer.state !== 'SUCCEEDED') throw new Error(`${sql}: ${answer.reason}`);
    return answer.rows;
  };

  /** Why a statement fails. */
  const failure = async (sql: string, input: Parameters<typeof submit>[2] = {}) => {
    const { state, reason, error } = await ask(sql, input);
    if (state !== 'FAILED') throw new Error(`${sql}: ${state}`);
    return { reason, error };
  };

  const sizes: number[] = [];
  for (const day of DAYS) {
    const extra = day === DAYS[0] ? '' : ", 'x' || range AS extra";
    sizes.push(
      await put(
        `events/${day}/0.parquet`,
        `SELECT range AS id, 'n' || range AS name, range * 1.5::DOUBLE AS value, TIMESTAMP '${day} 10:00:00' + INTERVAL (range) HOUR AS ts,
         ['a', 'b' || range] AS tags, {'city': 'Wien', 'zip': range::INTEGER} AS place, MAP {'k': range::INTEGER} AS attributes${extra} FROM range(10)`,
      ),
    );
  }
  await rows("CREATE DATABASE db COMMENT 'of a test'", { QueryExecutionContext: {} });
  await rows(`CREATE EXTERNAL TABLE events (
      id bigint, name string COMMENT 'of whom', value double, ts timestamp, tags array<string>,
      place struct<city:string,zip:int>, attributes map<string,int>, extra string
    ) PARTITIONED BY (ds date) STORED AS PARQUET LOCATION 's3://lake/events/'`);
  const partitions = DAYS.map((day) => `PARTITION (ds = '${day}') LOCATION 's3://lake/events/${day}/'`).join(
    ' ',
  );
  await rows(`ALTER TABLE events ADD ${partitions}`);

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
