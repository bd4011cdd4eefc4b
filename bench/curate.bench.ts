import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { quoteText } from '../lib/base/sql.ts';
import { RAW_FILES, writeRawDays } from './curate/curateData.ts';
import type { CurationRequest } from './curate/curateOnce.ts';
import { type Cost, median, rowOf, runOnce } from './measure.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';
import { readScans } from './views/readScans.ts';
import { type DayFile, openViewSession } from './views/viewSession.ts';

const ROWS_OF_A_DAY = 333_334;
/** Days that are curated; and millions of rows of the day that is compared with a statement by hand, and of a day that is only curated. */
const SIZES = { usual: { days: 2, compared: 0.5, large: 1 }, full: { days: 5, compared: 5, large: 20 } };
const ROUNDS = 3;
const MILLION = 1_000_000;
/** GB of the function's memory. */
const MEMORY_GB = 1_769 / 1_024;
/** USD in us-east-1 at list price, arm64: https://aws.amazon.com/lambda/pricing/ */
const PRICES = {
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
  athenaByte: 5e-12,
};
/** Athena bills at least as much: https://aws.amazon.com/athena/pricing/ */
const LEAST_BYTES = 10 * 2 ** 20;

const EXPERIMENT = 'experiment_7';
/** One experiment's units, as in every analysis. */
const UNITS = `SELECT user_id, group_id, "timestamp" FROM experiment_exposures WHERE experiment_id = '${EXPERIMENT}'`;
type Once = Cost & Readonly<Record<'diskMb' | 'rows' | 'files' | 'bytes', number>>;

/** Curates the files of a day in a separate process. The curated files are in `<directory>/rows`. */
async function run(
  side: 'sluice' | 'bare',
  { file }: DayFile,
  rows: number,
  directory: string,
): Promise<Once> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const folder = dirname(file);
  const files = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
  const request: CurationRequest = { side, files, rows, directory };
  return runOnce<Once>('curate/curateOnce.ts', request);
}

/**
 * Curated days against the raw days that they are made of: bytes that a query reads, and time,
 * memory, disk and cost of curating, with one CPU and the memory of a small function. `wall_vs_duckdb` compares with one
 * statement by hand for the same rows.
 */
