import { execFileSync } from 'node:child_process';
import {
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
import * as z from 'zod';
import { quoteName, quoteText } from '../lib/base/sql.ts';
import { LandedObject } from '../lib/landing/lines/LandedObject.ts';
import type { LandedRow } from '../lib/landing/store/encodeLines.ts';
import { DUCKDB_TYPES } from '../lib/parquet/tableFile.ts';
import { type ForwardedKind, forwardedKinds } from '../lib/schema/kinds.ts';
import { forwardedTables } from '../lib/tables/deliveredTables.ts';
import { EXPERIMENT, writeLandingObject } from './land/landData.ts';
import type { Bench, BenchRow } from './run.ts';
import { viewConfig } from './views/viewSession.ts';

const ROUNDS = 3;
/** Bytes of JSON of a file of Firehose: the largest buffer. */
const BUFFER_BYTES = 128 * 2 ** 20;

const once = z.strictObject({
  ...{ rows: z.number(), cpuMs: z.number(), rssMb: z.number() },
  files: z.array(z.string()),
});

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
        const own = measure(
          rowsEach === 20 ? 'write' : `write, ${rowsEach} a request`,
          object,
          directory,
          ROUNDS,
        );
        rows.push(...own.rows);
        if (rowsEach !== 20) continue;
        const alone = duckDbAlone(object, directory, ROUNDS);
        rows.push({ case: 'write', metric: 'cpu_vs_duckdb', value: own.cpuMs / alone, unit: 'ratio' });
      }
      for (const [name, exposureEach] of [
        ['files of 500k rows', 5],
        ['files of 500k exposures', 1],
      ] as const) {
        at(name);
        const own = mkdtempSync(join(directory, 'files-'));
        const lines = new DayLines(join(own, 'lines'));
        const shape = { requests: 25_000, rowsEach: 20, exposureEach };
        writeLandingObject(object, shape, (tables) => lines.add(tables));
        const { files } = measure('', object, own, 1);
        rows.push(...(await compare(name, files, lines.close(), own)));
        rmSync(own, { recursive: true });
      }
      return rows;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

function measure(name: string, object: string, directory: string, rounds: number) {
  const script = join(import.meta.dirname, 'land/landOnce.ts');
  const place = join(directory, 'once');
  const runs = Array.from({ length: rounds }, () => {
    rmSync(place, { recursive: true, force: true });
    return once.parse(
      JSON.parse(execFileSync(process.execPath, [script, object, place], { encoding: 'utf8' })),
    );
  });
  const perSecond = runs.map(({ rows, cpuMs }) => (rows / cpuMs) * 1_000).sort((a, b) => a - b);
  const rows: BenchRow[] = [
    { case: name, metric: 'rows_per_cpu_s', value: perSecond[rounds >> 1] ?? Number.NaN, unit: '1/s' },
    { case: name, metric: 'peak_rss_mb', value: Math.max(...runs.map(({ rssMb }) => rssMb)), unit: 'MB' },
  ];
  const cpuMs = runs.map((run) => run.cpuMs).sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN;
  return { rows, cpuMs, files: runs.at(-1)?.files ?? [] };
}

/** Milliseconds that DuckDB takes for the lines of an object, which are split into files already. */
function duckDbAlone(object: string, directory: string, rounds: number): number {
  const lines = join(directory, 'split');
  mkdirSync(lines);
  const files = new Map(forwardedKinds.map((kind) => [kind, openSync(join(lines, `${kind}.ndjson`), 'w')]));
  for (const { text, lines: all } of new LandedObject(readFileSync(object)).members())
    for (const { kind, from, to } of all)
      if (kind !== 'quarantine') writeSync(files.get(kind) ?? -1, text, from, to - from);
  for (const file of files.values()) closeSync(file);
  const script = join(import.meta.dirname, 'land/duckDbOnce.ts');
  const place = join(directory, 'alone');
  const runs = Array.from({ length: rounds }, () => {
    rmSync(place, { recursive: true, force: true });
    return once
      .omit({ rssMb: true, files: true })
      .parse(JSON.parse(execFileSync(process.execPath, [script, lines, place], { encoding: 'utf8' })));
  });
  rmSync(lines, { recursive: true });
  return runs.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN;
}

/** Lines of JSON of each table and day, as many in a file as Firehose holds before it writes one. */
class DayLines {
  readonly #folder: string;
  readonly #open = new Map<string, { file: number; bytes: number; waiting: string }>();
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder);
  }

  add(tables: Readonly<Record<ForwardedKind, readonly LandedRow[]>>): void {
    for (const kind of forwardedKinds) this.#addRows(kind, tables[kind]);
  }

  #addRows(kind: ForwardedKind, rows: readonly LandedRow[]): void {
    for (const { day, json } of rows) {
      const folder = `${kind}-${day}`;
      let open = this.#open.get(folder);
      if (open === undefined || open.bytes + json.length >= BUFFER_BYTES) {
        this.#end(open);
        this.#count += 1;
        const file = openSync(join(this.#folder, `${kind}-${this.#count}`), 'w');
        open = { file, bytes: 0, waiting: '' };
        this.#open.set(folder, open);
      }
      open.bytes += json.length + 1;
      open.waiting += `${json}\n`;
      if (open.waiting.length < 2 ** 20) continue;
      writeSync(open.file, open.waiting);
      open.waiting = '';
    }
  }

  /** Closes the files. @returns The folder. */
  close(): string {
    for (const open of this.#open.values()) this.#end(open);
    return this.#folder;
  }

  #end(open: { readonly file: number; readonly waiting: string } | undefined): void {
    if (open === undefined) return;
    writeSync(open.file, open.waiting);
    closeSync(open.file);
  }
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
  const [ourBytes, ourRead] = [bytes(ours), await read(ours)];
  const rows: BenchRow[] = [];
  for (const [kind, suffix] of [
    ['plain', ''],
    ['dictionary', '_with_dictionaries'],
  ] as const) {
    const of = (metric: string, value: number): BenchRow => ({ case: name, metric, value, unit: 'ratio' });
    rows.push(of(`bytes_vs_firehose${suffix}`, ourBytes / bytes(theirs[kind])));
    rows.push(of(`one_experiment_bytes_vs_firehose${suffix}`, ourRead / (await read(theirs[kind]))));
  }
  connection.closeSync();
  instance.closeSync();
  return rows;
}
