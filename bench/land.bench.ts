import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LandedObject } from '../lib/landing/lines/LandedObject.ts';
import { forwardedKinds } from '../lib/schema/kinds.ts';
import type { Bench, BenchRow } from './Bench.ts';
import type { LinesRequest } from './land/duckDbOnce.ts';
import { type LandingShape, writeLandingObject } from './land/landData.ts';
import type { ObjectsRequest } from './land/landOnce.ts';
import { type Cost, caseRows, median, runOnce } from './measure.ts';

/** Runs of each case, whose median counts. */
const ROUNDS = 3;
/** Objects of a large landing. */
const LARGE_OBJECTS = 4;
/** The name of its case. */
const LARGE = `${LARGE_OBJECTS} objects of 512 MiB`;
/** Bytes of each of its objects: 512 MiB. */
const LARGE_BYTES = 536_870_912;
/** Seconds of one invocation that are measured: its peak of memory is the same in every minute. */
const LARGE_SECONDS = 30;

/** An object that is written, and the name of its case. */
interface LandingCase extends LandingShape {
  /** Name of the case. */
  readonly name: string;
  /** Whether DuckDB alone writes the same rows, too. Default: it does not. */
  readonly isCompared?: boolean;
}

/** The objects. The last one has the bytes of those of the large landing. */
const CASES: readonly LandingCase[] = [
  { name: 'write, 1 a request', requests: 100_000, rowsPerRequest: 1 },
  { name: 'write', requests: 20_000, rowsPerRequest: 20, isCompared: true },
  { name: 'write, 100 a request', requests: 4_000, rowsPerRequest: 100 },
];

/** What one run cost, and its rows. */
type Once = Cost & { readonly rows: number };

/**
 * Time and memory to make table files of landed rows, with one CPU and the memory of a small function: compared with what
 * DuckDB alone takes for the same lines.
 */
const bench: Bench = {
  async run({ at }) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-land-'));
    try {
      const object = join(directory, 'object');
      const rows: BenchRow[] = [];
      for (const { name, isCompared = false, ...shape } of CASES) {
        at(`${shape.rowsPerRequest} rows a request`);
        writeLandingObject(object, shape);
        const own = await measure(name, object, directory, ROUNDS);
        rows.push(...own.rows);
        if (!isCompared) continue;
        const alone = await duckDbAlone(object, directory, ROUNDS);
        if (alone.written !== own.written)
          throw new Error(`DuckDB alone wrote ${alone.written} rows of ${own.written}.`);
        rows.push(caseRows(name)('cpu_vs_duckdb', own.cpuMs / alone.cpuMs, 'ratio'));
      }
      at(LARGE);
      const repeats = Math.ceil(LARGE_BYTES / statSync(object).size);
      const request = { object, objects: LARGE_OBJECTS, repeats, seconds: LARGE_SECONDS };
      const large = await repeat('land/landOnce.ts', request, join(directory, 'large'), 1);
      rows.push(caseRows(LARGE)('peak_rss_mib', Math.max(...large.map(({ rssMib }) => rssMib)), 'MiB'));
      return rows;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

/** What some runs of the same work wrote, and took. */
interface Written {
  /** Rows that one run has written. */
  readonly written: number;
  /** CPU time of the median run, milliseconds. */
  readonly cpuMs: number;
}

/** Measures the writer with objects like one. */
async function measure(
  name: string,
  object: string,
  directory: string,
  rounds: number,
): Promise<Written & { readonly rows: readonly BenchRow[] }> {
  const runs = await repeat('land/landOnce.ts', { object }, join(directory, 'once'), rounds);
  const row = caseRows(name);
  const rows: BenchRow[] = [
    row('rows_per_cpu_s', median(runs.map((run) => (run.rows / run.cpuMs) * 1_000)), '1/s'),
    row('peak_rss_mib', Math.max(...runs.map(({ rssMib }) => rssMib)), 'MiB'),
  ];
  return { rows, ...writtenBy(runs) };
}

/** Runs a script some times, each time with a folder that is new. */
async function repeat(
  script: string,
  request: Omit<LinesRequest, 'directory'> | Omit<ObjectsRequest, 'directory'>,
  directory: string,
  rounds: number,
): Promise<readonly Once[]> {
  const runs: Once[] = [];
  for (let round = 0; round < rounds; round += 1) {
    rmSync(directory, { recursive: true, force: true });
    runs.push(await runOnce<Once>(script, { ...request, directory }));
  }
  return runs;
}

/** The rows of a run, and the CPU time of the median one. */
function writtenBy(runs: readonly Once[]): Written {
  return { written: runs[0]?.rows ?? 0, cpuMs: median(runs.map(({ cpuMs }) => cpuMs)) };
}

/** Measures DuckDB alone with the lines of an object, which are split into files before. */
async function duckDbAlone(object: string, directory: string, rounds: number): Promise<Written> {
  const lines = join(directory, 'split');
  mkdirSync(lines);
  const files = new Map(forwardedKinds.map((kind) => [kind, openSync(join(lines, `${kind}.ndjson`), 'w')]));
  for (const { text, lines: all } of new LandedObject(readFileSync(object)).parts())
    for (const { kind, from, to } of all)
      if (kind !== 'quarantine') writeSync(files.get(kind) ?? -1, text, from, to - from);
  for (const file of files.values()) closeSync(file);
  const request: Omit<LinesRequest, 'directory'> = { lines };
  const runs = await repeat('land/duckDbOnce.ts', request, join(directory, 'alone'), rounds);
  rmSync(lines, { recursive: true });
  return writtenBy(runs);
}
