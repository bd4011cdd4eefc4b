import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineFile } from '../lib/parquet/FileSchema.ts';
import { firstRows, makeDrop } from './ingest/ingestData.ts';
import type { LoadRequest } from './ingest/ingestOnce.ts';
import { mapWithParquetjs } from './ingest/mapWithParquetjs.ts';
import { type Cost, median, rowOf, runOnce } from './measure.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';

/** A Lambda of 1,769 MB has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const THREADS = 1;
/** DuckDB's memory limit: half of the memory. */
const MEMORY_MEGABYTES = 884;
const ROUNDS = 3;
const ROWS_PER_FILE = 250_000;
const MILLION = 1_000_000;
/** Files of the drop. */
const FILES = 4;
/** Rows that parquetjs-lite maps. */
const FEW_ROWS = 50_000;

const millionsOf = (files: readonly EngineFile[]) => `${(files.length * ROWS_PER_FILE) / MILLION}m rows`;

type Side = LoadRequest['side'];
type Once = Cost & { readonly rows: number };

/** One load in a separate process. @throws Error unless it has all rows. */
async function run(side: Side, files: readonly EngineFile[], rows: number, directory: string): Promise<Once> {
  const request: LoadRequest = {
    ...{ side, files, directory },
    ...{ threads: THREADS, memoryMegabytes: MEMORY_MEGABYTES },
  };
  const result = await runOnce<Once>('ingest/ingestOnce.ts', request);
  if (result.rows !== rows) throw new Error(`${side}: ${result.rows} rows of ${rows}.`);
  return result;
}

const medianOf = (runs: readonly Once[], kind: keyof Cost) => median(runs.map((one) => one[kind]));

/**
 * A load of a drop on the local disk, compared with a hand-written `COPY (SELECT …) TO` with the same mapping and order
 * in DuckDB with the same settings, and the same mapping of a few rows with parquetjs-lite.
 */
const bench: Bench = {
  name: 'ingest',
  async run({ at }) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      at('the drop');
      const files = await makeDrop(directory, FILES, ROWS_PER_FILE);
      return [
        ...(await againstDuckDb(files, directory, at)),
        ...(await againstParquetjs(files, directory, at)),
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

const SIDES = ['sluice', 'bare'] as const;

type At = BenchOptions['at'];

async function againstDuckDb(files: readonly EngineFile[], directory: string, at: At): Promise<BenchRow[]> {
  const [rows, name] = [files.length * ROWS_PER_FILE, millionsOf(files)];
  const runs: Record<Side, Once[]> = { sluice: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    at(`${name}, round ${round + 1} of ${ROUNDS}`);
    // The order alternates, so that neither side always has warm caches.
    const sides = round % 2 === 0 ? SIDES : SIDES.toReversed();
    for (const side of sides) runs[side].push(await run(side, files, rows, directory));
  }
  const ratio = (kind: 'wallMs' | 'cpuMs') => medianOf(runs.sluice, kind) / medianOf(runs.bare, kind);
  const row = rowOf(name);
  return [
    row('wall_s', medianOf(runs.sluice, 'wallMs') / 1_000, 's'),
    row('wall_vs_duckdb', ratio('wallMs'), 'ratio'),
    row('cpu_vs_duckdb', ratio('cpuMs'), 'ratio'),
    row('peak_rss_mb', medianOf(runs.sluice, 'rssMb'), 'MB'),
  ];
}

async function againstParquetjs(
  files: readonly EngineFile[],
  directory: string,
  at: At,
): Promise<BenchRow[]> {
  const name = `${FEW_ROWS.toLocaleString('en-GB')} rows`;
  at(name);
  const [first] = files;
  if (first === undefined) return [];
  const few = await firstRows(first, FEW_ROWS, directory);
  const { wallMs } = await run('sluice', [few], FEW_ROWS, directory);
  const start = performance.now();
  const rows = await mapWithParquetjs(few, join(directory, 'parquetjs.parquet'));
  const theirs = performance.now() - start;
  if (rows !== FEW_ROWS) throw new Error(`parquetjs-lite: ${rows} rows of ${FEW_ROWS}.`);
  return [rowOf(name)('vs_parquetjs_lite', theirs / wallMs, 'ratio')];
}

export default bench;