const bench: Bench = {
  name: 'curate',
  async run({ full, at }) {
    const { days, compared, large } = full ? SIZES.full : SIZES.usual;
    const directory = mkdtempSync(join(tmpdir(), 'sluice-curate-'));
    try {
      return [
        ...(await queries(directory, days, at)),
        ...(await againstDuckDb(directory, compared, at)),
        ...(await largeDay(directory, large, at)),
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

async function queries(directory: string, days: number, at: BenchOptions['at']): Promise<BenchRow[]> {
  const folder = join(directory, 'days');
  at(`${days} raw days`);
  const raw = await writeRawDays(join(folder, 'raw'), days, ROWS_OF_A_DAY);
  const runs: Once[] = [];
  const curated: DayFile[] = [];
  for (const day of raw) {
    const place = join(folder, 'curated', day.day);
    at(`curate ${day.day}`);
    runs.push(await run('sluice', day, ROWS_OF_A_DAY, place));
    curated.push({ day: day.day, file: join(place, 'rows', '*.parquet') });
  }
  const rows = await oneExperiment(raw.slice(0, 1), curated.slice(0, 1), runs);
  rmSync(folder, { recursive: true });
  return rows;
}

async function oneExperiment(
  raw: readonly DayFile[],
  curated: readonly DayFile[],
  runs: readonly Once[],
): Promise<BenchRow[]> {
  const before = await bytesRead(raw, []);
  const after = await bytesRead(raw, curated);
  const row = rowOf('one experiment');
  const aDay = rowOf('a day');
  const wallMs = medianOf(runs, 'wallMs');
  const files = medianOf(runs, 'files');
  const usd =
    (wallMs / 1_000) * MEMORY_GB * PRICES.lambdaGbSecond +
    PRICES.lambdaRequest +
    RAW_FILES * PRICES.s3Get +
    files * PRICES.s3Put;
  const billed = (bytes: number) => Math.max(LEAST_BYTES, bytes) * PRICES.athenaByte;
  return [
    row('raw_mb', before / 1e6, 'MB'),
    row('curated_mb', after / 1e6, 'MB'),
    row('bytes_vs_raw', after / before, 'ratio'),
    aDay('curate_s', wallMs / 1_000, 's'),
    aDay('usd_per_million', (usd * MILLION) / ROWS_OF_A_DAY, 'USD'),
    aDay('paid_after_queries', Math.ceil(usd / (billed(before) - billed(after))), 'count'),
  ];
}

/**
 * Bytes that the query of one experiment's units reads: of each scan of its plan the columns, in row groups whose statistics
 * admit the experiment, and what the scan wants of copies.
 */
async function bytesRead(raw: readonly DayFile[], curated: readonly DayFile[]): Promise<number> {
  const connection = await openViewSession(raw, curated);
  const [day] = curated.length > 0 ? curated : raw;
  if (day === undefined) throw new RangeError('There is no day.');
  let bytes = 0;
  for (const { columns, filters } of await readScans(
    connection,
    `${UNITS} AND ds = DATE ${quoteText(day.day)}`,
  )) {
    const admitted = [`path_in_schema = 'experiment_id' AND '${EXPERIMENT}' BETWEEN min AND max`];
    for (const filter of filters.filter((one) => one.includes('copies_differ'))) {
      const wanted = /^copies_differ=(true|false)$/.exec(filter)?.[1];
      if (wanted === undefined) throw new Error(`The plan has another filter than expected: ${filter}`);
      admitted.push(`path_in_schema = 'copies_differ' AND '${wanted}' IN (min, max)`);
    }
    const groups = admitted.map(
      (where) => `SEMI JOIN (FROM chunks WHERE ${where}) USING (file_name, row_group_id)`,
    );
    const reader = await connection.runAndReadAll(
      `WITH chunks AS (SELECT *, stats_min_value AS min, stats_max_value AS max FROM parquet_metadata(${quoteText(day.file)}))
       SELECT COALESCE(sum(total_compressed_size), 0)::DOUBLE FROM chunks ${groups.join(' ')}
       WHERE path_in_schema IN (${[...columns].map(quoteText).join(', ')})`,
    );
    bytes += Number(reader.getRows()[0]?.[0]);
  }
  connection.closeSync();
  return bytes;
}

async function againstDuckDb(
  directory: string,
  millions: number,
  at: BenchOptions['at'],
): Promise<BenchRow[]> {
  const rows = millions * MILLION;
  const name = `${millions}m rows`;
  const folder = join(directory, 'compared');
  at(`the raw day of ${name}`);
  const [day] = await writeRawDays(join(folder, 'raw'), 1, rows);
  if (day === undefined) return [];
  const runs: Record<'sluice' | 'bare', Once[]> = { sluice: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    at(`${name}, round ${round + 1} of ${ROUNDS}`);
    // The order alternates, so that neither side always has warm caches.
    for (const side of round % 2 === 0 ? (['sluice', 'bare'] as const) : (['bare', 'sluice'] as const)) {
      runs[side].push(await run(side, day, rows, join(folder, 'once')));
    }
  }
  for (const { rows: written } of [...runs.sluice, ...runs.bare]) {
    if (written !== runs.bare[0]?.rows) throw new Error(`${written} rows, by hand ${runs.bare[0]?.rows}.`);
  }
  rmSync(folder, { recursive: true });
  const row = rowOf(name);
  const ratio = (of: 'wallMs' | 'cpuMs' | 'bytes') => medianOf(runs.sluice, of) / medianOf(runs.bare, of);
  return [
    ...figures(name, runs.sluice),
    row('wall_vs_duckdb', ratio('wallMs'), 'ratio'),
    row('cpu_vs_duckdb', ratio('cpuMs'), 'ratio'),
    row('bytes_vs_duckdb', ratio('bytes'), 'ratio'),
  ];
}

async function largeDay(directory: string, millions: number, at: BenchOptions['at']): Promise<BenchRow[]> {
  const rows = millions * MILLION;
  const name = `${millions}m rows`;
  const folder = join(directory, 'large');
  at(`the raw day of ${name}`);
  const [day] = await writeRawDays(join(folder, 'raw'), 1, rows);
  if (day === undefined) return [];
  at(name);
  return figures(name, [await run('sluice', day, rows, join(folder, 'once'))]);
}

function figures(name: string, runs: readonly Once[]): BenchRow[] {
  const row = rowOf(name);
  return [
    row('wall_s', medianOf(runs, 'wallMs') / 1_000, 's'),
    row('peak_rss_mb', Math.max(...runs.map(({ rssMb }) => rssMb)), 'MB'),
    row('disk_mb', Math.max(...runs.map(({ diskMb }) => diskMb)), 'MB'),
    row('files', medianOf(runs, 'files'), 'count'),
  ];
}

function medianOf(runs: readonly Once[], of: keyof Once): number {
  return median(runs.map((one) => one[of]));
}
