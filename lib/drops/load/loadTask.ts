import { isDeepStrictEqual } from 'node:util';
import { mapLimit } from '../../base/concurrency.ts';
import { failureFields } from '../../base/log.ts';
import type { LoadInPieces } from '../../ledger/DayRun.ts';
import type { Claim, Settlement } from '../../ledger/Ledger.ts';
import type { LedgerContent } from '../../ledger/LedgerEntry.ts';
import { isReadVersion } from '../../ledger/movePartition.ts';
import { VERSION_KEPT_MS } from '../../ledger/versions.ts';
import type { Source } from '../../schema/sources.ts';
import { type Drop, haveSameFiles, waitingFiles } from '../Drop.ts';
import {
  answerBefore,
  answerToFailure,
  decides,
  LOAD_TABLE,
  type LoadKind,
  loadKind,
  type TaskReason,
  taskReasons,
} from '../dayTable.ts';
import { hasSameFiles, missingFiles } from '../lastLoad.ts';
import { MARKER_AFTER_MS, PARALLEL_DAYS } from '../limits.ts';
import { markerKey } from '../listDrops.ts';
import {
  COMMIT,
  isSent,
  lacksCommit,
  lacksMarker,
  markerReason,
  SETTLING,
  settlesAt,
} from '../plan/decideDay.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { daysBefore, usualRows } from '../usualRows.ts';
import { type Failure, LoadError, type LoadFailure, TWICE_CODES, toLoadFailure } from './LoadError.ts';
import type { DropDay, Loader, LoadRun } from './Loader.ts';
import { type DropAnswer, loadDrop, restoreFailed, type SkipReason } from './loadDrop.ts';
import { haveSameFates, listFileFates, Progress } from './Progress.ts';
import { loadShape } from './pieces.ts';
import { sendReceipt } from './sendReceipt.ts';

