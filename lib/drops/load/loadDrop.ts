import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import type { UtcDay } from '../../base/time.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { type VersionNote, versionNoteKey } from '../../tables/ledgerKeys.ts';
import { parseIngestedKey, refusedRowsKey, versionPrefix } from '../../tables/tableFolders.ts';
import type { Drop } from '../Drop.ts';
import type { EngineFile, FileSchema, LoadResult, UnreadableFile } from '../engine/Engine.ts';
import { FileError, type FileFailure } from '../engine/FileError.ts';
import { inspectObjects } from '../inspectObjects.ts';
import { requireLoadable } from '../lastLoad.ts';
import type { Settlement } from '../ledger/Ledger.ts';
import { FILES_SHARE_OF_DISK, MOST_LISTINGS, PARALLEL_UPLOADS, VERSION_KEPT_MS } from '../limits.ts';
import { listDrops } from '../listDrops.ts';
import { compileMapping, type MappingSubject, mappingProblem } from '../mapping/compileMapping.ts';
import { requirePlainFiles } from '../tableFormats.ts';
import { fetchFiles } from './fetchFiles.ts';
import { LoadError } from './LoadError.ts';
import type { Loader, LoadRun } from './Loader.ts';
import { movePartition, partitionLocation } from './movePartition.ts';
import type { Progress } from './Progress.ts';

/** The dataset's day that is loaded. */
export interface DropPlace {
  readonly source: Source;
  readonly dataset: Dataset;
  readonly day: UtcDay;
}

/** The result of {@link loadDrop} for a loaded day. */
export type DropState = Extract<Settlement['state'], 'succeeded' | 'succeeded_no_data'>;

/** Why a listed day is not loaded: its files are already loaded, or have just changed. */
export type SkipReason = 'unchanged' | 'settling';

/**
 * Loads a claimed day up to the partition: lists it, fetches and maps its files, and moves the partition to the new version.
 * A day without rows gets a version without files if it had a partition, so that withdrawn rows are gone.
 *
 * @param findSkipReason Called whenever the day is listed. The load ends unless it returns null.
 * @returns Null if another owner has the day.
 * @throws SourceError, FileError, EngineError, LoadError, CatalogError, CatalogCallError; the signal's reason.
 */
export async function loadDrop(
  loader: Loader,
  run: LoadRun,
  place: DropPlace,
  progress: Progress,
  findSkipReason: (drop: Drop) => Promise<SkipReason | null>,
): Promise<DropState | SkipReason | null> {
  const fetched = await listAndFetch(loader, run, place, progress, findSkipReason);
  if (typeof fetched === 'string') return fetched;
  await loader.faultPoint?.('fetched');

  const { files, drop } = fetched;
  const mapped = files.length === 0 ? null : await mapFiles(loader, run, place, progress, files);
  if (mapped !== null) {
    await loader.faultPoint?.('mapped');
    await quarantine(loader, run, place, progress, drop, mapped);
    await loader.faultPoint?.('quarantined');
    requireAcceptableRows(mapped, place.dataset);
    // Regardless of the allowed share: the day would be empty although its files are not.
    if (mapped.rows.in > 0 && mapped.rows.out === 0) {
      throw new LoadError('SLUICE_LOAD_ROWS_REFUSED', `All ${mapped.rows.in} rows.`);
    }
  }
  const isRead = await switchVersion(loader, run, place, progress, mapped);
  if (!isRead) return null;
  return mapped === null ? 'succeeded_no_data' : 'succeeded';
}

/** Lists the day and fetches its files, again if one of them is replaced meanwhile. */
async function listAndFetch(
  loader: Loader,
  { signal }: LoadRun,
  place: DropPlace,
  progress: Progress,
  findSkipReason: (drop: Drop) => Promise<SkipReason | null>,
): Promise<{ readonly drop: Drop; readonly files: readonly EngineFile[] } | SkipReason> {
  const { directory, wait, random, freeBytes } = loader;
  const { source, dataset, day } = place;
  const bucket = loader.customerBucket(source, dataset);
  for (let listings = 1; listings <= MOST_LISTINGS; listings += 1) {
    signal.throwIfAborted();
    const { drops } = await progress.time('list', () => listDrops(bucket, dataset, [day]));
    const listed = drops.get(day);
    if (listed === undefined) throw new RangeError(`${day} was not listed.`);
    progress.drop = listed;
    await loader.faultPoint?.('listed');
    const why = await findSkipReason(listed);
    if (why !== null) return why;

    const drop = await progress.time('look', () => inspectDrop(loader, place, progress, listed, signal));
    if (drop === null) continue;
    progress.drop = drop;
    requireLoadable(drop, progress.claim.entry, progress.isBackfill);
    const bytes = drop.files.reduce((sum, { size }) => sum + size, 0);
    const most = Math.floor((await freeBytes()) * FILES_SHARE_OF_DISK);
    if (bytes > most) {
      throw new LoadError('SLUICE_LOAD_DAY_TOO_LARGE', `${bytes} bytes of files, room for ${most}.`);
    }
    const folder = join(directory, `files-${listings}`);
    await mkdir(folder);
    const files = await progress.time('fetch', () =>
      fetchFiles(bucket, drop.files, {
        directory: folder,
        wait,
        random,
        signal,
        failed: (key, error) => progress.problems.set(key, error),
      }),
    );
    progress.bytes = bytes;
    if (files !== null) return { drop, files };
    await rm(folder, { recursive: true, force: true });
  }
  throw new LoadError('SLUICE_LOAD_FILES_CHANGING', `Listed ${MOST_LISTINGS} times.`);
}

