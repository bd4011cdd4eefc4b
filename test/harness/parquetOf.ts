import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { duckDb } from './duckDb.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** Files that were made in this process, by their queries and codecs: most suites are of the same few. */
const filesBySql = new Map<string, Promise<Uint8Array>>();

/** The bytes of a Parquet file with the rows of a query of DuckDB's. @param codec How its pages are compressed. */
export function parquetOf(sql: string, codec = 'snappy'): Promise<Uint8Array> {
  const key = `${codec} ${sql}`;
  const file = filesBySql.get(key) ?? writeParquet(sql, codec);
  filesBySql.set(key, file);
  return file;
}

/** Has DuckDB write the rows of a query. */
async function writeParquet(sql: string, codec: string): Promise<Uint8Array> {
  const folder = temporaryDirectory();
  try {
    const path = join(folder.path, 'made.parquet');
    await duckDb(`COPY (${sql}) TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`);
    return readFileSync(path);
  } finally {
    folder.remove();
  }
}
