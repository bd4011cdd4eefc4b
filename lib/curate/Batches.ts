import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from '../base/sum.ts';
import type { Attempt } from '../lambda/machine.ts';
import { type FetchedObject, fetchFiles } from '../parquet/fetchFiles.ts';
import { footerRows, readEnds } from '../parquet/format/parquetFooter.ts';
import { CurateError } from './CurateError.ts';
import type { Curator } from './Curator.ts';
import type { CuratedInput, CurationPlan } from './engine/CurateRequest.ts';
import { planCuration } from './engine/planCuration.ts';

/** Codes of raw files that can't be fetched. */
const FETCH_FAILURES = {
  body: 'SLUICE_CURATE_BUCKET_FAILED',
  full_disk: 'SLUICE_CURATE_DAY_TOO_LARGE',
  disk: 'SLUICE_CURATE_STOPPED',
} as const;

/**
 * The raw files of a day, and those of the version that is kept, fetched batch by batch: a day may be larger than the
 * disk.
 */
export class Batches {
  readonly #curator: Curator;
  readonly #run: Attempt;
  readonly #files: readonly FetchedObject[];
  readonly #kept: ReadonlySet<string>;
  #batchBytes = Number.POSITIVE_INFINITY;
  #at = 0;
  #batch = 0;
  /** The first batch, which the plan has fetched; undefined once it was taken. */
  #first: { readonly inputs: readonly CuratedInput[] | null } | undefined;
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

  /** Plans the work. It fetches the first batch, from which it estimates how many rows the day has. @throws CurateError */
  async plan(): Promise<CurationPlan> {
    const { machine, freeBytes } = this.#curator;
    const whole = { ...machine, diskBytes: await freeBytes() };
    const files = this.#files;
    const bytes = sum(files.map(({ size }) => size));
    const { fits, batchBytes } = planCuration({ bytes, rows: 0 }, whole);
    if (!fits) throw new CurateError('SLUICE_CURATE_DAY_TOO_LARGE', `${bytes} bytes of files.`);
    this.#batchBytes = batchBytes;
    this.#first = { inputs: await this.#fetch() };
    const fetched = sum(this.#files.slice(0, this.#at).map(({ size }) => size));
    const rows = Math.ceil(((this.rows + this.#keptRows) * bytes) / fetched);
    return planCuration({ bytes, rows }, whole);
  }

  /** The next batch; null after the last. The files of the batch before are deleted. */
  async next(): Promise<readonly CuratedInput[] | null> {
    const first = this.#first;
    this.#first = undefined;
    return first === undefined ? this.#fetch() : first.inputs;
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
      makeError: (kind, detail, cause, file) =>
        new CurateError(FETCH_FAILURES[kind], detail, { cause, file }),
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
 * @param file Its key, or its name on this machine.
 * @throws CurateError SLUICE_CURATE_FILE_UNREADABLE
 */
export function countRows(path: string, file: string): number {
  try {
    return footerRows(readEnds(path).end);
  } catch (error) {
    throw new CurateError('SLUICE_CURATE_FILE_UNREADABLE', `${file}.`, { cause: error, file });
  }
}
