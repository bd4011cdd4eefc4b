import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RAW_FILES, writeRawDays } from './curate/curateData.ts';
import type { CurationRequest } from './curate/curateOnce.ts';
import type { DayFile } from './exposureColumns.ts';
import { type Cost, caseRows, median, runOnce } from './measure.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';

/** Millions of rows of the day that is compared with a statement by hand, and of a day that is only curated. */
const SIZES = { usual: { compared: 0.5, large: 1 }, full: { compared: 5, large: 20 } };
/** Runs of each case, whose median counts. */
const ROUNDS = 3;
/** Rows of a million. */
const MILLION = 1_000_000;
/** GB of the function's memory. */
const MEMORY_GB = 1_769 / 1_024;
/** USD in us-east-1 at list price, arm64: https://aws.amazon.com/lambda/pricing/ */
const PRICES = {
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
};
/** What one run cost and made. */
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
 * Time, memory, disk and cost of curating days, with one CPU and the memory of a small function. `wall_vs_duckdb` compares with one
 * statement by hand for the same rows.
 */
const bench: Bench = {
  name: 'curate',
  async run({ full, at }) {
    const { compared, large } = full ? SIZES.full : SIZES.usual;
    const directory = mkdtempSync(join(tmpdir(), 'sluice-curate-'));
    try {
      return [...(await againstDuckDb(directory, compared, at)), ...(await largeDay(directory, large, at))];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

/** Compares the curation of a day with a statement that DuckDB runs by hand. */
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
  const row = caseRows(name);
  const ratio = (of: 'wallMs' | 'cpuMs' | 'bytes') => medianOf(runs.sluice, of) / medianOf(runs.bare, of);
  return [
    ...figures(name, runs.sluice),
    row('wall_vs_duckdb', ratio('wallMs'), 'ratio'),
    row('cpu_vs_duckdb', ratio('cpuMs'), 'ratio'),
    row('bytes_vs_duckdb', ratio('bytes'), 'ratio'),
  ];
}

/** Curates a large day. */
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

/** The figures of some runs, and what they would cost on AWS. */
function figures(name: string, runs: readonly Once[]): BenchRow[] {
  const row = caseRows(name);
  const seconds = medianOf(runs, 'wallMs') / 1_000;
  const writes = medianOf(runs, 'files');
  const usd =
    seconds * MEMORY_GB * PRICES.lambdaGbSecond +
    PRICES.lambdaRequest +
    RAW_FILES * PRICES.s3Get +
    writes * PRICES.s3Put;
  return [
    row('wall_s', seconds, 's'),
    row('usd_per_million', (usd * MILLION) / medianOf(runs, 'rows'), 'USD'),
    row('peak_rss_mb', Math.max(...runs.map(({ rssMb }) => rssMb)), 'MB'),
    row('disk_mb', Math.max(...runs.map(({ diskMb }) => diskMb)), 'MB'),
    row('files', writes, 'count'),
  ];
}

/** The median of a figure. */
function medianOf(runs: readonly Once[], figure: keyof Once): number {
  return median(runs.map((measured) => measured[figure]));
}
