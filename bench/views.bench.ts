import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../lib/base/sql.ts';
import { exposuresTable } from '../lib/tables/exposuresTable.ts';
import { rowOf } from './measure.ts';
import type { Bench, BenchRow } from './run.ts';
import { readColumns } from './views/readColumns.ts';
import { type DayFile, openViewSession, viewConfig, writeExposureDays } from './views/viewSession.ts';

const ROWS_PER_DAY = 333_334;
/** Queries of one day whose bytes are measured: typical questions of analysts, and all columns. */
const ONE_DAY = "ds = DATE '2026-10-20'";
const QUESTIONS: Readonly<Record<string, string>> = {
  experiment_exposures: `SELECT user_id, group_id, timestamp FROM experiment_exposures WHERE experiment_id = 'experiment_7' AND ${ONE_DAY}`,
  'experiment_exposures, by country': `SELECT country, count(*) FROM experiment_exposures WHERE experiment_id = 'experiment_7' AND ${ONE_DAY} GROUP BY 1`,
  'experiment_exposures, all columns': `SELECT * FROM experiment_exposures WHERE ${ONE_DAY}`,
  secondary_exposures: `SELECT gate_id, group_id, count(DISTINCT user_id) FROM secondary_exposures WHERE ${ONE_DAY} GROUP BY 1, 2`,
  daily_exposures: `SELECT experiment_id, group_id, units FROM daily_exposures WHERE unit_type = 'user_id' AND ${ONE_DAY}`,
  'first_exposures (a day of all days)': `SELECT group_id, count(*) FROM first_exposures WHERE experiment_id = 'experiment_7' AND unit_type = 'user_id' GROUP BY 1`,
  'the table, one column': `SELECT DISTINCT experiment_id FROM statsig_forwarded_exposures WHERE ${ONE_DAY}`,
};

/** The bytes that a query of each view reads of a day. */
const bench: Bench = {
  name: 'views',
  async run({ at }) {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-views-'));
    try {
      at('a day of exposures');
      const instance = await DuckDBInstance.create(':memory:');
      const writer = await instance.connect();
      const files = await writeExposureDays(writer, exposuresTable(viewConfig), {
        folder,
        days: 1,
        rowsPerDay: ROWS_PER_DAY,
      });
      writer.closeSync();
      instance.closeSync();
      at('bytes of a day');
      return await bytesRead(files);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default bench;

/** Compressed bytes of the columns that each question reads of the first day: what Athena bills. */
async function bytesRead([day]: readonly DayFile[]): Promise<BenchRow[]> {
  if (day === undefined) return [];
  const connection = await openViewSession([day]);
  const stored = await connection.runAndReadAll(
    `SELECT path_in_schema, sum(total_compressed_size)::DOUBLE FROM parquet_metadata(${quoteText(day.file)}) GROUP BY ALL`,
  );
  const sizes = new Map(stored.getRows().map(([name, bytes]) => [String(name), Number(bytes)]));
  const rows: BenchRow[] = [];
  for (const [name, sql] of Object.entries(QUESTIONS)) {
    const columns = await readColumns(connection, sql);
    const bytes = columns.reduce((sum, column) => sum + (sizes.get(column) ?? 0), 0);
    rows.push(rowOf(name)('read_of_a_day', bytes / 1e6, 'MB'));
  }
  const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  rows.push(rowOf('the table, all columns')('read_of_a_day', all / 1e6, 'MB'));
  connection.closeSync();
  return rows;
}
