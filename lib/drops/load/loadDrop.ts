import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import type { LoadInPieces } from '../../ledger/DayRun.ts';
import { keysUnder } from '../../ledger/LandingBucket.ts';
import { VERSION_KEPT_MS, versionName } from '../../ledger/versions.ts';
import { fileError } from '../../parquet/childProcess.ts';
import { FileError } from '../../parquet/FileError.ts';
import { loadFolder, versionNoteKey } from '../../tables/ledgerKeys.ts';
import { versionPrefix } from '../../tables/tableFolders.ts';
import type { DropObject } from '../CustomerBucket.ts';
import { cutPieces, type Drop } from '../Drop.ts';
import { inspectObjects } from '../inspectObjects.ts';
import { judgeByLogs } from '../judgeByLogs.ts';
import { requireLoadable } from '../lastLoad.ts';
import { MAX_LISTINGS, PARALLEL_RESULTS, PIECE_SHARE, PIECES_KEPT_MS } from '../limits.ts';
import { listDrops } from '../listDrops.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { requirePlainFiles } from '../tableFormats.ts';
import { type Failure, LoadError } from './LoadError.ts';
import type { DropDay, Loader, LoadRun } from './Loader.ts';
import { mapPiece } from './mapPiece.ts';
import type { Progress } from './Progress.ts';
import {
  type DayPlan,
  loadShape,
  type PieceResult,
  PieceStore,
  pieceName,
  plannedDrop,
  sumRows,
} from './pieces.ts';
import { keepVersion, publishVersion, quarantineRows, requireAcceptableRows } from './publishVersion.ts';

/** Why a listed day is not loaded: an answer of lib/drops/dayTable.ts. */
export type SkipReason = 'unchanged' | 'marker' | 'settling';

/** Finds why a day is not loaded; null if it is. @param isRead Whether the logs of its folder are read, and its bytes. */
export type FindSkipReason = (drop: Drop, isRead: boolean) => Promise<SkipReason | null>;

/** The answer of lib/drops/dayTable.ts to a load that has not failed. After `piece`, another task goes on with it. */
export type DropAnswer = SkipReason | 'piece' | 'succeeded' | 'inputs_missing' | 'kept' | 'succeeded_no_data';

/** The load of a day by one invocation. */
interface Work {
  readonly loader: Loader;
  readonly run: LoadRun;
  readonly place: DropDay;
  readonly progress: Progress;
  readonly task: IngestTask;
}

/** A day whose files are known. */
interface PlannedDay {
  readonly plan: DayPlan;
  /** How far it is. */
  readonly state: LoadInPieces;
  /** The files of each piece; absent if they are in the bucket, as an earlier invocation cut them. */
  readonly pieces?: readonly (readonly DropObject[])[];
}

/**
 * Loads a claimed day up to the partition: lists it, cuts it into pieces, fetches and maps the files of each, and moves the
 * partition to the new version. A day of one piece is loaded at once. Of a larger one as many pieces are made as the time
 * holds, and whoever claims the day next makes the others.
 *
 * A day whose files have no rows keeps those that queries read. Once a person has accepted that they go, it gets a version
 * without files.
 *
 * @param goesOn The load in pieces that it goes on with. Default none.
 * @param findSkipReason Called whenever the day is listed, and again once its logs are read. The load ends unless it returns null.
 * @returns Null if another owner has the day.
 * @throws SourceError, FileError, EngineError, LoadError, CatalogError, CatalogCallError; the signal's reason.
 */
export async function loadDrop(
  work: Work,
  goesOn: LoadInPieces | undefined,
  findSkipReason: FindSkipReason,
): Promise<DropAnswer | null> {
  const { progress } = work;
  const begun = goesOn === undefined ? null : await readPlanned(work, goesOn);
  if (begun !== null) {
    const answer = await loadPieces(work, begun);
    if (answer !== 'changed') return answer;
  }
  for (let listings = 1; listings <= MAX_LISTINGS; listings += 1) {
    const planned = await planDay(work, findSkipReason);
    if (planned === null) continue;
    if (typeof planned === 'string') return planned;
    progress.problems.clear();
    progress.bytes = 0;
    const isOne = planned.state.pieces === 1;
    const answer = isOne ? await loadAtOnce(work, planned) : await loadPieces(work, planned);
    if (answer !== 'changed') return answer;
  }
  throw new LoadError('SLUICE_LOAD_FILES_CHANGING', `Listed ${MAX_LISTINGS} times.`);
}

