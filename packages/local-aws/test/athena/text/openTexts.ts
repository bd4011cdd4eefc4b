import { Readable } from 'node:stream';
import { GetQueryResultsCommand, InvalidRequestException, type QueryExecution } from '@aws-sdk/client-athena';
import { openStatementRunner } from '../../../src/athena/statements/openStatementRunner.ts';
import { runToEnd, startAthena } from '../../../src/testing/startAthena.ts';

/** Rows of a result, without the header of a query. Null is undefined. */
export type Rows = readonly (readonly (string | undefined)[])[];

/** The local Athena over a bucket `lake`, with an empty database `db`. */
export async function openTexts() {
  const athena = await startAthena(openStatementRunner);
  const { store, catalog, client } = athena;
  store.createBucket('lake');
  catalog.createDatabase({ Name: 'db' });

  const put = async (key: string, content: string | Uint8Array) => {
    await store.put('lake', key, Readable.from([Buffer.from(content)]));
  };

  /** The keys of the objects below a folder. */
  const keys = (prefix: string) =>
    store
      .bucket('lake')
      .list({ prefix, after: '', limit: 1_000 })
      .entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : []));

  const content = async (key: string) => Buffer.concat(await store.get('lake', key).body.toArray());

  const ask = async (sql: string) => {
    const execution: QueryExecution | undefined = await runToEnd(client, sql, {
      QueryExecutionContext: { Database: 'db' },
    }).catch((error: unknown) => {
      // A statement that cannot be parsed or is not emulated is not started.
      if (error instanceof InvalidRequestException) return { Status: { StateChangeReason: error.message } };
      throw error;
    });
    const { State: state, StateChangeReason: reason } = execution?.Status ?? {};
    if (state !== 'SUCCEEDED') return { reason: reason ?? state ?? '', rows: [], types: [] };
    const { ResultSet } = await client.send(
      new GetQueryResultsCommand({ QueryExecutionId: execution?.QueryExecutionId }),
    );
    const all = ResultSet?.Rows?.map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue)) ?? [];
    const isQuery = execution?.ResultConfiguration?.OutputLocation?.endsWith('.csv') === true;
    const types = ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Type }) => Type) ?? [];
    return { reason: undefined, rows: isQuery ? all.slice(1) : all, types };
  };

  /** The rows of a statement that succeeds. */
  const rows = async (sql: string): Promise<Rows> => {
    const answer = await ask(sql);
    if (answer.reason !== undefined) throw new Error(`${sql}: ${answer.reason}`);
    return answer.rows;
  };

  /** Why a statement fails. */
  const failure = async (sql: string): Promise<string> => {
    const { reason } = await ask(sql);
    if (reason === undefined) throw new Error(`${sql}: succeeded`);
    return reason;
  };

  let tables = 0;
  /** A table over files with this content, each under its own name. @returns Its name. */
  const table = async (
    columns: string,
    clauses: string,
    files: Readonly<Record<string, string | Uint8Array>>,
    properties = '',
  ) => {
    tables += 1;
    const name = `t${tables}`;
    for (const [file, text] of Object.entries(files)) await put(`${name}/${file}`, text);
    await rows(
      `CREATE EXTERNAL TABLE ${name} (${columns}) ${clauses} LOCATION 's3://lake/${name}/' ${properties}`,
    );
    return name;
  };

  return {
    athena,
    catalog,
    client,
    store,
    put,
    keys,
    content,
    ask,
    rows,
    failure,
    table,
    close: athena.close,
  };
}

/** The clause of OpenCSVSerDe with its defaults. */
export const OPEN_CSV = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'";
/** The clause of OpenX's JSON SerDe. */
export const OPEN_X = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'";
