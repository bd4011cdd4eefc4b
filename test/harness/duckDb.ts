import { DuckDBInstance } from '@duckdb/node-api';

let instance: Promise<DuckDBInstance> | undefined;

/** Runs one statement in the DuckDB of the process, in UTC, and answers its rows with texts for what JSON does not have. */
export async function duckDb(sql: string) {
  instance ??= open();
  const connection = await (await instance).connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
  }
}

/** Opens a DuckDB whose connections have the time zone UTC, whichever the machine has. */
async function open(): Promise<DuckDBInstance> {
  const opened = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await opened.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  connection.closeSync();
  return opened;
}
