import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { addDays, DAY_MS, type UtcDay } from '../../lib/base/time.ts';
import { exposuresTable } from '../../lib/tables/exposuresTable.ts';
import { duckDbType } from '../../packages/local-aws/src/trino/index.ts';
import { benchConfig, type DayFile, FILLED } from '../exposureColumns.ts';

/** Files of a day: one every five minutes, as Firehose writes them. */
export const RAW_FILES = 288;
/** The first day of rows. */
const FIRST_DAY: UtcDay = '2026-10-20';
/** Users that the events are of. */
const USERS = 500_000;
/** Experiments that exposures are of. */
const EXPERIMENTS = 20;
/** The number of rows among which one repeats an earlier row: 5 %. */
const RESENT_OF = 20;

/**
 * Writes the raw files of days: exposures in the order in which they were received, with 5 % resends.
 *
 * @param rows Rows of a day.
 */
export async function writeRawDays(folder: string, days: number, rows: number): Promise<DayFile[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const written: DayFile[] = [];
  for (let n = 0; n < days; n += 1) {
    const day = addDays(FIRST_DAY, n);
    const path = join(folder, day);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < RAW_FILES; file += 1) {
      const [from = 0, to = 0] = [file, file + 1].map(
        (part) => n * rows + Math.floor((rows * part) / RAW_FILES),
      );
      const target = quoteText(join(path, `raw-${String(file).padStart(3, '0')}.parquet`));
      await connection.run(
        `COPY (${rowsQuery(day, n * rows, rows, [from, to])}) TO ${target} (FORMAT parquet, COMPRESSION snappy)`,
      );
    }
    written.push({ day, file: join(path, '*.parquet') });
  }
  connection.closeSync();
  instance.closeSync();
  return written;
}

/** Rows of a day by their numbers: `rows` numbers, from `first` on. */
function rowsQuery(
  day: UtcDay,
  first: number,
  rows: number,
  [from, to]: readonly [from: number, to: number],
): string {
  const columns = exposuresTable(benchConfig).columns.map(({ name, type }) => {
    const sql = name === 'received_at' ? 'received + INTERVAL 2 SECONDS' : (FILLED[name] ?? 'NULL');
    return `CAST(${sql} AS ${duckDbType(type)}) AS ${quoteName(name)}`;
  });
  const at = (number: string) =>
    `TIMESTAMP ${quoteText(day)} + to_milliseconds(CAST((${number} - ${first}) * ${DAY_MS / rows} AS BIGINT))`;
  return `SELECT ${columns.join(', ')} FROM (
    SELECT id, h, hash(id, 'user') % ${USERS} AS u, h % ${EXPERIMENTS} AS e, ${quoteText(day)} AS day,
      ${at('id')} AS happened, ${at('n')} AS received
    FROM (SELECT n, id, hash(id) % 1000000007 AS h
      FROM (SELECT n, CASE WHEN n % ${RESENT_OF} = 7 AND n - ${first} > 1000 THEN n - 1 - hash(n) % 900 ELSE n END AS id
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
