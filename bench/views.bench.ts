import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../lib/base/sql.ts';
import { exposuresTable } from '../lib/tables/exposuresTable.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';
import { readScans } from './views/readScans.ts';
import type { QueryJob, QueryTimes } from './views/timeQuery.ts';
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
      const rows = firstExposures(files, join(folder, 'spill'), at);
      at('bytes of a day');
      return [...rows, ...(await bytesRead(files))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default bench;

function firstExposures(files: readonly DayFile[], spill: string, at: BenchOptions['at']): BenchRow[] {
  const exposures = files.length * ROWS_PER_DAY;
  const name = `first_exposures, ${exposures.toLocaleString('en-GB')} exposures, ${files.length} days`;
  const time = (sql: string, memoryLimit?: string): QueryTimes => {
    const limit = memoryLimit === undefined ? {} : { memoryLimit };
    const job: QueryJob = { files, sql: digestOf(sql), spill, ...limit };
    const script = join(import.meta.dirname, 'views/timeQuery.ts');
    return JSON.parse(execFileSync(process.execPath, [script, JSON.stringify(job)], { encoding: 'utf8' }));
  };
  const view = 'SELECT * FROM first_exposures';
  // At the same time, so that other load on the machine affects both.
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    at(`${name}, round ${round + 1} of ${ROUNDS}`);
    return { hand: time(byHand), shown: time(view) };
  });
  const hand = best(rounds.map((round) => round.hand));
  const shown = best(rounds.map((round) => round.shown));
  at(`${name}, with ${LITTLE_MEMORY}`);
  const little = time(view, LITTLE_MEMORY);
  for (const { answer } of [shown, little]) {
    if (answer !== hand.answer) throw new Error(`The view answers ${answer}, by hand it is ${hand.answer}.`);
  }
  const row = (metric: string, value: number, unit: string): BenchRow => ({
    case: name,
    metric,
    value,
    unit,
  });
  return [
    row('wall', shown.wall, 's'),
    row('wall_vs_hand_written', shown.wall / hand.wall, 'ratio'),
    row('processor_vs_hand_written', shown.processor / hand.processor, 'ratio'),
    row('peak_rss_mb', shown.peakMb, 'MB'),
    row('hand_written_peak_rss_mb', hand.peakMb, 'MB'),
    row('peak_rss_mb_limited_to_1_gb', little.peakMb, 'MB'),
  ];
}

/** The minimum of each figure. */
function best(times: readonly QueryTimes[]): QueryTimes {
  const least = (figure: (one: QueryTimes) => number) => Math.min(...times.map(figure));
  return {
    wall: least(({ wall }) => wall),
    processor: least(({ processor }) => processor),
    peakMb: least(({ peakMb }) => peakMb),
    answer: [...new Set(times.map(({ answer }) => answer))].join(' or '),
  };
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
    rows.push({ case: name, metric: 'read_of_a_day', value: bytes / 1e6, unit: 'MB' });
  }
  const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  rows.push({ case: 'the table, all columns', metric: 'read_of_a_day', value: all / 1e6, unit: 'MB' });
  connection.closeSync();
  return rows;
}
