import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../lib/base/sql.ts';
import { LandedObject } from '../lib/landing/lines/LandedObject.ts';
import type { LandedRow } from '../lib/landing/store/encodeLines.ts';
import { DUCKDB_TYPES } from '../lib/parquet/tableFile.ts';
import { type ForwardedKind, forwardedKinds } from '../lib/schema/kinds.ts';
import { forwardedTables } from '../lib/tables/deliveredTables.ts';
import { EXPERIMENT, writeLandingObject } from './land/landData.ts';
import { type Cost, median, rowOf, runOnce } from './measure.ts';
import type { Bench, BenchRow } from './run.ts';
import { viewConfig } from './views/viewSession.ts';

const ROUNDS = 3;
const LARGE = '4 objects of 512 MiB';
const LARGE_BYTES = 536_870_912;
/** So long of one invocation: its peak is the same in every minute. */
const LARGE_SECONDS = 30;

type Once = Cost & { readonly rows: number; readonly files: readonly string[] };

/**
 * Time and memory to make table files of landed rows, with one CPU and the memory of a small function: compared with what
 * DuckDB alone takes for the same lines. And the size of the files, compared with the rows as unsorted snappy Parquet, as
 * Firehose's conversion writes it, with and without dictionaries.
 */
const bench: Bench = {
  name: 'land',
  async run({ at }) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-land-'));
    try {
      const object = join(directory, 'object');
      const rows: BenchRow[] = [];
      for (const [rowsEach, requests] of [
        [1, 100_000],
        [20, 20_000],
        [100, 4_000],
      ] as const) {
        at(`${rowsEach} rows a request`);
        writeLandingObject(object, { requests, rowsEach, exposureEach: 5 });
        const own = await measure(
          rowsEach === 20 ? 'write' : `write, ${rowsEach} a request`,
          object,
          directory,
          ROUNDS,
        );
        rows.push(...own.rows);
        if (rowsEach !== 20) continue;
        const alone = await duckDbAlone(object, directory, ROUNDS);
        rows.push(rowOf('write')('cpu_vs_duckdb', own.cpuMs / alone, 'ratio'));
      }
      at(LARGE);
      const repeats = Math.ceil(LARGE_BYTES / statSync(object).size);
      const request = { object, objects: 4, repeats, seconds: LARGE_SECONDS };
      const large = await repeat('land/landOnce.ts', request, join(directory, 'large'), 1);
      rows.push(rowOf(LARGE)('peak_rss_mb', Math.max(...large.map(({ rssMb }) => rssMb)), 'MB'));
      for (const [name, exposureEach] of [
        ['files of 500k rows', 5],
        ['files of 500k exposures', 1],
      ] as const) {
        at(name);
        const own = mkdtempSync(join(directory, 'files-'));
        const lines = join(own, 'lines');
        mkdirSync(lines);
        const shape = { requests: 25_000, rowsEach: 20, exposureEach };
        writeLandingObject(object, shape, (tables) => appendLines(lines, tables));
        const { files } = await measure('', object, own, 1);
        rows.push(...(await compare(name, files, lines, own)));
        rmSync(own, { recursive: true });
      }
      return rows;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

async function measure(name: string, object: string, directory: string, rounds: number) {
  const runs = await repeat('land/landOnce.ts', { object }, join(directory, 'once'), rounds);
  const row = rowOf(name);
  const rows: BenchRow[] = [
    row('rows_per_cpu_s', median(runs.map((run) => (run.rows / run.cpuMs) * 1_000)), '1/s'),
    row('peak_rss_mb', Math.max(...runs.map(({ rssMb }) => rssMb)), 'MB'),
  ];
  return { rows, cpuMs: median(runs.map((run) => run.cpuMs)), files: runs.at(-1)?.files ?? [] };
}

/** Runs a script some times, each time with a folder that is new. */
async function repeat(script: string, request: object, directory: string, rounds: number) {
  const runs: Once[] = [];
  for (let round = 0; round < rounds; round += 1) {
    rmSync(directory, { recursive: true, force: true });
    runs.push(await runOnce<Once>(script, { ...request, directory }));
  }
  return runs;
}

/** Milliseconds that DuckDB takes for the lines of an object, which are split into files already. */
async function duckDbAlone(object: string, directory: string, rounds: number): Promise<number> {
  const lines = join(directory, 'split');
  mkdirSync(lines);
  const files = new Map(forwardedKinds.map((kind) => [kind, openSync(join(lines, `${kind}.ndjson`), 'w')]));
  for (const { text, lines: all } of new LandedObject(readFileSync(object)).parts())
    for (const { kind, from, to } of all)
      if (kind !== 'quarantine') writeSync(files.get(kind) ?? -1, text, from, to - from);
  for (const file of files.values()) closeSync(file);
  const runs = await repeat('land/duckDbOnce.ts', { lines }, join(directory, 'alone'), rounds);
  rmSync(lines, { recursive: true });
  return median(runs.map(({ cpuMs }) => cpuMs));
}

/** Appends rows to a file of lines of JSON for each table and day. */
function appendLines(folder: string, tables: Readonly<Record<ForwardedKind, readonly LandedRow[]>>): void {
  for (const kind of forwardedKinds)
    for (const [day, rows] of Map.groupBy(tables[kind], (row) => row.day))
      appendFileSync(join(folder, `${kind}-${day}`), rows.map(({ json }) => `${json}\n`).join(''));
}

async function compare(
  name: string,
  ours: readonly string[],
  lines: string,
  directory: string,
): Promise<BenchRow[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const tables = forwardedTables(viewConfig);
  const theirs: Record<'plain' | 'dictionary', string[]> = { plain: [], dictionary: [] };
  for (const file of readdirSync(lines)) {
    const { columns } = tables[forwardedKinds.find((kind) => file.startsWith(kind)) ?? 'events'];
    const types = columns.map(
      (column) => `${quoteText(column.name)}: ${quoteText(DUCKDB_TYPES[column.type])}`,
    );
    for (const [kind, dictionaries] of [
      ['plain', ', DICTIONARY_SIZE_LIMIT 0'],
      ['dictionary', ''],
    ] as const) {
      const path = join(directory, `${file}-${kind}.parquet`);
      await connection.run(
        `COPY (SELECT ${columns.map((column) => quoteName(column.name)).join(', ')}
           FROM read_json(${quoteText(join(lines, file))}, format = 'newline_delimited', columns = {${types.join(', ')}}))
         TO ${quoteText(path)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION V1${dictionaries})`,
      );
      theirs[kind].push(path);
    }
  }
  const exposuresOf = (files: readonly string[]) =>
    files.filter((path) => /exposures[^/]*(?:\/|-\d+-)/.test(path));
  const bytes = (files: readonly string[]) => files.reduce((sum, path) => sum + statSync(path).size, 0);
  /** Bytes that a query for the units of one experiment reads: its columns, in row groups that may have it. */
  const read = async (files: readonly string[]) => {
    const reader = await connection.runAndReadAll(
      `WITH chunks AS (FROM parquet_metadata([${exposuresOf(files).map(quoteText).join(', ')}]))
       SELECT sum(total_compressed_size)::DOUBLE FROM chunks
         SEMI JOIN (FROM chunks WHERE path_in_schema = 'experiment_id' AND '${EXPERIMENT}' BETWEEN stats_min_value AND stats_max_value)
         USING (file_name, row_group_id)
       WHERE path_in_schema IN ('experiment_id', 'user_id', 'group_id', 'timestamp')`,
    );
    return Number(reader.getRows()[0]?.[0]);
  };
  const ourBytes = bytes(ours);
  const ourRead = await read(ours);
  const rows: BenchRow[] = [];
  const row = rowOf(name);
  for (const [kind, suffix] of [
    ['plain', ''],
    ['dictionary', '_with_dictionaries'],
  ] as const) {
    const theirRead = await read(theirs[kind]);
    rows.push(
      row(`bytes_vs_firehose${suffix}`, ourBytes / bytes(theirs[kind]), 'ratio'),
      row(`one_experiment_bytes_vs_firehose${suffix}`, ourRead / theirRead, 'ratio'),
    );
  }
  connection.closeSync();
  instance.closeSync();
  return rows;
}
