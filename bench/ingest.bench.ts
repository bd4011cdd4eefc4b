import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { EngineFile } from '../lib/drops/engine/Engine.ts';
import { dropKinds, makeDropOf } from './ingest/dropKinds.ts';
import { FILES, firstRows, makeDrop, ROWS_PER_FILE, timesOver } from './ingest/ingestData.ts';
import { mapWithParquetjs } from './ingest/mapWithParquetjs.ts';
import { planDrops } from './ingest/planDrops.ts';
import type { Bench, BenchRow } from './run.ts';

/** A Lambda of 1,769 MB has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const THREADS = 1;
/** DuckDB's memory limit: half of the memory. */
const MEMORY_MEGABYTES = 884;
const ROUNDS = 3;
/** Rounds of a load that takes less than a second. */
const SHORT_ROUNDS = 7;
const TINY_FILES = 1_000;
const TINY_ROWS = 100;
/** Rows of each kind of drop whose estimates are compared with what is taken. */
const ESTIMATED_ROWS = [1_000_000, 5_000_000, 20_000_000];
/** Rows that parquetjs-lite maps. */
const FEW_ROWS = 200_000;

const once = z.strictObject({ wallMs: z.number(), cpuMs: z.number(), rssMb: z.number(), rows: z.number() });
type Once = z.output<typeof once>;

type Side = 'sluice' | 'bare' | 'default' | 'unsorted';

/** One load in a separate process. @throws Error unless it has all rows. */
async function run(side: Side, files: readonly EngineFile[], rows: number, directory: string): Promise<Once> {
  const script = join(import.meta.dirname, 'ingest/ingestOnce.ts');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(
    JSON.stringify({ side, files, directory, threads: THREADS, memoryMegabytes: MEMORY_MEGABYTES }),
  );
  const result = once.parse(JSON.parse(await text(child.stdout)));
  if (result.rows !== rows) throw new Error(`${side}: ${result.rows} rows of ${rows}.`);
  return result;
}

function medianOf(runs: readonly Once[], kind: 'wallMs' | 'cpuMs' | 'rssMb'): number {
  return runs.map((one) => one[kind]).toSorted((a, b) => a - b)[runs.length >> 1] ?? Number.NaN;
}

/**
 * A load of a drop on the local disk, compared with a hand-written `COPY (SELECT …) TO` with the same mapping and order in
 * DuckDB with the same settings; `wall_vs_unsorted` compares with one without the order. Of 1,000 tiny files, `cpu_vs_duckdb`
 * compares with DuckDB's own settings, and `cpu_vs_same_settings` with those of a load, which keep no files in memory. Also the memory of a load of four
 * times the size, the same mapping of a few rows with parquetjs-lite, and the time to plan 400 dataset-days with 20,000
 * objects (planDrops.ts).
 */