/** Lists a day and cuts its files into pieces; null if one of its objects has changed meanwhile. */
async function planDay(work: Work, findSkipReason: FindSkipReason): Promise<PlannedDay | SkipReason | null> {
  const { loader, run, place, progress } = work;
  const { source, dataset, day } = place;
  run.signal.throwIfAborted();
  const listedAt = loader.clock.now();
  const bucket = loader.customerBucket(source, dataset);
  const { drops } = await progress.time('list', () => listDrops(bucket, dataset, [day]));
  const listed = drops.get(day);
  if (listed === undefined) throw new RangeError(`${day} was not listed.`);
  progress.drop = listed;
  await loader.faultPoint?.('listed');
  const why = await findSkipReason(listed, false);
  if (why !== null) return why;

  const drop = await progress.time('look', () => inspectDrop(loader, place, progress, listed, run.signal));
  if (drop === null) return null;
  progress.drop = drop;
  const still = await findSkipReason(drop, true);
  if (still !== null) return still;
  requireLoadable(drop, progress.claim.entry, progress.accepts('empty'));

  const { fingerprint, lastModified, leftOut } = drop;
  const pieces = cutPieces(drop.files, loader.diskBytes * PIECE_SHARE);
  const startedAt = loader.clock.now();
  return {
    plan: {
      fingerprint,
      lastModified,
      leftOut: [...leftOut],
      receivedAt: receivedAt(drop),
      listedAt,
      reason: progress.reason,
      isAccepted: progress.isAccepted,
    },
    pieces,
    state: {
      version: versionName(startedAt, loader.random),
      fingerprint,
      shape: loadShape(loader, place),
      reason: progress.reason,
      asked: work.task.fingerprint,
      startedAt,
      due: startedAt + (pieces.length === 1 ? 1 : 3) * VERSION_KEPT_MS,
      pieces: pieces.length,
      done: 0,
      rows: { in: 0, out: 0, refused: 0 },
      bytes: 0,
      durations: {},
    },
  };
}

/** Reads the folder's own logs, and the bytes of objects whose names do not decide; null if one of them has changed. */
async function inspectDrop(
  loader: Pick<Loader, 'customerBucket'>,
  { source, dataset, day }: DropDay,
  { problems }: Progress,
  listed: Drop,
  signal: AbortSignal,
): Promise<Drop | null> {
  const bucket = loader.customerBucket(source, dataset);
  await requirePlainFiles(bucket, dataset, day, listed);
  const options = { signal, failed: (key: string, error: Failure) => problems.set(key, error) };
  const counting = await judgeByLogs(bucket, listed, options);
  return counting === null ? null : inspectObjects(bucket, counting, options);
}

/** When the last of the day's files was written. It is the `received_at` of refused rows, the same for every load. */
function receivedAt(drop: Pick<Drop, 'files'> | undefined): number {
  return (drop?.files ?? []).reduce((last, { lastModified }) => Math.max(last, lastModified.getTime()), 0);
}