/** Inspects the bytes of objects whose names do not decide; null if one of them has changed. */
async function inspectDrop(
  loader: Loader,
  { source, dataset, day }: DropPlace,
  { problems }: Progress,
  listed: Drop,
  signal: AbortSignal,
): Promise<Drop | null> {
  const bucket = loader.customerBucket(source, dataset);
  await requirePlainFiles(bucket, dataset, day, listed);
  return inspectObjects(bucket, listed, { signal, failed: (key, error) => problems.set(key, error) });
}

async function mapFiles(
  loader: Loader,
  { signal }: LoadRun,
  { source, dataset, day }: DropPlace,
  progress: Progress,
  files: readonly EngineFile[],
): Promise<LoadResult> {
  const { engine, config, directory, limits, clock } = loader;
  const outputDirectory = join(directory, 'rows');
  await mkdir(outputDirectory);
  const described = await progress.time('describe', () => engine.describe(files, signal));
  const subject = { source, dataset, unitIds: config.unitIds };
  const mapping = compileMapping(subject, requireMappable(subject, described, progress));
  const mapped = await progress
    .time('map', () =>
      engine.load({
        files,
        mapping,
        day,
        outputDirectory,
        refusedPath: join(directory, 'refused.parquet'),
        loadedAt: clock.now(),
        receivedAt: receivedAt(progress),
        limits,
        signal,
      }),
    )
    .catch((error: unknown) => {
      noteProblem(error, files, progress);
      throw error;
    });
  progress.mapped = mapped;
  return mapped;
}

/** Records a file's error under its key. The engine's details begin with the file's name. */
function noteProblem(error: unknown, files: readonly EngineFile[], { problems }: Progress): void {
  if (!(error instanceof FileError)) return;
  const file = files.find(({ name }) => error.detail.startsWith(`${name}: `));
  if (file !== undefined) problems.set(file.name, error);
}

/** @throws FileError of the first file that can't be read or mapped. The problems of all files are recorded. */
function requireMappable(
  subject: MappingSubject,
  described: readonly (FileSchema | UnreadableFile)[],
  { problems }: Progress,
): readonly FileSchema[] {
  const schemas: FileSchema[] = [];
  let first: FileFailure | undefined;
  for (const file of described) {
    const problem = 'problem' in file ? file.problem : mappingProblem(subject, file);
    if (problem !== null) {
      first ??= problem;
      problems.set(file.name, problem);
    } else if (!('problem' in file)) schemas.push(file);
  }
  if (first !== undefined) throw first;
  return schemas;
}

/** When the last of the day's files was written. It is the `received_at` of refused rows, the same for every load. */
function receivedAt({ drop }: Progress): number {
  return (drop?.files ?? []).reduce((last, { lastModified }) => Math.max(last, lastModified.getTime()), 0);
}

/**
 * Writes refused rows to quarantine, also if the day fails because of them, so that people see which. Rows of the same
 * files that only an earlier mapping refused are removed.
 */
async function quarantine(
  { landing, config }: Loader,
  { signal }: LoadRun,
  { dataset, day }: DropPlace,
  progress: Progress,
  { fingerprint }: Drop,
  { refusedFile }: LoadResult,
): Promise<void> {
  const key = refusedRowsKey(config, {
    table: dataset.table,
    day,
    fingerprint,
    receivedAt: receivedAt(progress),
  });
  await progress.time('quarantine', async () => {
    if (refusedFile !== null) await landing.upload(refusedFile.path, key, signal);
    // Listed first: in a versioned bucket, deleting a missing object creates a delete marker.
    else if ((await landing.list(key)).includes(key)) await landing.remove([key]);
  });
}