const bench: Bench = {
  name: 'ingest',
  async run() {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      const files = await makeDrop(directory);
      return [
        ...(await againstDuckDb(files, directory)),
        ...(await fourTimes(files, directory)),
        ...(await tinyFiles(directory)),
        ...(await estimates(directory)),
        ...(await againstParquetjs(files, directory)),
        ...(await planned()),
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

const SIDES = ['sluice', 'bare', 'unsorted'] as const;
const TINY_SIDES = ['sluice', 'bare', 'default'] as const;

async function againstDuckDb(files: readonly EngineFile[], directory: string): Promise<BenchRow[]> {
  const rows = FILES * ROWS_PER_FILE;
  const runs: Record<Exclude<Side, 'default'>, Once[]> = { sluice: [], bare: [], unsorted: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // The order alternates, so that neither side always has warm caches.
    const sides = round % 2 === 0 ? SIDES : SIDES.toReversed();
    for (const side of sides) runs[side].push(await run(side, files, rows, directory));
  }
  const ratio = (kind: 'wallMs' | 'cpuMs', side: 'bare' | 'unsorted') =>
    medianOf(runs.sluice, kind) / medianOf(runs[side], kind);
  const name = '5m rows';
  return [
    { case: name, metric: 'wall_s', value: medianOf(runs.sluice, 'wallMs') / 1_000, unit: 's' },
    { case: name, metric: 'wall_vs_duckdb', value: ratio('wallMs', 'bare'), unit: 'ratio' },
    { case: name, metric: 'cpu_vs_duckdb', value: ratio('cpuMs', 'bare'), unit: 'ratio' },
    { case: name, metric: 'wall_vs_unsorted', value: ratio('wallMs', 'unsorted'), unit: 'ratio' },
    { case: name, metric: 'peak_rss_mb', value: medianOf(runs.sluice, 'rssMb'), unit: 'MB' },
  ];
}

async function fourTimes(files: readonly EngineFile[], directory: string): Promise<BenchRow[]> {
  const rows = 4 * FILES * ROWS_PER_FILE;
  const { wallMs, rssMb } = await run('sluice', timesOver(files, 4, directory), rows, directory);
  return [
    { case: '20m rows', metric: 'wall_s', value: wallMs / 1_000, unit: 's' },
    { case: '20m rows', metric: 'peak_rss_mb', value: rssMb, unit: 'MB' },
  ];
}

async function tinyFiles(directory: string): Promise<BenchRow[]> {
  const files = await makeDrop(directory, TINY_FILES, TINY_ROWS);
  const runs: Record<(typeof TINY_SIDES)[number], Once[]> = { sluice: [], bare: [], default: [] };
  for (let round = 0; round < SHORT_ROUNDS; round += 1) {
    for (const side of round % 2 === 0 ? TINY_SIDES : TINY_SIDES.toReversed()) {
      runs[side].push(await run(side, files, TINY_FILES * TINY_ROWS, directory));
    }
  }
  const cpu = (side: (typeof TINY_SIDES)[number]) => medianOf(runs[side], 'cpuMs');
  const name = '1000 tiny files';
  return [
    { case: name, metric: 'cpu_s', value: cpu('sluice') / 1_000, unit: 's' },
    { case: name, metric: 'cpu_vs_duckdb', value: cpu('sluice') / cpu('default'), unit: 'ratio' },
    { case: name, metric: 'cpu_vs_same_settings', value: cpu('sluice') / cpu('bare'), unit: 'ratio' },
  ];
}

/** Estimates of the disk that loads take, divided by what they took: their files, temporary files and the result at one time. */
async function estimates(directory: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const kind of dropKinds) {
    for (const count of ESTIMATED_ROWS) {
      const folder = mkdtempSync(join(directory, 'drop-'));
      const files = await makeDropOf(kind, count, folder);
      const { estimated, taken } = await estimateOnce(kind, files, folder);
      rmSync(folder, { recursive: true });
      const name = `estimate ${kind}`;
      rows.push({ case: name, metric: `${count / 1_000_000}m`, value: estimated / taken, unit: 'ratio' });
    }
  }
  return rows;
}

async function estimateOnce(kind: string, files: readonly EngineFile[], directory: string) {
  const script = join(import.meta.dirname, 'ingest/estimateOnce.ts');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(
    JSON.stringify({ kind, files, directory, threads: THREADS, memoryMegabytes: MEMORY_MEGABYTES }),
  );
  return z
    .strictObject({ estimated: z.number(), taken: z.number() })
    .parse(JSON.parse(await text(child.stdout)));
}

async function againstParquetjs(files: readonly EngineFile[], directory: string): Promise<BenchRow[]> {
  const [first] = files;
  if (first === undefined) return [];
  const few = await firstRows(first, FEW_ROWS, directory);
  const { wallMs } = await run('sluice', [few], FEW_ROWS, directory);
  const start = performance.now();
  const rows = await mapWithParquetjs(few, join(directory, 'parquetjs.parquet'));
  const theirs = performance.now() - start;
  if (rows !== FEW_ROWS) throw new Error(`parquetjs-lite: ${rows} rows of ${FEW_ROWS}.`);
  return [{ case: '5m rows', metric: 'vs_parquetjs_lite', value: theirs / wallMs, unit: 'ratio' }];
}

async function planned(): Promise<BenchRow[]> {
  const { first, again } = await planDrops();
  const name = '5m rows';
  return [
    { case: name, metric: 'plan_list_calls', value: first.listCalls, unit: 'count' },
    { case: name, metric: 'plan_wall_s', value: first.wallSeconds, unit: 's' },
    { case: 'planned again', metric: 'plan_list_calls', value: again.listCalls, unit: 'count' },
    { case: 'planned again', metric: 'plan_wall_s', value: again.wallSeconds, unit: 's' },
  ];
}

export default bench;
