import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import { listObjects } from '../../base/ObjectStore.ts';
import { sum } from '../../base/sum.ts';
import type { LoadInPieces } from '../../ledger/dayRunSchema.ts';
import { loadFolder } from '../../tables/ledgerKeys.ts';
import type { DropObject } from '../CustomerBucket.ts';
import { waitingFiles } from '../Drop.ts';
import { type MappedRows, sumRows } from '../engine/mappedRows.ts';
import { PARALLEL_RESULTS } from '../limits.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { mapPiece, REFUSED_FILE, ROWS_FILE } from './mapPiece.ts';
import { noteKey, type PlannedRun, pieceOf, type RunAnswer, versionFolder } from './PlannedRun.ts';
import type { DayLoad } from './Progress.ts';
import { PieceStore, pieceName } from './pieces.ts';
import { publishDay } from './publishDay.ts';

/**
 * Makes the pieces of a day one after the other, and judges the day after the last. A piece counts once the ledger has
 * it as done; before that, its result is in the bucket. An invocation that is killed in between makes that piece again,
 * under the same keys.
 *
 * The first piece of an invocation has all of its time. Another one begins only if the time that is left holds it
 * twice, because the next piece may be one file that is larger than all before it. Otherwise the load is handed over.
 */
export async function loadPieces(load: DayLoad, planned: PlannedRun): Promise<RunAnswer> {
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
  /** Milliseconds of the longest piece, and bytes of all pieces, that this invocation has made. */
  let longest = 0;
  let bytes = 0;
  while (run.done < run.pieces) {
    const began = clock.now();
    const files = planned.pieces?.[run.done] ?? (await store.readFiles(run.done));
    if (files === null) return 'outdated';
    const size = sum(files.map((file) => file.size));
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
async function judgePieces(load: DayLoad, planned: PlannedRun, run: LoadInPieces): Promise<RunAnswer> {
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
  return publishDay(load, planned, {
    files,
    refused: refused.map((from) => (key) => landing.copy(from, key)),
    complete: async () => {},
  });
}

/** Whether all of some keys are under a prefix. */
async function haveAll({ loader }: DayLoad, prefix: string, keys: readonly string[]): Promise<boolean> {
  const missing = new Set(keys);
  for await (const { key } of listObjects(loader.landing, prefix)) missing.delete(key);
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
export async function readPlanned(load: DayLoad, run: LoadInPieces): Promise<PlannedRun | null> {
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

/** Reads something of every piece, a few at a time, in their order. */
function eachPiece<Read>(
  { pieces }: LoadInPieces,
  read: (piece: number) => Promise<Read>,
): Promise<readonly Read[]> {
  const numbers = Array.from({ length: pieces }, (_, piece) => piece);
  return mapLimit(numbers, PARALLEL_RESULTS, read);
}

/** The store of the results of a load's pieces. */
function storeOf({ loader, place }: DayLoad, { version }: LoadInPieces): PieceStore {
  const { dataset, day } = place;
  return new PieceStore(loader.landing, loadFolder({ table: dataset.table, day, version }));
}

/** Name of the file with the rows of a piece. */
function rowsName(piece: number): string {
  return `rows-${pieceName(piece)}.parquet`;
}
