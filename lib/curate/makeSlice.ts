import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '../base/concurrency.ts';
import { sum } from '../base/sum.ts';
import type { Attempt } from '../lambda/machine.ts';
import type { SliceResult } from '../ledger/CuratedDay.ts';
import { type FetchedObject, fetchFiles } from '../parquet/fetchFiles.ts';
import { footerRows, readEnds } from '../parquet/parquetFooter.ts';
import { versionNoteKey } from '../tables/ledgerKeys.ts';
import { versionPrefix } from '../tables/tableFolders.ts';
import { CurateError } from './CurateError.ts';
import type { Curator } from './Curator.ts';
import type { CuratedTable } from './curatedTables.ts';
import type { CuratedInput, CurateSlice } from './engine/Curation.ts';
import { planCuration } from './engine/planCuration.ts';
import { BEGUN_KEPT_MS, PARALLEL_UPLOADS } from './limits.ts';

/** The slice of a day that a task makes. */
export interface MadeSlice extends CurateSlice {
  /** The curated table with its columns and its key. */
  readonly table: CuratedTable;
  /** The day that is curated. */
  readonly day: string;
  /** The version whose folder the slice is written to, and when the version was named, epoch milliseconds. */
  readonly version: string;
  /** When the version was named, epoch milliseconds. */
  readonly begunAt: number;
}

/** The files whose rows a curated day is made of. Each slice reads all of them. */
export interface SliceInputs {
  /** The raw files of the day. */
  readonly raw: readonly FetchedObject[];
  /** Files of the current version, whose rows the next version keeps. */
  readonly kept: readonly FetchedObject[];
}

/**
 * Makes the curated files of a slice of a day and uploads them to the folder of the version. Names begin with the
 * owner, so that no file of another attempt is taken for one of this attempt. Files that no attempt has recorded are
 * deleted before the version is published.
 *
 * @throws CurateError, EngineError, LoadError; the signal's reason.
 */
export async function makeSlice(
  curator: Curator,
  run: Attempt,
  place: MadeSlice,
  { raw, kept }: SliceInputs,
): Promise<SliceResult> {
  const { landing, config, limits } = curator;
  const { table, day, version, slices, slice, begunAt } = place;
  if (raw.length + kept.length === 0) return nothing;
  const outputDirectory = join(curator.directory, 'curated');
  await mkdir(outputDirectory);
  const batches = new Batches(curator, run, raw, kept);
  const planned = await batches.plan();
  const request = {
    table,
    slices,
    slice,
    rowsAtOnce: planned.rowsAtOnce,
    outputDirectory,
    limits,
    files: raw.length + kept.length,
    hasKept: kept.length > 0,
    nextBatch: () => batches.next(),
    signal: run.signal,
  };
  const { written, account } = await curator.curate(request);
  await batches.remove();
  const rows = written.reduce((sum, { path }) => sum + countRows(path, basename(path)), 0);
  const { rawRows, sliceRows, resends } = account;
  if (rawRows !== batches.rows || account.rows !== rows || sliceRows + account.kept !== rows + resends) {
    throw new CurateError(
      'SLUICE_CURATE_COUNTS_DIFFER',
      `${rawRows} of ${batches.rows} raw rows; ${account.rows} of ${rows} written rows and ${resends} resends of ${sliceRows} and ${account.kept} kept.`,
    );
  }
  await curator.faultPoint?.('curated');

  run.signal.throwIfAborted();
  const prefix = versionPrefix(config, table.name, day, version);
  const note = { due: begunAt + BEGUN_KEPT_MS, table: table.name, day, version };
  if (written.length > 0) await landing.putNote(versionNoteKey(note));
  await curator.faultPoint?.('begun');
  const files = await mapLimit(written, PARALLEL_UPLOADS, async ({ path, bytes }) => {
    const name = `${run.owner.slice(0, 8)}-${basename(path)}`;
    await landing.upload(path, `${prefix}${name}`, run.signal);
    return { name, bytes };
  });
  await curator.faultPoint?.('uploaded');
  await rm(outputDirectory, { recursive: true, force: true });
  return { ...account, files: [...files] };
}

/**
 * The only slice of a day that has no raw files and keeps no rows. Its version is empty, so that nothing of what was
 * deleted is read any more.
 */