/** Loads a day of one piece. */
async function loadAtOnce(work: Work, planned: PlannedDay): Promise<DropAnswer | 'changed' | null> {
  const { loader, run, place, progress } = work;
  const { state, pieces = [] } = planned;
  const files = pieces.flat();
  if (progress.claim.entry.run !== undefined) {
    const claim = await loader.ledger.dropRun(progress.claim, work.task.piece);
    if (claim === null) return null;
    progress.claim = claim;
  }
  const folder = join(loader.directory, 'piece');
  const mapped =
    files.length === 0 ? null : await mapPiece(loader, run, place, progress, pieceOf(planned, files), folder);
  if (mapped === 'changed') return mapped;
  progress.mapped = mapped ?? undefined;
  const refused = mapped?.refusedFile ?? null;
  const rows = mapped?.rowsFile ?? null;
  return judgeDay(work, planned, {
    refused: refused === null ? [] : [(key) => loader.landing.upload(refused.path, key, run.signal)],
    complete: async () => {
      if (rows === null) return;
      await loader.landing.putNote(noteKey(place, state));
      await loader.faultPoint?.('begun');
      const key = `${versionFolder(work, state)}${ROWS_FILE}`;
      await progress.time('upload', () => loader.landing.upload(rows.path, key, run.signal));
      await loader.faultPoint?.('uploaded');
    },
  });
}

/** The file of a version's rows, of a day of one piece. */
const ROWS_FILE = 'rows.parquet';

/** Makes the pieces of a day one after the other, and judges it after the last. */
async function loadPieces(work: Work, planned: PlannedDay): Promise<DropAnswer | 'changed' | null> {
  const { loader, run, place, progress } = work;
  const { clock } = loader;
  const store = storeOf(work, planned.state);
  let { state } = planned;
  if (planned.pieces === undefined) state = await moveNote(work, state);
  else {
    await loader.landing.putNote(noteKey(place, state));
    await loader.faultPoint?.('begun');
    await store.writePlan(planned.plan, planned.pieces);
    await loader.faultPoint?.('planned');
  }
  state = { ...state, task: work.task.piece };
  if (!(await record(work, state))) return null;
  const first = state.done;
  let longest = 0;
  while (state.done < state.pieces) {
    const began = clock.now();
    // The first piece of an invocation has all of its time.
    if (state.done > first && run.deadline - began < 2 * longest) return handOver(work, state);
    const files = planned.pieces?.[state.done] ?? (await store.readFiles(state.done));
    if (files === null) return 'changed';
    const result = await makePiece(work, planned, state, files);
    if (result === 'changed') return result;
    await store.writeResult(state.done, result);
    await loader.faultPoint?.('stored');
    state = afterPiece(state, result, progress);
    if (!(await record(work, state))) return null;
    await loader.faultPoint?.('recorded');
    longest = Math.max(longest, clock.now() - began);
  }
  if (state.done > first && run.deadline - clock.now() < longest) return handOver(work, state);
  return judgePieces(work, planned, state);
}