/** The result of a task. */
export type LoadOutcome =
  /** The ledger has the result. The message of a `failed` task is not retried. */
  | {
      readonly outcome: Settlement['state'];
      readonly rows: Settlement['rows'];
      readonly files: number;
      readonly bytes: number;
      readonly durations: Settlement['durations'];
      readonly failure?: LoadFailure;
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
export async function loadTask(loader: Loader, run: LoadRun, task: IngestTask): Promise<LoadOutcome> {
  const place = findDropDay(loader.config.sources, task);
  if (place === null) return { outcome: 'unknown' };
  const work = { loader, run, place, task };
  return (await isOutdated(work)) ? { outcome: 'unchanged' } : claimAndLoad(work);
}

/** A task, and the day that it is for. */
interface TaskOfDay {
  readonly loader: Loader;
  readonly run: LoadRun;
  readonly place: DropDay;
  readonly task: IngestTask;
}

/** The same, once its day is claimed. */
interface ClaimedTask extends TaskOfDay {
  readonly progress: Progress;
  /** Its column of {@link LOAD_TABLE}. */
  readonly kind: LoadKind;
  /** The load in pieces that it goes on with. */
  readonly goesOn: LoadInPieces | undefined;
}

/** Whether a task names a piece that is not its own any more: another task makes it, the load ended, or was planned anew. */
async function isOutdated({ loader, place, task }: TaskOfDay): Promise<boolean> {
  if (task.piece === undefined) return false;
  const { source, dataset, day } = place;
  const entry = await loader.ledger.read({ source: source.name, dataset: dataset.name, day });
  const known = entry?.run === undefined ? entry?.queued?.piece : entry.run.task;
  return !isDeepStrictEqual(known, task.piece);
}

/**
 * The load in pieces that a task goes on with. It is the one whose piece the task names, or the one of the same files, unless a
 * person asks for another load of them. What another configuration or release has begun is planned anew.
 */
function findRun({ loader, place, task }: TaskOfDay, { run }: LedgerContent): LoadInPieces | undefined {
  if (run === undefined || run.shape !== loadShape(loader, place)) return undefined;
  if (task.piece !== undefined) return isDeepStrictEqual(run.task, task.piece) ? run : undefined;
  const isAsked = task.reason === 'backfill' || task.reason === 'keep' || task.reason === 'empty';
  const isSame = run.asked === task.fingerprint || haveSameFiles(run.fingerprint, task.fingerprint);
  return isSame && (!isAsked || task.reason === run.reason) ? run : undefined;
}

/** The kind of a load. A failed day that has got further is tried as often as any. */
function kindOf(reason: TaskReason, goesOn: LoadInPieces | undefined): LoadKind {
  const kind = loadKind(taskReasons.find((one) => one === goesOn?.reason) ?? reason);
  return kind === 'retried' && goesOn !== undefined && goesOn.done > 0 ? 'planned' : kind;
}

/** Claims a day, finds the answer of {@link LOAD_TABLE} that holds, and does what follows on it. */
async function claimAndLoad(of: TaskOfDay): Promise<LoadOutcome> {
  const { loader, run, place, task } = of;
  const { source, dataset, day } = place;
  const claimed = await loader.ledger.claim(
    { source: source.name, dataset: dataset.name, day, table: dataset.table },
    run.owner,
    run.leaseUntil,
    task.fingerprint,
  );
  if ('busyUntil' in claimed) return { outcome: 'busy', until: claimed.busyUntil };
  const progress = new Progress(claimed.claim, loader.clock, task);
  const { attempts, kills = 0 } = claimed.claim.entry;
  const goesOn = findRun(of, claimed.claim.entry);
  const kind = kindOf(task.reason, goesOn);
  const work: ClaimedTask = { ...of, progress, goesOn, kind };
  const given = answerBefore(work.kind, { attempts, kills, tries: run.tries });
  if (given !== null) {
    const files = goesOn === undefined ? [] : await restoreFailed(work, goesOn).catch(() => []);
    const named = files.length === 0 ? '' : ` of ${joinKeys(files)}`;
    const killed = new LoadError('SLUICE_LOAD_KILLED', `${attempts - 1} tries${named}.`);
    for (const { key } of files) progress.problems.set(key, killed);
    // Recording the failure does not count as an attempt.
    progress.claim = { ...progress.claim, entry: { ...progress.claim.entry, attempts: attempts - 1 } };
    return follow(work, given, toLoadFailure(killed));
  }
  let ended: DropAnswer | null;
  try {
    await loader.faultPoint?.('claimed');
    ended = await loadDrop(work, goesOn, (drop, isRead) =>
      isRead ? findReasonRead(work, drop) : findSkipReason(work, drop),
    );
  } catch (error) {
    return followFailure(work, error);
  }
  return ended === null ? { outcome: 'lost' } : follow(work, ended);
}

/** Why a listed day is not loaded; null if it is. */
async function findSkipReason(work: ClaimedTask, drop: Drop): Promise<SkipReason | null> {
  const { loader, run, place, kind, progress } = work;
  const { dataset, day } = place;
  const { claim } = progress;
  const { version, missingSince } = claim.entry;
  const hasLeft = missingFiles(drop, claim.entry, ['loaded']).length > 0;
  const isToEmpty = progress.accepts('empty') && (hasLeft || missingSince !== undefined);
  // A killed load may have moved the partition since, and its note would delete this version.
  const isUnchanged =
    (decides(LOAD_TABLE.unchanged, kind) || (dataset.filesLeave && hasLeft)) &&
    !isToEmpty &&
    isAlreadyLoaded(work, drop) &&
    (await isReadVersion(loader, { table: dataset.table, day, version }, run.deadline));
  if (isUnchanged) return 'unchanged';
  const isLacking = lacksMarker(drop, markerKey(dataset, day), claim.entry);
  if (decides(LOAD_TABLE.marker, kind) && isLacking) return 'marker';
  if (!decides(LOAD_TABLE.settling, kind) || isPlanned(work.task, claim, drop)) return null;
  return settledAt(work, drop) > loader.clock.now() ? 'settling' : null;
}

/** The same once the logs of its folder are read. */
async function findReasonRead(work: ClaimedTask, drop: Drop): Promise<SkipReason | null> {
  const { loader, run, place, kind, progress } = work;
  const { dataset, day } = place;
  const { entry } = progress.claim;
  if (lacksCommit(drop, entry)) return 'marker';
  const isUnchanged =
    decides(LOAD_TABLE.unchanged, kind) &&
    !progress.accepts('empty') &&
    entry.fingerprint !== null &&
    haveSameFates(progress, dataset.filesLeave) &&
    (await isReadVersion(loader, { table: dataset.table, day, version: entry.version }, run.deadline));
  return isUnchanged ? 'unchanged' : null;
}

function settledAt({ loader, place, progress }: ClaimedTask, drop: Drop): number {
  const settleMs = place.source.settleMinutes * 60_000;
  return settlesAt(drop, progress.claim.entry, { now: loader.clock.now(), settleMs });
}

/** Records a failure, by the answer that holds. */
async function followFailure(work: ClaimedTask, error: unknown): Promise<LoadOutcome> {
  const { loader, run, progress, kind } = work;
  loader.log({ level: 'error', event: 'ingest_load_error', ...failureFields(error) });
  const failure = toLoadFailure(asOutOfTime(error, run));
  const { attempts, failure: last } = progress.claim.entry;
  // The day is somebody else's by now, as soon as the message is delivered again.
  if (progress.isHandedOver) return { outcome: 'handed_back', failure };
  const isFirst = attempts === 1 && (progress.claim.entry.run?.done ?? 0) > 0;
  const answer = answerToFailure(kind, {
    attempts,
    tries: run.tries,
    isPermanent: failure.isPermanent,
    isLastMessage: run.isLastAttempt,
    isAgain: TWICE_CODES.has(failure.code) && failure.code === last?.code && !isFirst,
  });
  const { run: made } = progress.claim.entry;
  if (LOAD_TABLE[answer].next === 'failed' && progress.drop === undefined && made !== undefined)
    await restoreFailed(work, made).catch(() => []);
  return follow(work, answer, failure);
}

/** Does what follows on an answer: writes the state of {@link LOAD_TABLE} to the ledger. */
async function follow(
  work: ClaimedTask,
  answer: keyof typeof LOAD_TABLE,
  failure?: LoadFailure,
): Promise<LoadOutcome> {
  const { loader, progress } = work;
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
      if (failure === undefined) return defer(work, answer);
      await releaseClaim(loader, progress, failure);
      return { outcome: 'handed_back', failure };
    default: {
      const isKept = answer === 'inputs_missing' || answer === 'kept';
      return settleTask(work, next, { failure, isKept });
    }
  }
}

