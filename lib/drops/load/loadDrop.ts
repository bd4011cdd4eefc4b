import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import type { LoadInPieces } from '../../ledger/DayRun.ts';
import { keysUnder } from '../../ledger/LandingBucket.ts';
import { VERSION_KEPT_MS, versionName } from '../../ledger/versions.ts';
import { loadFolder, versionNoteKey } from '../../tables/ledgerKeys.ts';
import { versionPrefix } from '../../tables/tableFolders.ts';
import type { DropObject } from '../CustomerBucket.ts';
import { cutPieces, type Drop, waitingFiles } from '../Drop.ts';
import type { LoadKind } from '../dayTable.ts';
import { type MappedRows, sumRows } from '../engine/Engine.ts';
import { inspectObjects } from '../inspectObjects.ts';
import { judgeByLogs } from '../judgeByLogs.ts';
import { requireLoadable } from '../lastLoad.ts';
import { MAX_LISTINGS, PARALLEL_RESULTS, PIECE_SHARE } from '../limits.ts';
import { listDrop } from '../listDrops.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { requirePlainFiles } from '../tableFormats.ts';
import { LoadError } from './LoadError.ts';
import type { DropDay } from './Loader.ts';
import { mapPiece, REFUSED_FILE, ROWS_FILE } from './mapPiece.ts';
import type { DayLoad } from './Progress.ts';
import { type DayPlan, loadShape, PieceStore, pieceName } from './pieces.ts';
import { keepVersion, publishVersion, quarantineRows, requireAcceptableRows } from './publishVersion.ts';
import { type SkipReason, skipReason, skipReasonRead } from './skipReason.ts';

/** The answer of lib/drops/dayTable.ts to a load that has not failed. After `piece`, another task goes on with it. */
export type DropAnswer = SkipReason | 'piece' | 'succeeded' | 'inputs_missing' | 'kept' | 'succeeded_no_data';

/** `outdated`: a file of the day, or of its pieces, was replaced or is gone. `null`: another owner has the day. */
type Answer = DropAnswer | 'outdated' | null;

