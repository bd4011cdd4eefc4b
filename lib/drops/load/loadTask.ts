import { isDeepStrictEqual } from 'node:util';
import { failureFields } from '../../base/log.ts';
import { MAX_DELAY_SECONDS } from '../../base/queue.ts';
import { listed } from '../../base/text.ts';
import type { Attempt } from '../../lambda/machine.ts';
import type { LoadInPieces } from '../../ledger/DayRun.ts';
import type { Settlement } from '../../ledger/Ledger.ts';
import type { FileFate, LedgerContent, LedgerEntry } from '../../ledger/LedgerEntry.ts';
import { VERSION_KEPT_MS } from '../../ledger/versions.ts';
import type { Source } from '../../schema/sources.ts';
import { haveSameFiles, waitingFiles } from '../Drop.ts';
import {
  answerBefore,
  answerToFailure,
  LOAD_TABLE,
  type LoadKind,
  loadKind,
  taskReasons,
} from '../dayTable.ts';
import { isElsewhere } from '../lastLoad.ts';
import { MARKER_AFTER_MS, MIN_DELAY_SECONDS, PIECE_TAKEN_MS } from '../limits.ts';
import { dropPlace } from '../listDrops.ts';
import { lacksCommit, lookbackDays, markerReason, SETTLING } from '../plan/decideDay.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { copiesOf, judgeContent } from '../usualContent.ts';
import { readDaysAround } from '../usualRows.ts';
import { LoadError, type LoadFailure, toLoadFailure } from './LoadError.ts';
import type { DropDay, Loader } from './Loader.ts';
import { type DropAnswer, loadDrop, restoreFailed } from './loadDrop.ts';
import { type DayLoad, listFileFates, Progress } from './Progress.ts';
import { loadShape } from './pieces.ts';
import { sendReceipt } from './sendReceipt.ts';
import { settledAt } from './skipReason.ts';

/** The result of a task. */
export type LoadOutcome =
  /** The ledger has the result. The message of a `failed` task is not retried. */
  | {
      readonly outcome: Settlement['state'];
      readonly rows: Settlement['rows'];
      readonly files: number;
      readonly failure: LoadFailure | undefined;
    }
  /** The files are already loaded: a duplicate message, or a day that changed back. */
  | { readonly outcome: 'unchanged' }
  /** Another owner has the day: deliver the message again. */
  | { readonly outcome: 'busy'; readonly until: number }
  /** Another owner took the day over while this load was delayed, and finishes it. */
  | { readonly outcome: 'lost' }
  /**
   * The files differ from the planned ones and may still change, or the marker is gone. The ledger has the day as waiting.
   * The message is delivered again, unless this was its last attempt. The plan also finds the day.
   */
  | { readonly outcome: 'settling'; readonly until: number; readonly again: boolean }
  /** Another load of the day is under way, in pieces: the task was sent again, for when that has ended. */
  | { readonly outcome: 'noted' }
  /** A piece of the day is done, and a task for the next was sent. */
  | { readonly outcome: 'piece'; readonly done: number; readonly pieces: number }
  /** The configuration no longer has the dataset. */
  | { readonly outcome: 'unknown' }
  /** The failure may pass. The day is released: deliver the message again. */
  | { readonly outcome: 'handed_back'; readonly failure: LoadFailure };

/**
 * Loads one day of one dataset: claims it, moves its partition to a new version, and settles the ledger. It may be killed
 * anywhere, repeated, and run twice at once ({@link loadFaultPoints}).
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
    // Another task makes the piece, its load has ended, or was planned anew.
    const entry = await loader.ledger.read(subject);
    const next = entry?.run === undefined ? entry?.queued?.piece : entry.run.taskPiece;
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
 * Sends the task of the next piece again if nobody has taken it for a while: the invocation that handed the day over may have been
 * killed before it sent the task. Of two tasks for one piece one is outdated.
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
 * Sends a task again that asks for another load than the one in pieces that is under way, which ends first: its pieces are not lost,
 * nor is the request, however that load ends. It waits for a quarter of the time for which the load is under way.
 *
 * @returns Whether it was sent.
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
  // What a person wants loaded again is loaded by then, unless it differs, has failed, or is loaded as it was configured before.
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

/** Loads a claimed day: does what follows on the answer of {@link LOAD_TABLE} that holds. */
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
    if (before !== null) return follow(load, before, await killedFailure(load, run));
    answer = await loadDrop(load, run, kind);
  } catch (error) {
    return followFailure(load, kind, error);
  }
  return answer === null ? { outcome: 'lost' } : follow(load, answer);
}

/**
 * The load in pieces that a task goes on with: the one whose piece the task names, or whichever is under way. What another
 * configuration or release has begun is planned anew.
 */
