import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { DAY_MS, type UtcDay } from '../../lib/base/time.ts';
import { exposuresTable } from '../../lib/tables/exposuresTable.ts';
import { duckDbType } from '../../packages/local-aws/src/trino/index.ts';
import { benchConfig, FILLED } from '../exposureColumns.ts';

/** Files of a day: one every five minutes, as Firehose writes them. */
export const RAW_FILES = 288;
/** The day of the rows. */
const DAY: UtcDay = '2026-10-20';
/** Users that the events are of. */
const USERS = 500_000;
/** Experiments that exposures are of. */
const EXPERIMENTS = 20;
/** The number of rows among which one repeats an earlier row: 5 %. */
const RESENT_OF = 20;
/** Rows at the beginning of the day that repeat none: there are too few before them. */
const FIRST_SENT = 1_000;
/** Rows before a resend among which the row is that it repeats. */
const RESENT_WITHIN = 900;

/**
 * Writes the raw files of a day: exposures in the order in which they were received, with 5 % resends.
 *
 * @param folder Made when it is missing.
 * @param rows How many rows the day has.
 * @returns Paths of the files, in the order of their rows.
 */
export async function writeRawDay(folder: string, rows: number): Promise<readonly string[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (let part = 0; part < RAW_FILES; part += 1) {
    const path = join(folder, `raw-${String(part).padStart(3, '0')}.parquet`);
    const from = Math.floor((rows * part) / RAW_FILES);
    const to = Math.floor((rows * (part + 1)) / RAW_FILES);
    const query = rowsQuery(rows, { from, to });
    await connection.run(`COPY (${query}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION snappy)`);
    files.push(path);
  }
  connection.closeSync();
  instance.closeSync();
  return files;
}

/** The rows of the day with the numbers of a range. @param rows How many rows the day has. */
function rowsQuery(rows: number, { from, to }: { readonly from: number; readonly to: number }): string {
  const columns = exposuresTable(benchConfig).columns.map(({ name, type }) => {
    const sql = name === 'received_at' ? 'received + INTERVAL 2 SECONDS' : (FILLED[name] ?? 'NULL');
    return `CAST(${sql} AS ${duckDbType(type)}) AS ${quoteName(name)}`;
  });
  const at = (number: string) =>
    `TIMESTAMP ${quoteText(DAY)} + to_milliseconds(CAST(${number} * ${DAY_MS / rows} AS BIGINT))`;
  return `SELECT ${columns.join(', ')} FROM (
    SELECT id, h, hash(id, 'user') % ${USERS} AS u, h % ${EXPERIMENTS} AS e, ${quoteText(DAY)} AS day,
      ${at('id')} AS happened, ${at('n')} AS received
    FROM (SELECT n, id, hash(id) % 1000000007 AS h
      FROM (SELECT n, CASE WHEN n % ${RESENT_OF} = 7 AND n > ${FIRST_SENT} THEN n - 1 - hash(n) % ${RESENT_WITHIN} ELSE n END AS id
        FROM range(${from}, ${to}) AS numbers (n))))`;
}

/** A query by hand that curates files in one statement: the same rows, order and columns, without any checks. */
export function bareCopy(files: readonly string[], path: string): string {
  const copies = 'PARTITION BY experiment_id, event_id';
  return `COPY (SELECT * EXCLUDE (copy), false AS copies_differ, copy
    FROM (SELECT *, count(*) OVER (${copies}) AS copies, row_number() OVER (${copies} ORDER BY received_at) AS copy
      FROM read_parquet([${files.map(quoteText).join(', ')}]))
    WHERE copy = 1 ORDER BY experiment_id, "timestamp", event_id)
    TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384)`;
}
