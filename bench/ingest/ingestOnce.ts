// One load in a separate process, whose memory can be measured: node bench/ingest/ingestOnce.ts, the request as JSON on stdin.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { DuckDBInstance } from '@duckdb/node-api';
import * as z from 'zod';
import { duckDbEngine } from '../../lib/drops/engine/duckDbEngine.ts';
import { compileMapping } from '../../lib/drops/mapping/compileMapping.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import type { FileSchema } from '../../lib/parquet/FileSchema.ts';
import { bareCopy, benchSubject } from './ingestData.ts';

const request = z
  .strictObject({
    side: z.enum(['sluice', 'bare', 'default', 'unsorted']),
    files: z.array(z.strictObject({ path: z.string(), name: z.string() })),
    directory: z.string(),
    threads: z.int(),
    memoryMegabytes: z.int(),
  })
  .parse(await json(process.stdin));
const { side, files, threads, memoryMegabytes } = request;
const directory = mkdtempSync(join(request.directory, 'once-'));
const [rowsPath, temporaryDirectory] = [join(directory, 'rows.parquet'), join(directory, 'spilled')];
mkdirSync(temporaryDirectory);
const limits = { memoryMegabytes, threads, temporaryDirectory };

const before = process.cpuUsage();
const start = performance.now();
const rows = side === 'sluice' ? await load() : side === 'default' ? await copyByDefault() : await copy();
const wallMs = performance.now() - start;
const { user, system } = process.cpuUsage(before);
rmSync(directory, { recursive: true });
const rssMb = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1_000, rssMb, rows }));

/** A complete load of files on the local disk, including reading their footers. */
async function load(): Promise<number> {
  const engine = duckDbEngine(limits);
  const schemas = (await engine.describe(files)).map((file): FileSchema => {
    if ('problem' in file) throw file.problem;
    return file;
  });
  const { rows: counted } = await engine.load({
    files: schemas,
    mapping: compileMapping(benchSubject(), schemas),
    rowsPath,
    refusedPath: join(directory, 'refused.parquet'),
    loadedAt: Date.UTC(2026, 10, 21),
    limits,
  });
  return counted.out;
}

async function copy(): Promise<number> {
  const reach = { files: [...files.map((file) => file.path), rowsPath], directories: [] };
  const session = await DuckDbSession.open(limits, reach);
  await session.run(bareCopy(files, rowsPath, side === 'bare' ? 'ORDER BY "timestamp"' : ''));
  const [counted] = await session.rows(`SELECT num_rows AS n FROM parquet_file_metadata('${rowsPath}')`);
  session.close();
  return Number(counted?.['n']);
}

/** The same in DuckDB with its own settings, except for threads and memory. */
async function copyByDefault(): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMegabytes}MiB`,
    temp_directory: temporaryDirectory,
  });
  const connection = await instance.connect();
  await connection.run(bareCopy(files, rowsPath, 'ORDER BY "timestamp"'));
  const counted = await connection.runAndReadAll(
    `SELECT num_rows AS n FROM parquet_file_metadata('${rowsPath}')`,
  );
  connection.closeSync();
  instance.closeSync();
  return Number(counted.getRowObjects()[0]?.['n']);
}