function runOf({ loader, place, task }: DayLoad, { run }: LedgerContent): LoadInPieces | undefined {
  if (run === undefined || run.shape !== loadShape(loader, place)) return undefined;
  return task.piece === undefined || isDeepStrictEqual(run.taskPiece, task.piece) ? run : undefined;
}

/** The kind of a load. A failed day that has got further is tried as often as any. */
function kindOf({ reason }: IngestTask, run: LoadInPieces | undefined): LoadKind {
  const kind = loadKind(taskReasons.find((taskReason) => taskReason === run?.reason) ?? reason);
  return kind === 'retried' && run !== undefined && run.done > 0 ? 'planned' : kind;
}

/** The failure of a day whose loads were killed each time. It names the files of the piece that was to be made. */
async function killedFailure(load: DayLoad, run: LoadInPieces | undefined): Promise<LoadFailure> {
  const { progress } = load;
  const { entry } = progress.claim;
  const files = run === undefined ? [] : await restoreFailed(load, run).catch(() => []);
  const named = files.length === 0 ? '' : ` of ${listed(files.map(({ key }) => key))}`;
  const killed = new LoadError('SLUICE_LOAD_KILLED', `${entry.attempts - 1} tries${named}.`);
  for (const { key } of files) progress.problems.set(key, killed);
  // Recording the failure does not count as an attempt.
  progress.claim = { ...progress.claim, entry: { ...entry, attempts: entry.attempts - 1 } };
  return toLoadFailure(killed);
}

/** Records a failure, by the answer that holds. */
async function followFailure(load: DayLoad, kind: LoadKind, error: unknown): Promise<LoadOutcome> {
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
  const { fingerprint = run?.fingerprint } = progress.drop ?? {};
  if (LOAD_TABLE[answer].next === 'failed' && run?.fingerprint === fingerprint && run !== undefined)
    await restoreFailed(load, run).catch(() => []);
  return follow(load, answer, failure);
}

/** Converts an error after the signal has aborted, as an aborted step may throw anything. */
function asOutOfTime(error: unknown, { signal }: Attempt): unknown {
  return signal.aborted ? new LoadError('SLUICE_LOAD_OUT_OF_TIME', '', { cause: error }) : error;
}

/** Does what follows on an answer: writes the state of {@link LOAD_TABLE} to the ledger. */
async function follow(
  load: DayLoad,
  answer: keyof typeof LOAD_TABLE,
  failure?: LoadFailure,
): Promise<LoadOutcome> {
  const { loader, progress } = load;
  const { next } = LOAD_TABLE[answer];
  switch (next) {
    case 'as before': {
      const asBefore = await loader.ledger.settle(progress.claim, unchangedSettlement(progress));
      return { outcome: asBefore === null ? 'lost' : 'unchanged' };
    }
    case 'waiting':
      if (answer === 'piece') {
        const { done = 0, pieces = 0 } = progress.claim.entry.run ?? {};
        return { outcome: 'piece', done, pieces };
      }
      if (failure === undefined) return defer(load, answer);
      // If the day can't be released, its lease expires by itself.
      await loader.ledger.release(progress.claim, { code: failure.code, message: failure.message });
      return { outcome: 'handed_back', failure };
    default: {
      const isKept = answer === 'inputs_missing' || answer === 'kept';
      return settleTask(load, next, { failure, isKept });
    }
  }
}

/** The entry's content before the claim, and whether a person accepts it. */
function unchangedSettlement(progress: Progress): Settlement {
  const { entry } = progress.claim;
  const { fingerprint, files, rows, bytes, superseded, missingSince, usualRows, content, failure } = entry;
  const { drop, place: here } = progress;
  const isLoaded = files.some(({ fate }) => fate === 'loaded');
  const isAccepted =
    entry.accepted === true || progress.accepts('keep') || (!isLoaded && progress.accepts('empty'));
  const isMissing = missingSince !== undefined && !isAccepted;
  const isOfSame = haveSameFiles(progress.drop?.fingerprint, fingerprint);
  // The same files may be at another place now. What failed there has not become right.
  const isThere = drop !== undefined && isElsewhere(drop, entry, here);
  const stillFailed = isThere && !isAccepted ? failure : undefined;
  const states: readonly (readonly [Settlement['state'], boolean])[] = [
    ['failed', stillFailed !== undefined],
    ['inputs_missing', isMissing],
    ['succeeded', isLoaded],
  ];
  const [state] = states.find(([, holds]) => holds) ?? ['succeeded_no_data'];
  return {
    place: missingSince !== undefined || isThere ? progress.rowsPlace : here,
    state,
    files,
    rows,
    bytes,
    superseded,
    // The logs of the folder may have changed, without a change of what counts.
    fingerprint: isOfSame ? (progress.drop?.fingerprint ?? fingerprint) : fingerprint,
    missingSince,
    usualRows,
    content,
    ...(isAccepted ? { accepted: true } : {}),
    failure: stillFailed,
  };
}

