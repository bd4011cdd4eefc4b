import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import { VERSION_KEPT_MS, versionName } from '../../ledger/versions.ts';
import { FileError, type FileFailure } from '../../parquet/FileError.ts';
import type { EngineFile, FileSchema, UnreadableFile } from '../../parquet/FileSchema.ts';
import { fetchFiles, PARALLEL_READS } from '../../parquet/fetchFiles.ts';
import { MAX_FOOTER_BYTES } from '../../parquet/parquetFooter.ts';
import { versionNoteKey } from '../../tables/ledgerKeys.ts';
import { versionPrefix } from '../../tables/tableFolders.ts';
import { type CustomerBucket, type DropObject, SourceError } from '../CustomerBucket.ts';
import type { Drop } from '../Drop.ts';
import type { LoadResult } from '../engine/Engine.ts';
import { requireLoadable } from '../lastLoad.ts';
import { FOOTER_GUESS_BYTES, MAX_LISTINGS } from '../limits.ts';
import { listDrops } from '../listDrops.ts';
import { athenaDialect } from '../mapping/athena/athenaDialect.ts';
import { compileMapping, type MappingSubject, mappingProblem } from '../mapping/compileMapping.ts';
import type { Dialect } from '../mapping/Dialect.ts';
import { duckDbDialect } from '../mapping/duckDbDialect.ts';
import { whyByAthena, whyNotByAthena, whyPagesTooLarge } from './chooseEngine.ts';
import { inspectDrop, receivedAt } from './inspectDrop.ts';
import { requireAcceptableRows } from './judgeRows.ts';
import { LoadError } from './LoadError.ts';
import type { Loader, LoadRun } from './Loader.ts';
import { startByAthena } from './loadByAthena.ts';
import type { Progress } from './Progress.ts';
import { type DropDay, keepVersion, publishVersion, quarantineRows } from './publishVersion.ts';

/** The file of a version's rows. Athena reads the row groups of a large one in parallel. */
const ROWS_FILE = 'rows.parquet';

/** Why a listed day is not loaded: an answer of lib/drops/dayTable.ts. */
export type SkipReason = 'unchanged' | 'marker' | 'settling';

/** Finds why a day is not loaded; null if it is. @param isRead Whether the logs of its folder are read, and its bytes. */
type FindSkipReason = (drop: Drop, isRead: boolean) => Promise<SkipReason | null>;

/** The answer of lib/drops/dayTable.ts to a load that has not failed. After `started`, another invocation goes on with it. */
export type DropAnswer =
  | SkipReason
  | 'started'
  | 'succeeded'
  | 'inputs_missing'
  | 'kept'
  | 'succeeded_no_data';

/**
 * Loads a claimed day up to the partition: lists it, fetches and maps its files, and moves the partition to the new version.
 * A day whose files have no rows keeps those that queries read. Once a person has accepted that they go, it gets a version
 * without files.
 *
 * @param findSkipReason Called whenever the day is listed, and again once its logs are read. The load ends unless it returns null.
 * @returns Null if another owner has the day.
 * @throws SourceError, FileError, EngineError, LoadError, CatalogError, CatalogCallError; the signal's reason.
 */
export async function loadDrop(
  loader: Loader,
  run: LoadRun,
  place: DropDay,
  progress: Progress,
  findSkipReason: FindSkipReason,
): Promise<DropAnswer | null> {
  const fetched = await listAndFetch(loader, run, place, progress, findSkipReason);
  if (typeof fetched === 'string' || fetched === null) return fetched;
  await loader.faultPoint?.('fetched');

  const { files, drop } = fetched;
  const mapped = files.length === 0 ? null : await mapFiles(loader, run, place, progress, { drop, files });
  if (mapped === 'started' || mapped === 'lost') return mapped === 'started' ? mapped : null;
  if (mapped !== null) {
    await loader.faultPoint?.('mapped');
    await quarantine(loader, run, place, progress, drop, mapped.refusedFile);
    await loader.faultPoint?.('quarantined');
    requireAcceptableRows(mapped, place.dataset);
  }
  const hasRows = mapped !== null && mapped.rows.out > 0;
  if (!hasRows && !progress.accepts('empty')) {
    const isKept = await keepVersion(loader, run, place, progress);
    if (isKept === null) return null;
    if (isKept) return progress.accepts('keep') ? 'kept' : 'inputs_missing';
  }
  const isRead = await switchVersion(loader, run, place, progress, mapped);
  if (!isRead) return null;
  return hasRows ? 'succeeded' : 'succeeded_no_data';
}

