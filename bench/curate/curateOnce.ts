// One curation in a separate process.
import { linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import { curateFiles } from '../../lib/curate/engine/curateFiles.ts';
import { planCuration } from '../../lib/curate/engine/planCuration.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import { benchConfig } from '../exposureColumns.ts';
import { measureWork, readRequest } from '../measure.ts';
import { bareCopy } from './curateData.ts';

/** A Lambda with one CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES = 1_769;
/** The function's disk, and the time of one invocation. */
const DISK_BYTES = 10_240 * 2 ** 20;
const MILLISECONDS = 900_000;
const SAMPLE_MS = 250;

/** One curation. */
export interface CurationRequest {
  readonly side: 'sluice' | 'bare';
  readonly files: readonly string[];
  /** Rows of the files, as their footers say. */
  readonly rows: number;
  /** Empty folder that nothing else is in. The curated files are left in `rows`. */
  readonly directory: string;
}

const { side, files, rows, directory } = await readRequest<CurationRequest>();
const [outputDirectory, temporaryDirectory, rawDirectory] = ['rows', 'spilled', 'raw'].map((name) => {
  const path = join(directory, name);
  mkdirSync(path, { recursive: true });
  return path;
}) as [string, string, string];
const share = engineShare(MEGABYTES);
const limits = { ...share, temporaryDirectory };

let diskBytes = 0;
const timer = setInterval(() => {
  diskBytes = Math.max(diskBytes, bytesIn(directory));
}, SAMPLE_MS);
await measureWork(async () => {
  const done = side === 'sluice' ? await curate() : await copy();
  clearInterval(timer);
  return { ...done, diskMb: diskBytes / 2 ** 20 };
});
for (const path of [temporaryDirectory, rawDirectory]) rmSync(path, { recursive: true });

/** Curates the files in batches, of which one at a time is on the disk, as the function does. */
async function curate() {
  const sizes = new Map(files.map((path) => [path, statSync(path).size]));
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const machine = { ...share, diskBytes: DISK_BYTES, milliseconds: MILLISECONDS };
  const plan = planCuration({ files: files.length, bytes, rows }, machine);
  if (plan.slices > 1) throw new Error(`${plan.slices} slices.`);
  const waiting = [...files];
  const { written, account } = await curateFiles({
    table: curatedTables(benchConfig).exposures,
    files: files.length,
    slices: 1,
    slice: 0,
    rowsAtOnce: plan.rowsAtOnce,
    outputDirectory,
    limits,
    nextBatch: async () => {
      rmSync(rawDirectory, { recursive: true });
      mkdirSync(rawDirectory);
      let room = plan.batchBytes;
      const batch = waiting.splice(
        0,
        waiting.findIndex((path) => {
          room -= sizes.get(path) ?? 0;
          return room < 0;
        }) >>> 0,
      );
      return batch.length === 0
        ? null
        : batch.map((path) => {
            const fetched = join(rawDirectory, basename(path));
            linkSync(path, fetched);
            return { path: fetched, name: basename(path) };
          });
    },
  });
  return {
    rows: account.rows,
    files: written.length,
    bytes: written.reduce((sum, file) => sum + file.bytes, 0),
  };
}

async function copy() {
  const session = await DuckDbSession.open(limits, { files, directories: [outputDirectory] });
  const path = join(outputDirectory, 'rows.parquet');
  await session.run(bareCopy(files, path));
  const [counted] = await session.rows(`SELECT num_rows AS n FROM parquet_file_metadata('${path}')`);
  session.close();
  return { rows: Number(counted?.['n']), files: 1, bytes: statSync(path).size };
}

/** Bytes of a folder. Files may disappear meanwhile. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
    if (!entry.isFile()) return sum;
    return sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
