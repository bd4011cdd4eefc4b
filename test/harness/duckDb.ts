import { DuckDBInstance } from '@duckdb/node-api';

/** Runs one statement in a DuckDB of its own, and answers its rows with texts for what JSON does not have. */
export async function duckDb(sql: string) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
