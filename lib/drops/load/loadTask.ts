import { isDeepStrictEqual } from 'node:util';
import { failureFields } from '../../base/log.ts';
import { MAX_DELAY_SECONDS } from '../../base/queue.ts';
import { listed } from '../../base/text.ts';
import type { Attempt } from '../../lambda/machine.ts';
import type { LoadInPieces } from '../../ledger/dayRunSchema.ts';
import type { LedgerContent, LedgerEntry } from '../../ledger/LedgerEntry.ts';
import type { Source } from '../../schema/sources.ts';
import { haveSameFiles } from '../Drop.ts';
import { dropPlace } from '../datasetFolder.ts';
import {
  answerBefore,
  answerToFailure,
  LOAD_TABLE,
  type LoadKind,
  loadKind,
  taskReasons,
} from '../dayTable.ts';
import { MIN_DELAY_SECONDS, PIECE_TAKEN_MS } from '../limits.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { endLoad, type LoadOutcome } from './end/endLoad.ts';
import { LoadError, type LoadFailure, toLoadFailure } from './LoadError.ts';
import type { DropDay, Loader } from './Loader.ts';
import { loadDrop } from './loadDrop.ts';
import { restoreFailed } from './loadPieces.ts';
import type { DropAnswer } from './PlannedRun.ts';
import { type DayLoad, Progress } from './Progress.ts';
import { loadShape } from './pieces.ts';

/**
 * Loads one day of one dataset: claims it, moves its partition to a new version, and settles the ledger. It may be killed
 * anywhere, repeated, and run twice at once (`loadFaultPoints` of Loader.ts).
 *
 * A day that can't be loaded because of its files or its bucket is settled as `failed`, and queries keep reading the last
 * good version. A failure that may pass is retried until the last attempt.
 *
 * @throws what the ledger throws.
 */
export async function loadTask(loader: Loader, invocation: Attempt, task: IngestTask): Promise<LoadOutcome> {
  const place = findDropDay(loader.config.sources, task);
  if (place === null) return { outcome: 'unknown' };
  const { source, dataset, day } = place;
  const subject = { source: source.name, dataset: dataset.name, day, table: dataset.table };
  if (task.piece !== undefined) {
    const entry = await loader.ledger.read(subject);
    const next = entry?.run === undefined ? entry?.queued?.piece : entry.run.taskPiece;
    // If the ledger names another piece, another task has made this one, or the load has ended or was planned anew.
    if (!isDeepStrictEqual(next, task.piece)) {
      await sendNextPiece(loader, task, entry);
      return { outcome: 'unchanged' };
    }
  }
  const { owner, leaseUntil } = invocation;
  const claimed = await loader.ledger.claim(subject, owner, leaseUntil, task.fingerprint);
  if ('busyUntil' in claimed) {
    const { busyUntil, run } = claimed;
    return (await askAfter(loader, place, task, run))
      ? { outcome: 'noted' }
      : { outcome: 'busy', until: busyUntil };
  }
  const progress = new Progress(claimed.claim, loader.clock, task, dropPlace(source, dataset));
  return loadClaimed({ loader, invocation, place, task, progress });
}

/**
 * Sends the task of the next piece again if nobody has taken it for a while: the invocation that handed the day over
 * may have been killed before it sent the task. Of two tasks for one piece one is outdated.
 *
 * @throws QueueError
 */
async function sendNextPiece(loader: Loader, task: IngestTask, entry: LedgerEntry | null): Promise<void> {
  if (entry?.run?.taskPiece === undefined || entry.lease !== undefined) return;
  const { run, updatedAt } = entry;
  if (loader.clock.now() - updatedAt < PIECE_TAKEN_MS) return;
  const next: IngestTask = { ...task, fingerprint: run.fingerprint, piece: run.taskPiece };
  await loader.tasks.send([JSON.stringify(next)], 0, task.source);
}

/**
 * Sends a task again that asks for another load than the one in pieces that is under way. The load under way ends
 * first. So neither its pieces are lost nor the request, however that load ends. The message waits for a quarter of the
 * time for which the load has been under way.
 *
 * @param run The load in pieces that is under way; undefined if there is none.
 * @returns Whether the task was sent.
 * @throws QueueError
 */
async function askAfter(
  loader: Loader,
  place: DropDay,
  task: IngestTask,
  run: LoadInPieces | undefined,
): Promise<boolean> {
  const { clock, tasks } = loader;
  if (run === undefined || task.piece !== undefined) return false;
  const isSame = run.taskFingerprint === task.fingerprint || haveSameFiles(run.fingerprint, task.fingerprint);
  const isPlanned = ['planned', 'retried'].includes(loadKind(task.reason));
  if (isSame && (isPlanned || task.reason === run.reason)) return false;
  // What a person wants loaded again is loaded by then, unless it differs, has failed, or is loaded as it was
  // configured before.
  const isLoaded = task.reason === 'backfill' && run.shape === loadShape(loader, place);
  const reason = isLoaded ? 'triggered' : task.reason;
  const seconds = Math.ceil((clock.now() - run.startedAt) / 4_000);
  const delay = Math.min(MAX_DELAY_SECONDS, Math.max(MIN_DELAY_SECONDS, seconds));
  await tasks.send([JSON.stringify({ ...task, reason } satisfies IngestTask)], delay, task.source);
  return true;
}