/** Uploads a new version and moves the partition to it; false if another owner has the day. */
async function switchVersion(
  loader: Loader,
  run: LoadRun,
  { dataset, day }: DropPlace,
  progress: Progress,
  mapped: LoadResult | null,
): Promise<boolean> {
  const { landing, config, clock, bucket, ledger, faultPoint } = loader;
  const { table } = dataset;
  const attempts = { clock, wait: loader.wait, random: loader.random, deadline: run.deadline };
  const partition = { catalog: loader.catalog, database: config.database, table, day };
  const written = mapped?.written ?? [];

  const began = clock.now();
  const version = versionName(began, loader.random);
  const prefix = versionPrefix(config, table, day, version);
  if (written.length > 0) {
    await landing.putNote(versionNoteKey({ due: began + VERSION_KEPT_MS, table, day, version }));
    await faultPoint?.('begun');
    await progress.time('upload', () =>
      mapLimit(written, PARALLEL_UPLOADS, ({ path }) =>
        landing.upload(path, `${prefix}${basename(path)}`, run.signal),
      ),
    );
    await faultPoint?.('uploaded');
  }
  run.signal.throwIfAborted();
  // A load that was delayed beyond its lease stops here, before queries see any change.
  const renewed = await ledger.renew(progress.claim, run.leaseUntil);
  if (renewed === null) return false;
  progress.claim = renewed;
  await faultPoint?.('renewed');

  const before = await partitionLocation(partition, attempts);
  // If the ledger has a version, there was a partition, which pointed to other data than the drop has now.
  if (before === null && written.length === 0 && renewed.entry.version === undefined) return true;
  const replaced = parseIngestedKey(config, before?.slice(`s3://${bucket}/`.length) ?? '')?.version;
  const at = clock.now();
  const due = at + VERSION_KEPT_MS;
  // If the partition was dropped, only the ledger still knows its version.
  const lost = replaced === undefined ? renewed.entry.version : undefined;
  if (lost !== undefined) await landing.putNote(versionNoteKey({ due, table, day, version: lost }));
  if (replaced !== undefined) {
    await landing.putNote(versionNoteKey({ due, table, day, version: replaced }));
    await removeBeginNote(landing, { due, table, day, version: replaced });
    progress.replaced.push({ version: replaced, at });
    await faultPoint?.('noted');
  }
  await progress.time('move', () => movePartition(partition, `s3://${bucket}/${prefix}`, attempts));
  progress.version = version;
  await faultPoint?.('moved');
  return true;
}

/**
 * Removes the note from the start of a version, if it still exists. It may be due within minutes, while running queries
 * still read the version.
 *
 * @param note The version's new note, which stays.
 */
async function removeBeginNote(landing: Loader['landing'], note: VersionNote): Promise<void> {
  const began = versionTime(note.version);
  if (began === null || began + VERSION_KEPT_MS === note.due) return;
  const key = versionNoteKey({ ...note, due: began + VERSION_KEPT_MS });
  // Listed first: in a versioned bucket, deleting a missing object creates a delete marker.
  if ((await landing.list(key)).includes(key)) await landing.remove([key]);
}

/**
 * Checks the shares of refused and late rows against the limits of the dataset.
 *
 * @throws LoadError `SLUICE_LOAD_ROWS_REFUSED`, `SLUICE_LOAD_ROWS_LATE`, with the shares, and refused rows by reason.
 */
export function requireAcceptableRows(
  { rows, reasons, rowsByDaysLate }: Pick<LoadResult, 'rows' | 'reasons' | 'rowsByDaysLate'>,
  { refusedShare, lateShare }: Pick<Dataset, 'refusedShare' | 'lateShare'>,
): void {
  // Divided, not multiplied: 100 × 0.29 is less than 29 in floating point.
  if (rows.refused / rows.in > refusedShare) {
    const by = Object.entries(reasons)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ');
    throw new LoadError(
      'SLUICE_LOAD_ROWS_REFUSED',
      `${rows.refused} of ${rows.in} rows, ${percent(refusedShare)} allowed: ${by}.`,
    );
  }
  const late = Object.entries(rowsByDaysLate)
    .filter(([days]) => !['-1', '0', '1'].includes(days))
    .reduce((sum, [, count]) => sum + count, 0);
  if (late / rows.out > lateShare) {
    throw new LoadError(
      'SLUICE_LOAD_ROWS_LATE',
      `${late} of ${rows.out} rows, ${percent(lateShare)} allowed.`,
    );
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

/**
 * Name of a new version of a day: `20261120T081500123Z-1f6c09ab`. Names sort by time and are unique to a load, so that no
 * load writes to a folder of another, or to one that queries read.
 *
 * @param now Epoch milliseconds.
 * @param random Answers a number from 0 to below 1.
 */
function versionName(now: number, random: () => number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, '');
  const tail = Math.floor(random() * 2 ** 32);
  return `${time}-${tail.toString(16).padStart(8, '0')}`;
}

/** Time of a version's name, epoch milliseconds; null for a name that is not from {@link versionName}. */
function versionTime(version: string): number | null {
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/.exec(version);
  if (time === null) return null;
  const [, year, month, day, hour, minute, second, ms] = time;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? null : at;
}
