import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../lib/base/sql.ts';
import { exposuresTable } from '../lib/tables/exposuresTable.ts';
import { type Cost, rowOf, runOnce } from './measure.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';
import { readScans } from './views/readScans.ts';
import type { QueryAnswer, QueryJob } from './views/timeQuery.ts';
import { type DayFile, openViewSession, viewConfig, writeExposureDays } from './views/viewSession.ts';

const DAYS = { usual: 6, full: 30 };
const ROWS_PER_DAY = 333_334;
const ROUNDS = 3;
/** The memory of a statement in the local Athena (packages/local-aws/src/athena/engine/StatementRunner.ts). */
const LITTLE_MEMORY = '1GB';

/** A whole result in one row: fetching millions of rows would dominate the measurement. */
const digestOf = (query: string) =>
  `SELECT count(*), sum(groups_seen), min(ts), max(ts), max(first_day), bit_xor(hash(experiment_id, is_gate, unit_type, unit_id, group_id, group_name, ts)) FROM (${query})`;

/** An optimized query for DuckDB by hand, which assumes that a unit has few groups. */
const byHand = ['user_id', 'stable_id', 'company_id']
  .map(
    (
      unit,
    ) => `SELECT experiment_id, is_gate, '${unit}' AS unit_type, unit_id, arg_min(group_id, (t, group_id)) AS group_id,
      arg_min(group_name, (t, group_id)) AS group_name, min(t) AS ts, CAST(min(t) AS DATE) AS first_day, count(*) AS groups_seen
    FROM (
      SELECT experiment_id, exposure_type = 'gate' AS is_gate, ${unit} AS unit_id, group_id, min(timestamp) AS t, max(group_name) AS group_name
      FROM statsig_forwarded_exposures
      WHERE environment = 'production' AND is_assignment AND ${unit} IS NOT NULL
      GROUP BY ALL
    ) GROUP BY experiment_id, is_gate, unit_id`,
  )
  .join(' UNION ALL ');

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

/** `first_exposures` compared with a query by hand, and the bytes that a query of each view reads of a day. */
const bench: Bench = {
  name: 'views',
  async run({ full, at }) {
    const days = full ? DAYS.full : DAYS.usual;
    const folder = mkdtempSync(join(tmpdir(), 'sluice-views-'));
    try {
      at(`${days} days of exposures`);
      const instance = await DuckDBInstance.create(':memory:');
      const writer = await instance.connect();
      const files = await writeExposureDays(writer, exposuresTable(viewConfig), {
        folder,
        days,
        rowsPerDay: ROWS_PER_DAY,
      });
      writer.closeSync();
      instance.closeSync();
      const rows = await firstExposures(files, join(folder, 'spill'), at);
      at('bytes of a day');
      return [...rows, ...(await bytesRead(files))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default bench;

async function firstExposures(
  files: readonly DayFile[],
  spill: string,
  at: BenchOptions['at'],
): Promise<BenchRow[]> {
  const exposures = files.length * ROWS_PER_DAY;
  const name = `first_exposures, ${exposures.toLocaleString('en-GB')} exposures, ${files.length} days`;
  const time = (sql: string, limit: Pick<QueryJob, 'memoryLimit'> = {}) =>
    runOnce<QueryAnswer>('views/timeQuery.ts', { files, sql: digestOf(sql), spill, ...limit });
  const view = 'SELECT * FROM first_exposures';
  // In turns, so that other load on the machine affects both.
  const hand: (Cost & QueryAnswer)[] = [];
  const shown: (Cost & QueryAnswer)[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    at(`${name}, round ${round} of ${ROUNDS}`);
    hand.push(await time(byHand));
    shown.push(await time(view));
  }
  at(`${name}, with ${LITTLE_MEMORY}`);
  const little = await time(view, { memoryLimit: LITTLE_MEMORY });
  const answers = new Set([...hand, ...shown, little].map(({ answer }) => answer));
  if (answers.size > 1)
    throw new Error(`The view and the query by hand answer ${[...answers].join(' or ')}.`);
  const least = (runs: readonly Cost[], of: keyof Cost) => Math.min(...runs.map((one) => one[of]));
  const row = rowOf(name);
  return [
    row('wall', least(shown, 'wallMs') / 1_000, 's'),
    row('wall_vs_hand_written', least(shown, 'wallMs') / least(hand, 'wallMs'), 'ratio'),
    row('processor_vs_hand_written', least(shown, 'cpuMs') / least(hand, 'cpuMs'), 'ratio'),
    row('peak_rss_mb', least(shown, 'rssMb'), 'MB'),
    row('hand_written_peak_rss_mb', least(hand, 'rssMb'), 'MB'),
    row('peak_rss_mb_limited_to_1_gb', little.rssMb, 'MB'),
  ];
}

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
    const bytes = await readScans(connection, sql).then((scans) =>
      [...new Set(scans.flatMap(({ columns }) => [...columns]))].reduce(
        (sum, column) => sum + (sizes.get(column) ?? 0),
        0,
      ),
    );
    rows.push(rowOf(name)('read_of_a_day', bytes / 1e6, 'MB'));
  }
  const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  rows.push(rowOf('the table, all columns')('read_of_a_day', all / 1e6, 'MB'));
  connection.closeSync();
  return rows;
}
