import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineFile } from '../lib/parquet/FileSchema.ts';
import { makeDrop, timesOver } from './ingest/ingestData.ts';
import type { LoadRequest } from './ingest/ingestOnce.ts';
import { type Cost, caseRows, median, runOnce } from './measure.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';

/** A Lambda of 1,769 MB has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const THREADS = 1;
/** DuckDB's memory limit: half of the memory. */
const MEMORY_MEGABYTES = 884;
/** Runs of each case, whose median counts. */
const ROUNDS = 3;
/** Rows of a usual file. */
const ROWS_PER_FILE = 250_000;
/** Files of a drop of tiny files. */
const TINY_FILES = 1_000;
/** Rows of each of them. */
const TINY_ROWS = 100;
/** Rows of a million. */
const MILLION = 1_000_000;

/** Files of the drop: usually, and with `--full`. */
const FILES = { usual: 4, full: 20 };
/** The name of a case: the rows of its files. */
const millionsOf = (files: readonly EngineFile[]) => `${(files.length * ROWS_PER_FILE) / MILLION}m rows`;

/** Which of two works is measured. */
type Side = LoadRequest['side'];
/** One load: what it cost, and how many rows it has. */
type Once = Cost & { readonly rows: number };

/** One load in a separate process. @throws Error unless it has all rows. */
async function run(side: Side, files: readonly EngineFile[], rows: number, directory: string): Promise<Once> {
  const request: LoadRequest = {
    side,
    files,
    directory,
    threads: THREADS,
    memoryMegabytes: MEMORY_MEGABYTES,
  };
  const result = await runOnce<Once>('ingest/ingestOnce.ts', request);
  if (result.rows !== rows) throw new Error(`${side}: ${result.rows} rows of ${rows}.`);
  return result;
}

const medianOf = (runs: readonly Once[], kind: keyof Cost) => median(runs.map((measured) => measured[kind]));

/**
 * Loads of a drop on the local disk, and of 1,000 tiny files, compared with a hand-written `COPY (SELECT …) TO` with the same
 * mapping and order in DuckDB with the same settings. Also the memory of a load of four times the size.
 */
const bench: Bench = {
  name: 'ingest',
  async run({ full, at }) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      at('the drop');
      const files = await makeDrop(directory, full ? FILES.full : FILES.usual, ROWS_PER_FILE);
      const rows = files.length * ROWS_PER_FILE;
      const tiny = await makeDrop(directory, TINY_FILES, TINY_ROWS);
      return [
        ...(await againstDuckDb(millionsOf(files), files, rows, directory, at)),
        ...(await fourTimes(files, directory, at)),
        ...(await againstDuckDb('1000 tiny files', tiny, TINY_FILES * TINY_ROWS, directory, at)),
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** The load of Sluice, and the bare statement of DuckDB. */
const SIDES = ['sluice', 'bare'] as const;

/** Says which case is measured. */
type At = BenchOptions['at'];

/** Loads of a drop by both sides in turns, and how they compare. */
async function againstDuckDb(
  name: string,
  files: readonly EngineFile[],
  rows: number,
  directory: string,
  at: At,
): Promise<BenchRow[]> {
  const runs: Record<(typeof SIDES)[number], Once[]> = { sluice: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    at(`${name}, round ${round + 1} of ${ROUNDS}`);
    // The order alternates, so that neither side always has warm caches.
    const sides = round % 2 === 0 ? SIDES : SIDES.toReversed();
    for (const side of sides) runs[side].push(await run(side, files, rows, directory));
  }
  const ratio = (kind: 'wallMs' | 'cpuMs') => medianOf(runs.sluice, kind) / medianOf(runs.bare, kind);
  const row = caseRows(name);
  return [
    row('wall_s', medianOf(runs.sluice, 'wallMs') / 1_000, 's'),
    row('wall_vs_duckdb', ratio('wallMs'), 'ratio'),
    row('cpu_vs_duckdb', ratio('cpuMs'), 'ratio'),
    row('peak_rss_mb', medianOf(runs.sluice, 'rssMb'), 'MB'),
  ];
}

/** One load of the drop's files four times over. */
async function fourTimes(files: readonly EngineFile[], directory: string, at: At): Promise<BenchRow[]> {
  const copies = timesOver(files, 4, directory);
  const name = millionsOf(copies);
  at(name);
  const row = caseRows(name);
  const { wallMs, rssMb } = await run('sluice', copies, copies.length * ROWS_PER_FILE, directory);
  return [row('wall_s', wallMs / 1_000, 's'), row('peak_rss_mb', rssMb, 'MB')];
}

export default bench;