/** Makes a piece, whose rows are then in the folder of the version; `changed` if a file was replaced or is gone. */
async function makePiece(
  work: Work,
  planned: PlannedDay,
  state: LoadInPieces,
  files: readonly DropObject[],
): Promise<PieceResult | 'changed'> {
  const { loader, run, place, progress } = work;
  const { landing, faultPoint } = loader;
  const piece = { ...pieceOf(planned, files), isDescribed: state.hasProblems === true };
  const folder = join(loader.directory, `piece-${state.done}`);
  progress.problems.clear();
  try {
    const made = await mapPiece(loader, run, place, progress, piece, folder);
    if (made === 'changed') return made;
    if (made === null) return { problems: [] };
    const { rowsFile, refusedFile, ...mapped } = made;
    await progress.time('upload', async () => {
      const key = `${versionFolder(work, state)}${rowsName(state.done)}`;
      if (rowsFile !== null) await landing.upload(rowsFile.path, key, run.signal);
      const refused = storeOf(work, state).refusedKey(state.done);
      if (refusedFile !== null) await landing.upload(refusedFile.path, refused, run.signal);
    });
    await faultPoint?.('uploaded');
    return { mapped, problems: [] };
  } catch (error) {
    // The other pieces are looked into, so that every file with a problem is named at once.
    if (!(error instanceof FileError) || progress.problems.size === 0) throw error;
    const problems = [...progress.problems].flatMap(([key, problem]) =>
      problem instanceof FileError ? [{ key, code: problem.code, detail: problem.detail }] : [],
    );
    return { problems };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How far a load is after a piece. */
function afterPiece(
  state: LoadInPieces,
  { mapped, problems }: PieceResult,
  progress: Progress,
): LoadInPieces {
  const { rows } = state;
  const made = mapped?.rows ?? { in: 0, out: 0, refused: 0 };
  return {
    ...state,
    done: state.done + 1,
    rows: { in: rows.in + made.in, out: rows.out + made.out, refused: rows.refused + made.refused },
    bytes: progress.bytes,
    durations: { ...progress.durations },
    ...(problems.length > 0 ? { hasProblems: true } : {}),
  };
}

/** Judges a day whose pieces are all made. */
async function judgePieces(
  work: Work,
  planned: PlannedDay,
  state: LoadInPieces,
): Promise<DropAnswer | 'changed' | null> {
  const { loader, progress } = work;
  const { landing } = loader;
  const store = storeOf(work, state);
  const numbers = Array.from({ length: state.pieces }, (_, piece) => piece);
  const read = await mapLimit(numbers, PARALLEL_RESULTS, (piece) => store.readResult(piece));
  const results = read.filter((result) => result !== null);
  if (results.length < state.pieces || !(await restoreDrop(work, planned, state))) return 'changed';
  const problems = results.flatMap((result) => result.problems);
  progress.problems.clear();
  for (const { key, ...problem } of problems) progress.problems.set(key, fileError(problem));
  const [first] = progress.problems.values();
  if (first !== undefined) throw first;
  progress.mapped = sumRows(results.flatMap(({ mapped }) => mapped ?? []));
  const withRefused = numbers.filter((piece) => (results[piece]?.mapped?.rows.refused ?? 0) > 0);
  const withRows = numbers.filter((piece) => (results[piece]?.mapped?.rows.out ?? 0) > 0);
  const folder = versionFolder(work, state);
  const written = withRows.map((piece) => `${folder}${rowsName(piece)}`);
  const refused = withRefused.map((piece) => store.refusedKey(piece));
  const isWhole = (await haveAll(work, folder, written)) && (await haveAll(work, store.folder, refused));
  if (!isWhole) return 'changed';
  return judgeDay(work, planned, {
    refused: refused.map((from) => (key) => landing.copy(from, key)),
    complete: async () => {},
  });
}

/**
 * Judges a day by all of its rows, puts those that are refused into quarantine, and moves the partition.
 *
 * @param rows Puts each file of refused rows under a key; and makes sure that the version's folder has all of its files.
 */
async function judgeDay(
  { loader, run, place, progress }: Work,
  { plan, state }: PlannedDay,
  rows: {
    readonly refused: readonly ((key: string) => Promise<void>)[];
    readonly complete: () => Promise<void>;
  },
): Promise<DropAnswer | null> {
  const { mapped } = progress;
  if (mapped !== undefined) {
    await progress.time('quarantine', () => quarantineRows(loader, place, plan, rows.refused));
    await loader.faultPoint?.('quarantined');
    requireAcceptableRows(mapped, place.dataset);
  }
  const hasRows = mapped !== undefined && mapped.rows.out > 0;
  if (!hasRows && !progress.accepts('empty')) {
    const isKept = await keepVersion(loader, run, place, progress);
    if (isKept === null) return null;
    if (isKept) return progress.accepts('keep') ? 'kept' : 'inputs_missing';
  }
  await rows.complete();
  const { version } = state;
  const isRead = await publishVersion(loader, run, place, progress, { version, hasRows });
  if (!isRead) return null;
  return hasRows ? 'succeeded' : 'succeeded_no_data';
}

/** Whether all of some keys are under a prefix. */
async function haveAll({ loader }: Work, prefix: string, keys: readonly string[]): Promise<boolean> {
  const missing = new Set(keys);
  for await (const key of keysUnder(loader.landing, prefix)) missing.delete(key);
  return missing.size === 0;
}

/** Records how far a load is; false if another owner has the day. */
async function record({ loader, progress }: Work, state: LoadInPieces): Promise<boolean> {
  const claim = await loader.ledger.recordRun(progress.claim, state);
  if (claim !== null) progress.claim = claim;
  return claim !== null;
}

/** Releases the day and sends the task of its next piece; null if another owner has the day. @throws QueueError */
async function handOver(
  { loader, place, progress, task }: Work,
  state: LoadInPieces,
): Promise<'piece' | null> {
  const { version, fingerprint, done } = state;
  const piece = { version, done };
  const released = await loader.ledger.handOver(progress.claim, { ...state, task: piece });
  if (released === null) return null;
  progress.isHandedOver = true;
  await loader.faultPoint?.('handed_over');
  const next: IngestTask = { ...task, reason: progress.reason, fingerprint, piece };
  await loader.tasks.send([JSON.stringify(next)], 0, place.source.name);
  return 'piece';
}

/** Moves the note of a version on that may be due before the load ends: the sweep would take it for one of a killed load. */
async function moveNote({ loader, place }: Work, state: LoadInPieces): Promise<LoadInPieces> {
  const { landing, clock } = loader;
  let { due } = state;
  while (due - clock.now() < PIECES_KEPT_MS) due += VERSION_KEPT_MS;
  if (due === state.due) return state;
  const moved = { ...state, due };
  await landing.putNote(noteKey(place, moved));
  const before = noteKey(place, state);
  // Listed first: in a versioned bucket, deleting a missing object creates a delete marker.
  if ((await landing.list(before)).includes(before)) await landing.remove([before]);
  return moved;
}

/** A load in pieces as an earlier invocation has planned it; null if its plan is gone. */
async function readPlanned(work: Work, state: LoadInPieces): Promise<PlannedDay | null> {
  const plan = await storeOf(work, state).readPlan();
  if (plan === null) return null;
  work.progress.resume(state, plan);
  return { plan, state };
}

/** Restores the drop of a load in pieces; false if its objects are gone. */
async function restoreDrop(work: Work, { plan, pieces }: PlannedDay, state: LoadInPieces): Promise<boolean> {
  const store = storeOf(work, state);
  const numbers = Array.from({ length: state.pieces }, (_, piece) => piece);
  const files = pieces ?? (await mapLimit(numbers, PARALLEL_RESULTS, (piece) => store.readFiles(piece)));
  const known = files.flatMap((some) => some ?? []);
  if (files.includes(null)) return false;
  work.progress.drop = plannedDrop(plan, known);
  return true;
}

/**
 * Restores what the ledger says of a load in pieces that fails: its drop, whose files are named.
 *
 * @returns The files of the piece that is next.
 */
export async function restoreFailed(work: Work, state: LoadInPieces): Promise<readonly DropObject[]> {
  const planned = await readPlanned(work, state);
  if (planned === null) return [];
  await restoreDrop(work, planned, state);
  const store = storeOf(work, state);
  const { problems } = work.progress;
  for (let piece = 0; piece < state.done && state.hasProblems === true; piece += 1)
    for (const { key, ...problem } of (await store.readResult(piece))?.problems ?? [])
      if (!problems.has(key)) problems.set(key, fileError(problem));
  return (await store.readFiles(state.done)) ?? [];
}

function pieceOf({ plan, state }: PlannedDay, files: readonly DropObject[]) {
  return { files, loadedAt: state.startedAt, receivedAt: plan.receivedAt };
}

function storeOf({ loader, place }: Work, { version }: LoadInPieces): PieceStore {
  const { dataset, day } = place;
  return new PieceStore(loader.landing, loadFolder({ table: dataset.table, day, version }));
}

function versionFolder({ loader, place }: Work, { version }: LoadInPieces): string {
  return versionPrefix(loader.config, place.dataset.table, place.day, version);
}

function noteKey({ dataset, day }: DropDay, { due, version }: LoadInPieces): string {
  return versionNoteKey({ due, table: dataset.table, day, version });
}

function rowsName(piece: number): string {
  return `rows-${pieceName(piece)}.parquet`;
}
