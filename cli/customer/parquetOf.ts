import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../../lib/sql/quoteText.ts';
import { CustomerError } from './CustomerError.ts';

/** The bytes of a Parquet file with the rows of a query of DuckDB's. @throws CustomerError SLUICE_CUSTOMER_SQL_FAILED. */
export async function parquetOf(sql: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-customer-'));
  const path = join(folder, 'drop.parquet');
  try {
    const instance = await DuckDBInstance.create(':memory:', { temp_directory: folder });
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      // By itself first: what DuckDB then quotes, with the place of a mistake, is what the user has written.
      (await connection.prepare(sql).catch(refuse)).destroySync();
      await connection.run(`COPY (${sql}) TO ${quoteText(path)} (FORMAT parquet)`).catch(refuseUnquoted);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuse(error: unknown, message = error instanceof Error ? error.message : ''): never {
  throw new CustomerError('SLUICE_CUSTOMER_SQL_FAILED', message, { cause: error });
}

/** Without the line that DuckDB quotes, which is of our statement around the user's. */
function refuseUnquoted(error: unknown): never {
  return refuse(error, error instanceof Error ? error.message.replace(/\s*^LINE \d+: [\s\S]*/m, '') : '');
}