/** The dataset and day of a task; null if the configuration no longer has the dataset. */
export function findDropDay(sources: readonly Source[], task: IngestTask): DropDay | null {
  const source = sources.find(({ name }) => name === task.source);
  const dataset = source?.datasets.find(({ name }) => name === task.dataset);
  return source === undefined || dataset === undefined ? null : { source, dataset, day: task.day };
}

/** Loads a claimed day, and ends the load by the answer of {@link LOAD_TABLE} that holds. */
async function loadClaimed(load: DayLoad): Promise<LoadOutcome> {
  const { loader, invocation, progress } = load;
  const { entry } = progress.claim;
  const run = runOf(load, entry);
  const kind = kindOf(load.task, run);
  const { attempts, kills = 0 } = entry;
  const before = answerBefore(kind, { attempts, kills, tries: invocation.tries });
  let answer: DropAnswer | null;
  try {
    await loader.faultPoint?.('claimed');
    await askAfter(loader, load.place, load.task, run);
    if (before !== null) return endLoad(load, before, await killedFailure(load, run));
    answer = await loadDrop(load, run, kind);
  } catch (error) {
    return endFailed(load, kind, error);
  }
  return answer === null ? { outcome: 'lost' } : endLoad(load, answer);
}

/**
 * The load in pieces that a task goes on with: the one whose piece the task names, or else the one that is under way. A
 * load that another configuration or release has begun is not gone on with: the day is planned anew.
 */
function runOf({ loader, place, task }: DayLoad, { run }: LedgerContent): LoadInPieces | undefined {
  if (run === undefined || run.shape !== loadShape(loader, place)) return undefined;
  return task.piece === undefined || isDeepStrictEqual(run.taskPiece, task.piece) ? run : undefined;
}

/**
 * The kind of a load: that of the run's own task, or else of this one. A failed day of which pieces are done is tried
 * as often as any.
 */
function kindOf({ reason }: IngestTask, run: LoadInPieces | undefined): LoadKind {
  const kind = loadKind(taskReasons.find((taskReason) => taskReason === run?.reason) ?? reason);
  return kind === 'retried' && run !== undefined && run.done > 0 ? 'planned' : kind;
}

/**
 * The failure of a day whose loads were killed each time. It names the files of the piece that was to be made. The
 * claim in the progress loses the attempt that records the failure.
 */
async function killedFailure(load: DayLoad, run: LoadInPieces | undefined): Promise<LoadFailure> {
  const { progress } = load;
  const { entry } = progress.claim;
  // A failure that can't name its files is recorded without them.
  const files = run === undefined ? [] : await restoreFailed(load, run).catch(() => []);
  const named = files.length === 0 ? '' : ` of ${listed(files.map(({ key }) => key))}`;
  const killed = new LoadError('SLUICE_LOAD_KILLED', `${entry.attempts - 1} tries${named}.`);
  for (const { key } of files) progress.problems.set(key, killed);
  // Recording the failure does not count as an attempt.
  progress.claim = { ...progress.claim, entry: { ...entry, attempts: entry.attempts - 1 } };
  return toLoadFailure(killed);
}

/** Ends a load that has thrown an error, by the answer to it that holds. */
async function endFailed(load: DayLoad, kind: LoadKind, error: unknown): Promise<LoadOutcome> {
  const { loader, invocation, progress } = load;
  loader.log({ level: 'error', event: 'ingest_load_error', ...failureFields(error) });
  const failure = toLoadFailure(asOutOfTime(error, invocation));
  const { attempts, failure: last, run } = progress.claim.entry;
  // The day is released. This message, delivered again, sends the task that could not be sent.
  if (progress.isHandedOver) return { outcome: 'handed_back', failure };
  const isFirst = attempts === 1 && run !== undefined && run.done > 0;
  const answer = answerToFailure(kind, {
    attempts,
    tries: invocation.tries,
    // A load in pieces whose files change is over: the next plan begins with the files of then.
    isPermanent:
      failure.repeats === 'always' || (failure.code === 'SLUICE_LOAD_FILES_CHANGING' && run !== undefined),
    isLastMessage: invocation.isLastAttempt,
    isAgain: failure.repeats === 'twice' && failure.code === last?.code && !isFirst,
  });
  const isOfRun =
    run !== undefined && (progress.drop === undefined || progress.drop.fingerprint === run.fingerprint);
  // A failure that can't name the files of its run is recorded without them.
  if (LOAD_TABLE[answer].next === 'failed' && isOfRun) await restoreFailed(load, run).catch(() => []);
  return endLoad(load, answer, failure);
}

/** Converts an error after the signal has aborted, as an aborted step may throw anything. */
function asOutOfTime(error: unknown, { signal }: Attempt): unknown {
  return signal.aborted ? new LoadError('SLUICE_LOAD_OUT_OF_TIME', '', { cause: error }) : error;
}
