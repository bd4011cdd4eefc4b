import { join } from 'node:path';
import type { SluiceError } from '../../base/errors.ts';
import type { LoadInPieces } from '../../ledger/dayRunSchema.ts';
import { versionName } from '../../ledger/versions.ts';
import type { Drop } from '../Drop.ts';
import type { LoadKind } from '../dayTable.ts';
import { cutPieces } from '../files/cutPieces.ts';
import { inspectObjects } from '../files/inspectObjects.ts';
import { judgeByLogs } from '../files/judgeByLogs.ts';
import { requireLoadable } from '../lastLoad.ts';
import { MAX_LISTINGS, PIECE_SHARE } from '../limits.ts';
import { listDrop } from '../listDrops.ts';
import { requirePlainFiles } from '../tableFormats.ts';
import { LoadError } from './LoadError.ts';
import { loadPieces, readPlanned } from './loadPieces.ts';
import { mapPiece, REFUSED_FILE, ROWS_FILE } from './mapPiece.ts';
import {
  type DropAnswer,
  noteKey,
  type PlannedRun,
  pieceOf,
  type RunAnswer,
  versionFolder,
} from './PlannedRun.ts';
import type { DayLoad } from './Progress.ts';
import { loadShape } from './pieces.ts';
import { publishDay } from './publishDay.ts';
import { type SkipReason, skipReason, skipReasonRead } from './skipReason.ts';

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

/** Loads a day of one piece: its rows reach the version's folder only once the day is judged. */
async function loadAtOnce(load: DayLoad, planned: PlannedRun): Promise<RunAnswer> {
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
  return publishDay(load, planned, {
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