/** Lists the day and fetches its files, again if one of them is replaced meanwhile. */
async function listAndFetch(
  loader: Loader,
  run: LoadRun,
  place: DropDay,
  progress: Progress,
  findSkipReason: FindSkipReason,
): Promise<{ readonly drop: Drop; readonly files: readonly EngineFile[] } | SkipReason | 'started' | null> {
  const { signal } = run;
  const { directory, wait, random, freeBytes } = loader;
  const { source, dataset, day } = place;
  const bucket = loader.customerBucket(source, dataset);
  for (let listings = 1; listings <= MAX_LISTINGS; listings += 1) {
    signal.throwIfAborted();
    const { drops } = await progress.time('list', () => listDrops(bucket, dataset, [day]));
    const listed = drops.get(day);
    if (listed === undefined) throw new RangeError(`${day} was not listed.`);
    progress.drop = listed;
    await loader.faultPoint?.('listed');
    const why = await findSkipReason(listed, false);
    if (why !== null) return why;

    const drop = await progress.time('look', () => inspectDrop(loader, place, progress, listed, signal));
    if (drop === null) continue;
    progress.drop = drop;
    const still = await findSkipReason(drop, true);
    if (still !== null) return still;
    requireLoadable(drop, progress.claim.entry, progress.accepts('empty'));
    const chosen = await chooseEngine(loader, run, place, progress, drop, listings);
    if (chosen === 'changed') continue;
    if (chosen !== 'function') return chosen;
    const bytes = drop.files.reduce((sum, { size }) => sum + size, 0);
    const room = await freeBytes();
    if (bytes > room) {
      throw new LoadError(
        'SLUICE_LOAD_DAY_TOO_LARGE',
        `${bytes} bytes of files, room for ${room}${whyNotByAthena(loader, place)}.`,
      );
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
        failure: fetchFailure,
      }),
    );
    progress.bytes = bytes;
    if (files !== null) return { drop, files };
    await rm(folder, { recursive: true, force: true });
  }
  throw new LoadError('SLUICE_LOAD_FILES_CHANGING', `Listed ${MAX_LISTINGS} times.`);
}

/** The error of a file that broke off each time, or of the function's disk. */
function fetchFailure(of: 'body' | 'full_disk' | 'disk', detail: string, cause: unknown): SluiceError {
  if (of === 'body') return new SourceError('SLUICE_SOURCE_UNAVAILABLE', detail, { cause });
  return new LoadError(of === 'full_disk' ? 'SLUICE_LOAD_DAY_TOO_LARGE' : 'SLUICE_LOAD_STOPPED', detail, {
    cause,
  });
}

/** Starts a load by Athena if the day needs one; `changed` if a file was replaced meanwhile. */
async function chooseEngine(
  loader: Loader,
  run: LoadRun,
  place: DropDay,
  progress: Progress,
  drop: Drop,
  listings: number,
): Promise<'function' | 'changed' | 'started' | null> {
  const { athena } = loader;
  if (athena === undefined) return 'function';
  const subject = { source: place.source, dataset: place.dataset, unitIds: loader.config.unitIds };
  const read = once(() =>
    progress.time('footers', () =>
      readFooters(loader, place, drop, join(loader.directory, `footers-${listings}`), run.signal),
    ),
  );
  try {
    const why = await whyByAthena(loader, place, drop, async () =>
      requireMappable(subject, await read(), progress, duckDbDialect),
    );
    // What follows on files without rows is for the function to find.
    const hasNoRows = why !== null && (await read()).every((file) => 'rows' in file && file.rows === 0);
    if (why === null || hasNoRows) return 'function';
    progress.engine = 'athena';
    const schemas = requireMappable(subject, await read(), progress, athenaDialect);
    progress.bytes = drop.files.reduce((sum, { size }) => sum + size, 0);
    return await startByAthena({ loader, athena, run, place, progress }, drop, schemas, why);
  } catch (error) {
    if (error instanceof FileChanged) return 'changed';
    noteProblem(
      error,
      drop.files.map(({ key }) => ({ name: key })),
      progress,
    );
    throw error;
  }
}

function once<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= run();
    return result;
  };
}

/** Describes the files of a drop by their footers, in sparse copies that hold nothing else. */
async function readFooters(
  { engine, customerBucket }: Loader,
  { source, dataset }: DropDay,
  drop: Drop,
  folder: string,
  signal: AbortSignal,
): Promise<readonly (FileSchema | UnreadableFile)[]> {
  await mkdir(folder);
  const bucket = customerBucket(source, dataset);
  const files = await mapLimit([...drop.files.entries()], PARALLEL_READS, async ([i, object]) => {
    signal.throwIfAborted();
    const path = join(folder, String(i));
    await fetchFooter(bucket, object, path);
    return { path, name: object.key, onlyFooter: true };
  });
  const described = await engine.describe(files, signal);
  await rm(folder, { recursive: true, force: true });
  return described;
}

/** The file was replaced or deleted while it was read. */
class FileChanged extends Error {}

/**
 * Makes a sparse copy of an object, as long as it, with the magic at its beginning and the footer at its end, whose last 8 bytes
 * contain its length.
 *
 * @throws FileChanged
 */