const nothing: SliceResult = {
  rawRows: 0,
  sliceRows: 0,
  kept: 0,
  rows: 0,
  resends: 0,
  differing: 0,
  files: [],
};

/** Codes of raw files that can't be fetched. */
const FETCH_FAILURES = {
  body: 'SLUICE_CURATE_BUCKET_FAILED',
  full_disk: 'SLUICE_CURATE_DAY_TOO_LARGE',
  disk: 'SLUICE_CURATE_STOPPED',
} as const;

/** The raw files of a day, and those of the version that is kept, fetched batch by batch: a day may be larger than the disk. */
class Batches {
  readonly #curator: Curator;
  readonly #run: Attempt;
  readonly #files: readonly FetchedObject[];
  readonly #kept: ReadonlySet<string>;
  #batchBytes = Number.POSITIVE_INFINITY;
  #at = 0;
  #batch = 0;
  #first: readonly CuratedInput[] | null | undefined;
  #folder: string | undefined;
  /** Rows of the raw files that were fetched, by their footers. */
  rows = 0;
  /** Rows of the fetched files of the version that is kept. */
  #keptRows = 0;

  constructor(curator: Curator, run: Attempt, raw: readonly FetchedObject[], kept: readonly FetchedObject[]) {
    this.#curator = curator;
    this.#run = run;
    this.#files = [...raw, ...kept];
    this.#kept = new Set(kept.map(({ key }) => key));
  }

  /** Plans the work. It fetches the first batch, from which it estimates how many rows the day has. */
  async plan() {
    const { machine, freeBytes } = this.#curator;
    const whole = { ...machine, diskBytes: await freeBytes() };
    const files = this.#files;
    const bytes = sum(files.map(({ size }) => size));
    const { fits, batchBytes } = planCuration({ files: files.length, bytes, rows: 0 }, whole);
    if (!fits) throw new CurateError('SLUICE_CURATE_DAY_TOO_LARGE', `${bytes} bytes of files.`);
    this.#batchBytes = batchBytes;
    this.#first = await this.#fetch();
    const fetched = this.#files.slice(0, this.#at).reduce((sum, { size }) => sum + size, 0);
    const rows = fetched === 0 ? 0 : Math.ceil(((this.rows + this.#keptRows) * bytes) / fetched);
    return planCuration({ files: files.length, bytes, rows }, whole);
  }

  /** The next batch; null after the last. The files of the batch before are deleted. */
  async next(): Promise<readonly CuratedInput[] | null> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    return this.#fetch();
  }

  /** Deletes the files of the last batch. */
  async remove(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  async #fetch(): Promise<readonly CuratedInput[] | null> {
    await this.remove();
    const batch: FetchedObject[] = [];
    let bytes = 0;
    for (let file = this.#files[this.#at]; file !== undefined; file = this.#files[this.#at]) {
      if (batch.length > 0 && bytes + file.size > this.#batchBytes) break;
      batch.push(file);
      bytes += file.size;
      this.#at += 1;
    }
    if (batch.length === 0) return null;
    this.#batch += 1;
    this.#folder = join(this.#curator.directory, `raw-${this.#batch}`);
    await mkdir(this.#folder);
    const { raw, wait, random } = this.#curator;
    const files = await fetchFiles(raw, batch, {
      directory: this.#folder,
      wait,
      random,
      signal: this.#run.signal,
      // A detail names the file.
      failure: (part, detail, cause) => new CurateError(FETCH_FAILURES[part], detail, { cause }),
    });
    if (files === null) throw new CurateError('SLUICE_CURATE_FILES_CHANGED');
    return files.map((file) => {
      const isKept = this.#kept.has(file.name);
      const rows = countRows(file.path, file.name);
      if (isKept) this.#keptRows += rows;
      else this.rows += rows;
      return { ...file, isKept };
    });
  }
}

/**
 * The rows of a Parquet file, by its footer.
 *
 * @throws CurateError SLUICE_CURATE_FILE_UNREADABLE
 */
function countRows(path: string, name: string): number {
  try {
    return footerRows(readEnds(path).end);
  } catch (error) {
    throw new CurateError('SLUICE_CURATE_FILE_UNREADABLE', `${name}.`, { cause: error });
  }
}
