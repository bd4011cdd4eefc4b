import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchOptions, BenchRow } from './Bench.ts';
import { RAW_FILES, writeRawDay } from './curate/curateData.ts';
import type { CurationRequest } from './curate/curateOnce.ts';
import { type Cost, caseRows, median, runOnce } from './measure.ts';

/** Rows of the day that is curated. */
const ROWS = 500_000;
/** Runs of each case, whose median counts. */
const ROUNDS = 3;
/** Rows that a price is told of. */
const MILLION = 1_000_000;
/** GB of the function's memory: 1,769 MB are one CPU. */
const MEMORY_GB = 1_769 / 1_024;
/** USD in us-east-1 at list price, arm64: https://aws.amazon.com/lambda/pricing/ */
const PRICES = {
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
};

/** What one run cost and made. */
type Once = Cost & Readonly<Record<'diskMib' | 'rows' | 'files' | 'bytes', number>>;

/** Who curates: Sluice, or one statement by hand. */
type Side = CurationRequest['side'];

/** Curates the raw files of a day in a separate process, whose folder is new. */
async function run(side: Side, files: readonly string[], directory: string): Promise<Once> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const request: CurationRequest = { side, files, rows: ROWS, directory };
  return runOnce<Once>('curate/curateOnce.ts', request);
}

/**
 * Time, memory, disk and cost of curating a day, with one CPU and the memory of a small function. `wall_vs_duckdb` compares with one
 * statement by hand for the same rows.
 */
const bench: Bench = {
  async run({ at }) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-curate-'));
    try {
      at(`the raw day of ${CASE}`);
      const files = await writeRawDay(join(directory, 'raw'), ROWS);
      return rowsOf(await runsInTurns(files, join(directory, 'once'), at));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

/** The name of the case. */
const CASE = `${ROWS / MILLION}m rows`;
/** Both sides in the order of a round; the next round has the other order. */
const SIDES: readonly Side[] = ['sluice', 'bare'];
/** The runs of each side. */
type Runs = Readonly<Record<Side, readonly Once[]>>;

/** Has both sides curate the files in turns. @throws Error if they write different numbers of rows. */
async function runsInTurns(
  files: readonly string[],
  directory: string,
  at: BenchOptions['at'],
): Promise<Runs> {
  const runs: Record<Side, Once[]> = { sluice: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    at(`${CASE}, round ${round + 1} of ${ROUNDS}`);
    // The order alternates, so that neither side always has warm caches.
    const sides = round % 2 === 0 ? SIDES : SIDES.toReversed();
    for (const side of sides) runs[side].push(await run(side, files, directory));
  }
  const written = new Set([...runs.sluice, ...runs.bare].map(({ rows }) => rows));
  if (written.size > 1) throw new Error(`Different numbers of rows: ${[...written].join(', ')}.`);
  return runs;
}

/** The figures of Sluice, and how they compare with the statement by hand. */
function rowsOf(runs: Runs): readonly BenchRow[] {
  const row = caseRows(CASE);
  const ratio = (of: 'wallMs' | 'cpuMs' | 'bytes') => medianOf(runs.sluice, of) / medianOf(runs.bare, of);
  return [
    ...figures(runs.sluice),
    row('wall_vs_duckdb', ratio('wallMs'), 'ratio'),
    row('cpu_vs_duckdb', ratio('cpuMs'), 'ratio'),
    row('bytes_vs_duckdb', ratio('bytes'), 'ratio'),
  ];
}

/** The figures of some runs, and what they would cost on AWS. */
function figures(runs: readonly Once[]): readonly BenchRow[] {
  const row = caseRows(CASE);
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
    row('peak_rss_mib', Math.max(...runs.map(({ rssMib }) => rssMib)), 'MiB'),
    row('disk_mib', Math.max(...runs.map(({ diskMib }) => diskMib)), 'MiB'),
    row('files', writes, 'count'),
  ];
}

/** The median of a figure. */
function medianOf(runs: readonly Once[], figure: keyof Once): number {
  return median(runs.map((measured) => measured[figure]));
}