async function fetchFooter(
  bucket: Pick<CustomerBucket, 'read'>,
  object: DropObject,
  path: string,
): Promise<void> {
  const { size } = object;
  const handle = await open(path, 'w+');
  const fetch = async (first: number, end: number) => {
    if (end <= first) return;
    const body = await bucket.read(object, { first, last: end - 1 });
    if (body === null) throw new FileChanged();
    let place = first;
    for await (const chunk of body)
      place += (await handle.write(Buffer.from(chunk), { position: place })).bytesWritten;
  };
  try {
    await handle.truncate(size);
    const guess = Math.max(0, size - FOOTER_GUESS_BYTES);
    await fetch(guess, size);
    await fetch(0, Math.min(4, guess));
    const tail = Buffer.alloc(Math.min(8, size));
    await handle.read(tail, 0, tail.length, size - tail.length);
    if (tail.length < 8 || tail.toString('latin1', 4) !== 'PAR1') return;
    const length = tail.readUInt32LE(0);
    // A load refuses a larger one.
    if (length <= MAX_FOOTER_BYTES) await fetch(Math.max(0, size - 8 - length), guess);
  } finally {
    await handle.close();
  }
}

/** @returns `started` or `lost` if Athena loads the day instead, or another owner has it. */
async function mapFiles(
  loader: Loader,
  run: LoadRun,
  place: DropDay,
  progress: Progress,
  { drop, files }: { readonly drop: Drop; readonly files: readonly EngineFile[] },
): Promise<LoadResult | 'started' | 'lost'> {
  const { engine, config, directory, limits, clock, athena } = loader;
  const { signal } = run;
  const { source, dataset } = place;
  const noted = (error: unknown) => {
    noteProblem(error, files, progress);
    throw error;
  };
  const described = await progress.time('describe', () => engine.describe(files, signal)).catch(noted);
  const subject = { source, dataset, unitIds: config.unitIds };
  const schemas = requireMappable(subject, described, progress, duckDbDialect);
  const mapping = compileMapping(subject, schemas);
  const beyond = whyPagesTooLarge(schemas, mapping, limits);
  if (beyond !== null) {
    const whyNot = whyNotByAthena(loader, place);
    if (athena === undefined || whyNot !== '') {
      const problem = `${beyond.name}: ${beyond.words}${whyNot}.`;
      noted(new FileError('SLUICE_INGEST_FILE_PAGE_TOO_LARGE', problem));
    } else {
      progress.engine = 'athena';
      const readable = requireMappable(subject, described, progress, athenaDialect);
      const why = `${beyond.name}, ${beyond.words}, more than the function holds`;
      return (await startByAthena({ loader, athena, run, place, progress }, drop, readable, why)) ?? 'lost';
    }
  }
  const mapped = await progress
    .time('map', () =>
      engine.load({
        files: schemas,
        mapping,
        rowsPath: join(directory, ROWS_FILE),
        refusedPath: join(directory, 'refused.parquet'),
        loadedAt: clock.now(),
        receivedAt: receivedAt(progress.drop),
        limits,
        signal,
      }),
    )
    .catch(noted);
  progress.mapped = mapped;
  return mapped;
}

/** Records a file's error under its key. The engine's details begin with the file's name. */
function noteProblem(
  error: unknown,
  files: readonly Pick<EngineFile, 'name'>[],
  { problems }: Progress,
): void {
  if (!(error instanceof FileError)) return;
  const file = files.find(({ name }) => error.detail.startsWith(`${name}: `));
  if (file !== undefined) problems.set(file.name, error);
}

/** @throws FileError of the first file that can't be read or mapped. The problems of all files are recorded. */
function requireMappable(
  subject: MappingSubject,
  described: readonly (FileSchema | UnreadableFile)[],
  { problems }: Progress,
  dialect: Dialect,
): readonly FileSchema[] {
  const schemas: FileSchema[] = [];
  let first: FileFailure | undefined;
  for (const file of described) {
    const problem = 'problem' in file ? file.problem : mappingProblem(subject, file, dialect);
    if (problem !== null) {
      first ??= problem;
      problems.set(file.name, problem);
    } else if (!('problem' in file)) schemas.push(file);
  }
  if (first !== undefined) throw first;
  return schemas;
}

async function quarantine(
  loader: Loader,
  { signal }: LoadRun,
  place: DropDay,
  progress: Progress,
  { fingerprint }: Drop,
  refused: LoadResult['refusedFile'],
): Promise<void> {
  const drop = { fingerprint, receivedAt: receivedAt(progress.drop) };
  const puts = refused === null ? [] : [(key: string) => loader.landing.upload(refused.path, key, signal)];
  await progress.time('quarantine', () => quarantineRows(loader, place, drop, puts));
}

/** Uploads a new version and publishes it; false if another owner has the day. */
async function switchVersion(
  loader: Loader,
  run: LoadRun,
  place: DropDay,
  progress: Progress,
  mapped: LoadResult | null,
): Promise<boolean> {
  const { landing, config, clock, faultPoint } = loader;
  const { dataset, day } = place;
  const { table } = dataset;
  const rows = mapped?.rowsFile ?? null;
  const began = clock.now();
  const version = versionName(began, loader.random);
  if (rows !== null) {
    const prefix = versionPrefix(config, table, day, version);
    await landing.putNote(versionNoteKey({ due: began + VERSION_KEPT_MS, table, day, version }));
    await faultPoint?.('begun');
    await progress.time('upload', () => landing.upload(rows.path, `${prefix}${ROWS_FILE}`, run.signal));
    await faultPoint?.('uploaded');
  }
  return publishVersion(loader, run, place, progress, { version, hasRows: rows !== null });
}
