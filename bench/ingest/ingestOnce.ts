// One load in a separate process.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { duckDbEngine } from '../../lib/drops/engine/duckDbEngine.ts';
import { compileMapping } from '../../lib/drops/mapping/compileMapping.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import type { EngineFile, FileSchema } from '../../lib/parquet/FileSchema.ts';
import { measureWork, readRequest } from '../measure.ts';
import { bareCopy, benchSubject, DAY } from './ingestData.ts';

/** One load. */
export interface LoadRequest {
  /** Whose load it is. */
  readonly side: 'sluice' | 'bare';
  /** The files of the day. */
  readonly files: readonly EngineFile[];
  /** Folder for what the load writes. */
  readonly directory: string;
  /** Threads of DuckDB. */
  readonly threads: number;
  /** Memory of DuckDB before it spills, MB. */
  readonly memoryMegabytes: number;
}

const request = await readRequest<LoadRequest>();
const { side, files, threads, memoryMegabytes } = request;
const directory = mkdtempSync(join(request.directory, 'once-'));
const rowsPath = join(directory, 'rows.parquet');
const temporaryDirectory = join(directory, 'spilled');
mkdirSync(temporaryDirectory);
const limits = { memoryMegabytes, threads, temporaryDirectory };

await measureWork(async () => ({
  rows: side === 'sluice' ? await load() : await copy(),
}));
rmSync(directory, { recursive: true });

/** A complete load of files on the local disk, including reading their footers. */
async function load(): Promise<number> {
  const engine = duckDbEngine(limits);
  const schemas = (await engine.describe(files)).map((file): FileSchema => {
    if ('problem' in file) throw file.problem;
    return file;
  });
  const { rows: counted } = await engine.load({
    files: schemas,
    mapping: compileMapping(benchSubject(), schemas, DAY),
    rowsPath,
    refusedPath: join(directory, 'refused.parquet'),
    loadedAt: Date.UTC(2026, 10, 21),
    limits,
  });
  return counted.out;
}

/** Copies the files with one statement of DuckDB. @returns How many rows there are. */
async function copy(): Promise<number> {
  const reach = { files: [...files.map((file) => file.path), rowsPath], directories: [] };
  const session = await DuckDbSession.open(limits, reach);
  await session.run(bareCopy(files, rowsPath));
  const [counted] = await session.rows(`SELECT num_rows AS n FROM parquet_file_metadata('${rowsPath}')`);
  session.close();
  return Number(counted?.['n']);
}