/** A day whose files are known. */
interface PlannedRun {
  readonly plan: DayPlan;
  /** How far it is. */
  readonly run: LoadInPieces;
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
 * A day whose files change while it is loaded is listed and cut anew, by whichever invocation, a few times.
 *
 * @param run The load in pieces that it goes on with. Default none.
 * @param kind Its column of the table of loads: lib/drops/dayTable.ts
 * @returns Null if another owner has the day.
 * @throws SourceError, FileError, EngineError, LoadError, CatalogError, CatalogCallError; the signal's reason.
 */
export async function loadDrop(
  load: DayLoad,
  run: LoadInPieces | undefined,
  kind: LoadKind,
): Promise<DropAnswer | null> {
  const { progress } = load;
  const begun = run === undefined ? null : await readPlanned(load, run);
  if (begun !== null) {
    const answer = await loadPieces(load, begun);
    if (answer !== 'outdated') return answer;
  }
  for (let plans = (run?.plans ?? 0) + 1; plans <= MAX_LISTINGS; plans += 1) {
    progress.restart();
    const planned = await planDay(load, plans, kind);
    if (planned === null) continue;
    if (typeof planned === 'string') return planned;
    const isOne = planned.run.pieces === 1;
    const answer = isOne ? await loadAtOnce(load, planned) : await loadPieces(load, planned);
    if (answer !== 'outdated') return answer;
  }
  throw new LoadError('SLUICE_LOAD_FILES_CHANGING', `Listed ${MAX_LISTINGS} times.`);
}

/** Lists a day and cuts its files into pieces; null if one of its objects has changed meanwhile. */
async function planDay(
  load: DayLoad,
  plans: number,
  kind: LoadKind,
): Promise<PlannedRun | SkipReason | null> {
  const { loader, invocation, place, progress } = load;
  const { source, dataset, day } = place;
  invocation.signal.throwIfAborted();
  const bucket = loader.customerBucket(source, dataset);
  const listed = await listDrop(bucket, dataset, day);
  progress.drop = listed;
  await loader.faultPoint?.('listed');
  const reasonByList = await skipReason(load, kind, listed);
  if (reasonByList !== null) return reasonByList;

  const drop = await inspectDrop(load, listed);
  if (drop === null) return null;
  progress.drop = drop;
  const reasonByBytes = await skipReasonRead(load, kind, drop);
  if (reasonByBytes !== null) return reasonByBytes;
  const { entry } = progress.claim;
  const { version } = entry;
  // What is at another place has nothing to do with what came here.
  requireLoadable(drop, progress.hasMoved ? { version, files: [] } : entry, progress.accepts('empty'));

  const { fingerprint, lastModified, leftOut } = drop;
  const pieces = cutPieces(drop.files, loader.diskBytes * PIECE_SHARE);
  const startedAt = loader.clock.now();
  return {
    plan: {
      fingerprint,
      lastModified,
      leftOut: [...leftOut],
      receivedAt: receivedAt(drop),
      listedAt: progress.listedAt,
      reason: progress.reason,
      isOfTask: progress.isOfTask,
    },
    pieces,
    run: {
      version: versionName(startedAt, loader.random),
      fingerprint,
      shape: loadShape(loader, place),
      reason: progress.reason,
      taskFingerprint: load.task.fingerprint,
      plans,
      startedAt,
      pieces: pieces.length,
      done: 0,
      rows: { in: 0, out: 0, refused: 0 },
    },
  };
}

/** Reads the folder's own logs, and the bytes of objects whose names do not decide; null if one of them has changed. */
async function inspectDrop(
  { loader, invocation, place: { source, dataset, day }, progress }: DayLoad,
  listed: Drop,
): Promise<Drop | null> {
  const bucket = loader.customerBucket(source, dataset);
  await requirePlainFiles(bucket, dataset, day, listed);
  const failed = (key: string, error: SluiceError) => progress.problems.set(key, error);
  const options = { signal: invocation.signal, failed };
  const counting = await judgeByLogs(bucket, listed, options);
  return counting === null ? null : inspectObjects(bucket, counting, options);
}

/** When the last of the day's files was written. It is the `received_at` of refused rows, the same for every load. */
function receivedAt({ files }: Drop): number {
  return files.reduce((last, { lastModified }) => Math.max(last, lastModified.getTime()), 0);
}

/** Loads a day of one piece. */
async function loadAtOnce(load: DayLoad, planned: PlannedRun): Promise<Answer> {
  const { loader, invocation, place, progress } = load;
  const { run, pieces = [] } = planned;
  const files = pieces.flat();
  if (progress.claim.entry.run !== undefined) {
    const claim = await loader.ledger.dropRun(progress.claim, load.task.piece);
    if (claim === null) return null;
    progress.claim = claim;
  }
  const folder = join(loader.directory, 'piece');
  const mapped = files.length === 0 ? undefined : await mapPiece(load, pieceOf(planned, files), folder);
  if (mapped === 'outdated') return mapped;
  progress.mapped = mapped;
  const { out = 0, refused = 0 } = mapped?.rows ?? {};
  const upload = (file: string, key: string) =>
    loader.landing.upload(join(folder, file), key, invocation.signal);
  return judgeDay(load, planned, {
    files: out === 0 ? [] : [ROWS_FILE],
    refused: refused === 0 ? [] : [(key) => upload(REFUSED_FILE, key)],
    complete: async () => {
      if (out === 0) return;
      await loader.landing.putNote(noteKey(place, run));
      await loader.faultPoint?.('begun');
      await upload(ROWS_FILE, `${versionFolder(load, run)}${ROWS_FILE}`);
      await loader.faultPoint?.('uploaded');
    },
  });
}

/** Makes the pieces of a day one after the other, and judges it after the last. */
async function loadPieces(load: DayLoad, planned: PlannedRun): Promise<Answer> {
  const { loader, invocation, place } = load;
  const { clock } = loader;
  const store = storeOf(load, planned.run);
  let { run } = planned;
  if (planned.pieces !== undefined) {
    await loader.landing.putNote(noteKey(place, run));
    await loader.faultPoint?.('begun');
    await store.writePlan(planned.plan, planned.pieces);
    await loader.faultPoint?.('planned');
  }
  run = { ...run, taskPiece: load.task.piece };
  if (!(await record(load, run))) return null;
  const first = run.done;
  const startedAt = clock.now();
  let longest = 0;
  let bytes = 0;
  while (run.done < run.pieces) {
    const began = clock.now();
    const files = planned.pieces?.[run.done] ?? (await store.readFiles(run.done));
    if (files === null) return 'outdated';
    // The first piece of an invocation has all of its time. The next may be one file that is larger than all before, and must fit
    // the time that is left twice.
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const expected = Math.max(longest, ((began - startedAt) * size) / Math.max(1, bytes));
    if (run.done > first && invocation.deadline - began < 2 * expected) return handOver(load, run);
    const result = await makePiece(load, planned, run, files);
    if (result === 'outdated') return result;
    await store.writeResult(run.done, result);
    await loader.faultPoint?.('stored');
    run = afterPiece(run, result);
    if (!(await record(load, run))) return null;
    await loader.faultPoint?.('recorded');
    longest = Math.max(longest, clock.now() - began);
    bytes += size;
  }
  if (run.done > first && invocation.deadline - clock.now() < longest) return handOver(load, run);
  return judgePieces(load, planned, run);
}

/** Makes a piece, whose rows are then in the folder of the version; `outdated` if a file was replaced or is gone. */
async function makePiece(
  load: DayLoad,
  planned: PlannedRun,
  run: LoadInPieces,
  files: readonly DropObject[],
): Promise<MappedRows | 'outdated'> {
  const { loader, invocation } = load;
  const { landing, faultPoint } = loader;
  const folder = join(loader.directory, `piece-${run.done}`);
  try {
    const made = await mapPiece(load, pieceOf(planned, files), folder);
    if (made === 'outdated') return made;
    const { out, refused } = made.rows;
    const upload = (file: string, key: string) => landing.upload(join(folder, file), key, invocation.signal);
    if (out > 0) await upload(ROWS_FILE, `${versionFolder(load, run)}${rowsName(run.done)}`);
    if (refused > 0) await upload(REFUSED_FILE, storeOf(load, run).refusedKey(run.done));
    await faultPoint?.('uploaded');
    return made;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How far a load is after a piece. */
function afterPiece(run: LoadInPieces, { rows: made }: MappedRows): LoadInPieces {
  const { rows } = run;
  return {
    ...run,
    done: run.done + 1,
    rows: { in: rows.in + made.in, out: rows.out + made.out, refused: rows.refused + made.refused },
  };
}

/** Judges a day whose pieces are all made. */
async function judgePieces(load: DayLoad, planned: PlannedRun, run: LoadInPieces): Promise<Answer> {
  const { loader, progress } = load;
  const { landing } = loader;
  const store = storeOf(load, run);
  const read = await eachPiece(run, (piece) => store.readResult(piece));
  const results = read.filter((result) => result !== null);
  if (results.length < run.pieces || !(await restoreDrop(load, planned, run))) return 'outdated';
  progress.mapped = sumRows(
    results.flatMap((made) => made.files),
    results.map(({ content }) => content),
  );
  const folder = versionFolder(load, run);
  const ofPiecesWith = (what: 'out' | 'refused', keyOf: (piece: number) => string) =>
    results.flatMap(({ rows }, piece) => (rows[what] > 0 ? [keyOf(piece)] : []));
  const files = ofPiecesWith('out', rowsName);
  const written = files.map((name) => `${folder}${name}`);
  const refused = ofPiecesWith('refused', (piece) => store.refusedKey(piece));
  const isWhole = (await haveAll(load, folder, written)) && (await haveAll(load, store.folder, refused));
  if (!isWhole) return 'outdated';
  return judgeDay(load, planned, {
    files,
    refused: refused.map((from) => (key) => landing.copy(from, key)),
    complete: async () => {},
  });
}

/**
 * Judges a day by all of its rows, puts those that are refused into quarantine, and moves the partition.
 *
 * @param rows Names of the version's files; puts each file of refused rows under a key; and makes sure that the version's folder
 *   has all of its files.
 */
async function judgeDay(
  load: DayLoad,
  { plan, run }: PlannedRun,
  rows: {
    readonly files: readonly string[];
    readonly refused: readonly ((key: string) => Promise<void>)[];
    readonly complete: () => Promise<void>;
  },
): Promise<DropAnswer | null> {
  const { loader, place, progress } = load;
  const { mapped } = progress;
  if (mapped !== undefined) {
    await quarantineRows(load, plan, rows.refused);
    await loader.faultPoint?.('quarantined');
    requireAcceptableRows(mapped, place.dataset);
  }
  const hasRows = rows.files.length > 0;
  if (!hasRows && !progress.accepts('empty')) {
    const isKept = await keepVersion(load);
    if (isKept === null) return null;
    if (isKept) return progress.accepts('keep') ? 'kept' : 'inputs_missing';
  }
  await rows.complete();
  const isRead = await publishVersion(load, { version: run.version, files: rows.files });
  if (!isRead) return null;
  return hasRows ? 'succeeded' : 'succeeded_no_data';
}

/** Whether all of some keys are under a prefix. */
async function haveAll({ loader }: DayLoad, prefix: string, keys: readonly string[]): Promise<boolean> {
  const missing = new Set(keys);
  for await (const key of keysUnder(loader.landing, prefix)) missing.delete(key);
  return missing.size === 0;
}

/** Records how far a load is; false if another owner has the day. */
async function record({ loader, progress }: DayLoad, run: LoadInPieces): Promise<boolean> {
  const claim = await loader.ledger.recordRun(progress.claim, run);
  if (claim !== null) progress.claim = claim;
  return claim !== null;
}

/** Releases the day and sends the task of its next piece; null if another owner has the day. @throws QueueError */
async function handOver(
  { loader, place, progress, task }: DayLoad,
  run: LoadInPieces,
): Promise<'piece' | null> {
  const { version, fingerprint, done } = run;
  const piece = { version, done };
  const waiting = progress.drop === undefined ? {} : waitingFiles(progress.drop);
  const released = await loader.ledger.handOver(progress.claim, { ...run, taskPiece: piece }, waiting);
  if (released === null) return null;
  progress.isHandedOver = true;
  await loader.faultPoint?.('handed_over');
  const next: IngestTask = { ...task, reason: progress.reasonFor(fingerprint), fingerprint, piece };
  await loader.tasks.send([JSON.stringify(next)], 0, place.source.name);
  return 'piece';
}

/** A load in pieces as an earlier invocation has planned it; null if its plan is gone. */
async function readPlanned(load: DayLoad, run: LoadInPieces): Promise<PlannedRun | null> {
  const plan = await storeOf(load, run).readPlan();
  if (plan === null) return null;
  load.progress.resume(run, plan);
  return { plan, run };
}

/** Restores the drop of a load in pieces; false if its objects are gone. */
async function restoreDrop(load: DayLoad, { plan, pieces }: PlannedRun, run: LoadInPieces): Promise<boolean> {
  const store = storeOf(load, run);
  const files = pieces ?? (await eachPiece(run, (piece) => store.readFiles(piece)));
  const known = files.filter((some) => some !== null);
  if (known.length < run.pieces) return false;
  const { fingerprint, lastModified, leftOut } = plan;
  load.progress.drop = { files: known.flat(), leftOut, fingerprint, lastModified };
  return true;
}

/**
 * Restores what the ledger says of a load in pieces that fails: its drop, whose files are named.
 *
 * @returns The files of the piece that is next.
 */
export async function restoreFailed(load: DayLoad, run: LoadInPieces): Promise<readonly DropObject[]> {
  const planned = await readPlanned(load, run);
  if (planned === null) return [];
  await restoreDrop(load, planned, run);
  const store = storeOf(load, run);
  return (await store.readFiles(run.done)) ?? [];
}

function eachPiece<Read>(
  { pieces }: LoadInPieces,
  read: (piece: number) => Promise<Read>,
): Promise<readonly Read[]> {
  const numbers = Array.from({ length: pieces }, (_, piece) => piece);
  return mapLimit(numbers, PARALLEL_RESULTS, read);
}

function pieceOf({ plan, run }: PlannedRun, files: readonly DropObject[]) {
  return { files, loadedAt: run.startedAt, receivedAt: plan.receivedAt };
}

function storeOf({ loader, place }: DayLoad, { version }: LoadInPieces): PieceStore {
  const { dataset, day } = place;
  return new PieceStore(loader.landing, loadFolder({ table: dataset.table, day, version }));
}

function versionFolder({ loader, place }: DayLoad, { version }: LoadInPieces): string {
  return versionPrefix(loader.config, place.dataset.table, place.day, version);
}

/** Key of the note that a version is begun. A sweep that finds it due asks the ledger whether it still is. */
function noteKey({ dataset, day }: DropDay, { startedAt, version }: LoadInPieces): string {
  return versionNoteKey({ due: startedAt + VERSION_KEPT_MS, table: dataset.table, day, version });
}

function rowsName(piece: number): string {
  return `rows-${pieceName(piece)}.parquet`;
}