/** Lets a day wait for its files or its marker. */
async function defer(load: DayLoad, answer: keyof typeof LOAD_TABLE): Promise<LoadOutcome> {
  const { loader, invocation, place, task, progress } = load;
  const { drop } = progress;
  const isMarker = answer === 'marker';
  const isCommit = isMarker && drop !== undefined && lacksCommit(drop, progress.claim.entry);
  const until = isMarker || drop === undefined ? loader.clock.now() + MARKER_AFTER_MS : settledAt(load, drop);
  // People see which files are not committed.
  const files = isCommit ? listFileFates(progress, null) : progress.claim.entry.files;
  const claim = { ...progress.claim, entry: { ...progress.claim.entry, files } };
  const deferred = await loader.ledger.defer(claim, {
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    reason: isMarker ? markerReason(isCommit ? undefined : place.dataset.waitFor) : SETTLING,
    piece: task.piece,
    ...(drop === undefined ? {} : waitingFiles(drop)),
  });
  const again = !invocation.isLastAttempt && !isCommit;
  return deferred === null ? { outcome: 'lost' } : { outcome: 'settling', until, again };
}

/** Records how a load has ended. */
async function settleTask(
  load: DayLoad,
  state: Settlement['state'],
  { failure, isKept }: { readonly failure: LoadFailure | undefined; readonly isKept: boolean },
): Promise<LoadOutcome> {
  const { loader, place, task, progress } = load;
  const { mapped, drop, claim, version, filesWritten } = progress;
  const { in: read = 0, out = 0, refused = 0 } = mapped?.rows ?? {};
  const keepsRows = claim.entry.version !== undefined && (isKept || failure !== undefined);
  const rows = isKept ? claim.entry.rows : { in: read, out, refused };
  const files = listFileFates(progress, failure ?? null, isKept);
  const { missingSince = loader.clock.now() } = claim.entry;
  // A day that never came is late until a person says that it does not come.
  const isAccepted = isKept ? state === 'succeeded' : progress.accepts('empty');
  const hasCome = state === 'succeeded' || state === 'succeeded_no_data';
  const around = hasCome && !isKept ? await findDaysAround(loader, place, files) : null;
  const { usual = null, before = [], copies = [] } = around ?? {};
  const isJudged = hasCome && out > 0 && mapped !== undefined;
  const judged = isJudged ? judgeContent(mapped, before, copies) : undefined;
  const settlement: Settlement = {
    state,
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    files,
    rows,
    bytes: drop?.files.reduce((sum, { size }) => sum + size, 0) ?? 0,
    superseded: supersededVersions(loader, progress),
    place: keepsRows ? progress.rowsPlace : progress.place,
    ...(isKept ? { missingSince } : {}),
    ...(isAccepted ? { accepted: true } : {}),
    usualRows: usual ?? undefined,
    content: isKept ? claim.entry.content : judged,
    ...(version === undefined ? {} : { version }),
    ...(filesWritten === undefined ? {} : { filesWritten: [...filesWritten] }),
    failure: failure && { code: failure.code, message: failure.message },
  };
  const receipt = await sendReceipt(load, settlement);
  const written = { ...settlement, ...(receipt === undefined ? {} : { receipt }) };
  const settled = await loader.ledger.settle(claim, written, progress.listedAt);
  if (settled === null) return { outcome: 'lost' };
  await loader.faultPoint?.('settled');
  return {
    outcome: state,
    rows,
    files: files.filter(({ fate }) => fate !== 'gone').length,
    failure,
  };
}

/** Superseded versions that a sweep has not deleted yet. */
function supersededVersions({ clock }: Loader, { claim, replaced }: Progress): Settlement['superseded'] {
  const kept = claim.entry.superseded.filter(({ at }) => at > clock.now() - VERSION_KEPT_MS);
  return [...kept, ...replaced];
}

/** What the days around a day say of it; null if that is not known. A ledger that can't be read fails no load. */
async function findDaysAround(
  { ledger, log, clock }: Loader,
  { source, dataset, day }: DropDay,
  files: readonly FileFate[],
) {
  const place = { source: source.name, dataset: dataset.name };
  const after = lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays).filter(
    (lookbackDay) => lookbackDay > day,
  );
  try {
    return await readDaysAround(ledger, { ...place, day, table: dataset.table }, after, (others) =>
      copiesOf(files, others, source.kmsKeyArn !== undefined),
    );
  } catch (error) {
    log({ level: 'error', event: 'ingest_usual_rows', ...place, day, ...failureFields(error) });
    return null;
  }
}
