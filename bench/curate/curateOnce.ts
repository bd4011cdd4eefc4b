// Curates the raw files of a day once, in a process of its own, whose memory and disk are measured.
import { linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { quoteText } from '../../lib/base/sql.ts';
import { sum } from '../../lib/base/sum.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import type { CuratedInput } from '../../lib/curate/engine/CurateRequest.ts';
import { curateFiles } from '../../lib/curate/engine/curateFiles.ts';
import { planCuration } from '../../lib/curate/engine/planCuration.ts';
import { engineShare } from '../../lib/lambda/machine.ts';
import { DuckDbSession } from '../../lib/parquet/DuckDbSession.ts';
import { benchConfig } from '../exposureColumns.ts';
import { measureWork, readRequest } from '../measure.ts';
import { bareCopy } from './curateData.ts';

/** A Lambda with one CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES = 1_769;
/** The largest disk of a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html */
const DISK_BYTES = 10_240 * 2 ** 20;
/** The longest time of one invocation: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const MILLISECONDS = 900_000;
/** Milliseconds between two measurements of the disk. */
const SAMPLE_MS = 250;

/** One curation, by Sluice or by {@link bareCopy}. */
export interface CurationRequest {
  /** Whose curation it is. */
  readonly side: 'sluice' | 'bare';
  /** Paths of the raw files of one day. */
  readonly files: readonly string[];
  /** Rows of the files, as their footers say. */
  readonly rows: number;
  /** Empty folder that nothing else is in. The curated files are left in `rows`. */
  readonly directory: string;
}

const { side, files, rows, directory } = await readRequest<CurationRequest>();
const outputDirectory = makeFolder('rows');
const temporaryDirectory = makeFolder('spilled');
const rawDirectory = makeFolder('raw');
const share = engineShare(MEGABYTES);
const limits = { ...share, temporaryDirectory };

let diskBytes = 0;
const timer = setInterval(() => {
  diskBytes = Math.max(diskBytes, bytesIn(directory));
}, SAMPLE_MS);
await measureWork(async () => {
  const done = side === 'sluice' ? await curate() : await copy();
  clearInterval(timer);
  return { ...done, diskMib: diskBytes / 2 ** 20 };
});
for (const path of [temporaryDirectory, rawDirectory]) rmSync(path, { recursive: true });

/** Makes a folder of the run. @returns Its path. */
function makeFolder(name: string): string {
  const path = join(directory, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/**
 * Curates the files in batches, of which one at a time is on the disk, as the function does (lib/curate/makeSlice.ts).
 *
 * @throws Error if the files need more than one slice, or do not fit at all.
 */
async function curate() {
  const waiting = files.map((path) => ({ path, size: statSync(path).size }));
  const bytes = sum(waiting.map(({ size }) => size));
  const machine = { ...share, diskBytes: DISK_BYTES, milliseconds: MILLISECONDS };
  const plan = planCuration({ bytes, rows }, machine);
  if (!plan.fits) throw new Error(`${bytes} bytes fit no function.`);
  if (plan.slices > 1) throw new Error(`${bytes} bytes need ${plan.slices} slices.`);
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
      const batch: CuratedInput[] = [];
      let room = plan.batchBytes;
      for (let file = waiting[0]; file !== undefined; file = waiting[0]) {
        // A file that is larger than the room is a batch of its own.
        if (batch.length > 0 && file.size > room) break;
        const name = basename(file.path);
        const fetched = join(rawDirectory, name);
        linkSync(file.path, fetched);
        batch.push({ path: fetched, name });
        room -= file.size;
        waiting.shift();
      }
      return batch.length === 0 ? null : batch;
    },
  });
  if (waiting.length > 0) throw new Error(`${waiting.length} of ${files.length} files were not curated.`);
  return {
    rows: account.rows,
    files: written.length,
    bytes: sum(written.map((file) => file.bytes)),
  };
}

/** Curates the files by {@link bareCopy}, and counts the rows that it has written. */
async function copy() {
  const session = await DuckDbSession.open(limits, { files, directories: [outputDirectory] });
  try {
    const path = join(outputDirectory, 'rows.parquet');
    await session.run(bareCopy(files, path));
    const [counted] = await session.rows(
      `SELECT num_rows AS n FROM parquet_file_metadata(${quoteText(path)})`,
    );
    return { rows: Number(counted?.['n']), files: 1, bytes: statSync(path).size };
  } finally {
    session.close();
  }
}

/** Bytes of a folder. Files may disappear meanwhile. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((total, entry) => {
    if (!entry.isFile()) return total;
    return total + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