/** Lets a day wait for its files or its marker. */
async function defer(work: ClaimedTask, answer: keyof typeof LOAD_TABLE): Promise<LoadOutcome> {
  const { loader, run, place, task, progress } = work;
  const { drop } = progress;
  const isMarker = answer === 'marker';
  const isCommit = isMarker && drop !== undefined && lacksCommit(drop, progress.claim.entry);
  const marker = isCommit ? COMMIT : (place.dataset.waitFor ?? '');
  const until = isMarker || drop === undefined ? loader.clock.now() + MARKER_AFTER_MS : settledAt(work, drop);
  // People see which files are not committed.
  const files = isCommit ? listFileFates(progress, null) : progress.claim.entry.files;
  const claim = { ...progress.claim, entry: { ...progress.claim.entry, files } };
  const deferred = await loader.ledger.defer(claim, {
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    reason: isMarker ? markerReason(marker) : SETTLING,
    ...(task.piece === undefined ? {} : { piece: task.piece }),
    ...(drop === undefined ? {} : waitingFiles(drop)),
  });
  const again = !run.isLastAttempt && !isCommit;
  return deferred === null ? { outcome: 'lost' } : { outcome: 'settling', until, again };
}

/** A few keys, and how many more there are. */
function joinKeys(files: readonly { readonly key: string }[]): string {
  const names = files.slice(0, MAX_NAMED_FILES).map(({ key }) => key);
  const more = files.length - names.length;
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

/** Files of a piece that a failure names. */
const MAX_NAMED_FILES = 3;

/** The dataset and day of a task; null if the configuration no longer has the dataset. */
export function findDropDay(sources: readonly Source[], task: IngestTask): DropDay | null {
  const source = sources.find(({ name }) => name === task.source);
  const dataset = source?.datasets.find(({ name }) => name === task.dataset);
  return source === undefined || dataset === undefined ? null : { source, dataset, day: task.day };
}

/** Whether the last settled load was of these files, and succeeded. */
function isAlreadyLoaded({ progress, place }: ClaimedTask, drop: Drop): boolean {
  const { entry } = progress.claim;
  return entry.failure === undefined && hasSameFiles(drop, entry, place.dataset.filesLeave);
}

/** Whether the plan found these files settled, for this task or a later one. */
function isPlanned(task: IngestTask, { entry: { queued } }: Claim, { fingerprint }: Drop): boolean {
  const isNewer = queued?.fingerprint === fingerprint && isSent(queued);
  return task.fingerprint === fingerprint || isNewer;
}

async function settleTask(
  { loader, run, place, task, progress }: ClaimedTask,
  state: Settlement['state'],
  { failure, isKept }: { readonly failure: LoadFailure | undefined; readonly isKept: boolean },
): Promise<LoadOutcome> {
  const { mapped, drop, claim, version, bytes, durations } = progress;
  const { in: read = 0, out = 0, refused = 0 } = mapped?.rows ?? {};
  const rows = isKept ? claim.entry.rows : { in: read, out, refused };
  const files = listFileFates(progress, failure ?? null, isKept);
  const { missingSince = loader.clock.now() } = claim.entry;
  const usual = state === 'succeeded' && !isKept ? await findUsualRows(loader, place) : null;
  const settlement: Settlement = {
    state,
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    files,
    rows,
    bytes,
    durations: { ...durations },
    superseded: supersededVersions(loader, progress),
    ...(isKept ? { missingSince } : {}),
    ...(isKept && state === 'succeeded' ? { accepted: true } : {}),
    ...(usual === null ? {} : { usualRows: usual }),
    ...(version === undefined ? {} : { version }),
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
  };
  const receipt = await sendReceipt(loader, run, place, progress, settlement);
  const written = { ...settlement, ...(receipt === undefined ? {} : { receipt }) };
  const settled = await loader.ledger.settle(claim, written, progress.listedAt);
  if (settled === null) return { outcome: 'lost' };
  await loader.faultPoint?.('settled');
  return {
    outcome: state,
    rows,
    files: files.filter(({ fate }) => fate !== 'gone').length,
    bytes,
    durations,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Superseded versions that a sweep has not deleted yet. */
function supersededVersions({ clock }: Loader, { claim, replaced }: Progress): Settlement['superseded'] {
  const kept = claim.entry.superseded.filter(({ at }) => at > clock.now() - VERSION_KEPT_MS);
  return [...kept, ...replaced];
}

/** The entry's content before the claim, and whether a person accepts it. */
function unchangedSettlement(progress: Progress): Settlement {
  const { entry } = progress.claim;
  const { fingerprint, files, rows, bytes, durations, superseded, missingSince, usualRows } = entry;
  const isAccepted = entry.accepted === true || progress.accepts('keep');
  const isLoaded = files.some(({ fate }) => fate === 'loaded');
  const isMissing = missingSince !== undefined && !isAccepted;
  const isOfSame = haveSameFiles(progress.drop?.fingerprint, fingerprint);
  return {
    state: isMissing ? 'inputs_missing' : isLoaded ? 'succeeded' : 'succeeded_no_data',
    files,
    rows,
    bytes,
    durations,
    superseded,
    // The logs of the folder may have changed, without a change of what counts.
    fingerprint: isOfSame ? (progress.drop?.fingerprint ?? fingerprint) : fingerprint,
    ...(missingSince === undefined ? {} : { missingSince }),
    ...(usualRows === undefined ? {} : { usualRows }),
    ...(isAccepted ? { accepted: true } : {}),
  };
}

/** The rows that the day's weekday usually has; null if that is not known. A ledger that can't be read fails no load. */
async function findUsualRows({ ledger, log }: Loader, { source, dataset, day }: DropDay) {
  if (dataset.unusualShare === 0) return null;
  const place = { source: source.name, dataset: dataset.name };
  try {
    const entries = await mapLimit(daysBefore(day), PARALLEL_DAYS, (one) =>
      ledger.read({ ...place, day: one }),
    );
    return usualRows(
      day,
      entries.flatMap((entry) => (entry?.table === dataset.table ? [entry] : [])),
    );
  } catch (error) {
    log({ level: 'error', event: 'ingest_usual_rows', ...place, day, ...failureFields(error) });
    return null;
  }
}

/** Releases the day at once. If that fails, the lease expires by itself. */
async function releaseClaim(
  { ledger, log }: Loader,
  { claim }: Progress,
  { code, message }: Failure,
): Promise<void> {
  try {
    await ledger.release(claim, { code, message });
  } catch (error) {
    log({ level: 'error', event: 'ingest_release_failed', error: error instanceof Error ? error.name : '' });
  }
}

/** Converts an error after the signal has aborted, as an aborted step may throw anything. */
function asOutOfTime(error: unknown, { signal }: LoadRun): unknown {
  return signal.aborted ? new LoadError('SLUICE_LOAD_OUT_OF_TIME', '', { cause: error }) : error;
}
