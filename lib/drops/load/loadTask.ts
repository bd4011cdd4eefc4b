import { mapLimit } from '../../base/concurrency.ts';
import { failureFields } from '../../base/log.ts';
import type { Claim, Settlement } from '../../ledger/Ledger.ts';
import type { AthenaLoad, AthenaStep, LedgerEntry } from '../../ledger/LedgerEntry.ts';
import { isReadVersion } from '../../ledger/movePartition.ts';
import { VERSION_KEPT_MS } from '../../ledger/versions.ts';
import { athenaObstacle, type Source } from '../../schema/sources.ts';
import type { AthenaNote } from '../../tables/ledgerKeys.ts';
import type { AthenaPort } from '../athena/AthenaPort.ts';
import { type Drop, haveSameFiles, waitingFiles } from '../Drop.ts';
import { answerBefore, answerToFailure, decides, LOAD_TABLE, type LoadKind, loadKind } from '../dayTable.ts';
import { hasSameFiles, missingFiles } from '../lastLoad.ts';
import { ATHENA_GIVEN_UP_MS, MARKER_AFTER_MS, PARALLEL_DAYS } from '../limits.ts';
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
import type { Loader, LoadRun } from './Loader.ts';
import { type AthenaWork, cleanAthenaLoad, goOnByAthena, listAgain, stopStep } from './loadByAthena.ts';
import { type DropAnswer, loadDrop, type SkipReason } from './loadDrop.ts';
import { haveSameFates, listFileFates, Progress } from './Progress.ts';
import type { DropDay } from './publishVersion.ts';
import { sendReceipt } from './sendReceipt.ts';

/** The result of a task. */
export type LoadOutcome =
  /** The ledger has the result. The message of a `failed` task is not retried. */
  | {
      readonly outcome: Settlement['state'];
      /** The engine that loaded the day, or failed to. */
      readonly engine: Progress['engine'];
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
   * The message is delivered again, unless this was its last attempt. A day that changed while Athena read it keeps the note
   * of its load, which is looked at every ten minutes. The plan also finds the day.
   */
  | { readonly outcome: 'settling'; readonly until: number; readonly again: boolean }
  /** Athena works on the day. An invocation that a change of its query's state or the schedule starts goes on with it. */
  | { readonly outcome: 'started'; readonly step: AthenaStep; readonly version: string; readonly why: string }
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
  return claimAndLoad({ loader, run, place, task }, task.fingerprint);
}

/**
 * Goes on with a day that Athena works on, as a note names it, or loads it anew once it has settled, if its files changed
 * while Athena read them. A note whose day has another load, or none, is removed.
 *
 * @throws what the ledger throws.
 */
export async function goOnTask(loader: Loader, run: LoadRun, note: AthenaNote): Promise<LoadOutcome> {
  const place = findTableDay(loader.config.sources, note);
  if (place === null) return { outcome: 'unknown' };
  const { source, dataset, day } = place;
  const entry = await loader.ledger.read({ source: source.name, dataset: dataset.name, day });
  if (entry?.lease !== undefined && entry.lease.until > loader.clock.now())
    return { outcome: 'busy', until: entry.lease.until };
  const athena = entry?.athena?.version === note.version ? entry.athena : undefined;
  const isNoted = athena?.step !== undefined;
  const fingerprint = isNoted ? athena.fingerprint : CHANGED;
  const task = { source: source.name, dataset: dataset.name, day, reason: 'changed' as const, fingerprint };
  const load = { loader, run, place, task };
  if (isNoted) return claimAndLoad(load, entry?.queued?.fingerprint ?? fingerprint, note.version);
  const outcome: LoadOutcome =
    entry !== null && isSettling(entry) ? await claimAndLoad(load, fingerprint) : { outcome: 'unchanged' };
  if (!['busy', 'settling', 'handed_back'].includes(outcome.outcome)) await cleanAthenaLoad(loader, note);
  return outcome;
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
  /** The load by Athena that it goes on with. */
  readonly goesOn: (AthenaWork & { readonly load: AthenaLoad }) | null;
}

/**
 * Claims a day, finds the answer of {@link LOAD_TABLE} that holds, and does what follows on it.
 *
 * @param queuedFor See {@link Ledger.claim}.
 * @param noted The version of the load by Athena to go on with. Default: any for the files of the task.
 */
async function claimAndLoad(of: TaskOfDay, queuedFor: string, noted?: string): Promise<LoadOutcome> {
  const { loader, run, place, task } = of;
  const { source, dataset, day } = place;
  const claimed = await loader.ledger.claim(
    { source: source.name, dataset: dataset.name, day, table: dataset.table },
    run.owner,
    run.leaseUntil,
    queuedFor,
  );
  if ('busyUntil' in claimed) return { outcome: 'busy', until: claimed.busyUntil };
  const progress = new Progress(claimed.claim, loader.clock, task);
  const { attempts, kills = 0, athena } = claimed.claim.entry;
  const load = athena?.step === undefined ? null : athena;
  if (noted !== undefined && load?.version !== noted) {
    // Another owner has ended the load since.
    const ended = new LoadError('SLUICE_LOAD_STOPPED', 'Its load by Athena has ended.');
    await releaseClaim(loader, progress, ended);
    return { outcome: 'lost' };
  }
  // A day that was requested by hand is loaded anew.
  const isForTask = haveSameFiles(load?.fingerprint, task.fingerprint) && task.reason !== 'backfill';
  const port = load === null || !isForTask ? null : portToGoOn(loader, place, load);
  if (load !== null && port === null && !(await leaveAthena(loader, place, progress, load)))
    return { outcome: 'lost' };
  const goesOn = load === null || port === null ? null : { loader, athena: port, run, place, progress, load };
  const work: ClaimedTask = { ...of, progress, goesOn, kind: goesOn ? 'athena' : loadKind(task.reason) };
  const given = answerBefore(work.kind, { attempts, kills, tries: run.tries });
  if (given !== null) {
    const killed = toLoadFailure(new LoadError('SLUICE_LOAD_KILLED', `${attempts - 1} tries.`));
    // Recording the failure does not count as an attempt.
    progress.claim = { ...progress.claim, entry: { ...progress.claim.entry, attempts: attempts - 1 } };
    return follow(work, given, killed);
  }
  let ended: DropAnswer | null;
  try {
    if (goesOn === null) await loader.faultPoint?.('claimed');
    else progress.engine = 'athena';
    ended =
      goesOn === null
        ? await loadDrop(loader, run, place, progress, (drop, isRead) =>
            isRead ? findReasonRead(work, drop) : findSkipReason(work, drop),
          )
        : await goOnByAthena(goesOn, goesOn.load);
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
  const { loader, run, progress, kind, goesOn } = work;
  loader.log({ level: 'error', event: 'ingest_load_error', ...failureFields(error) });
  const failure = toLoadFailure(asOutOfTime(error, run));
  const { attempts, failure: last } = progress.claim.entry;
  const answer = answerToFailure(kind, {
    ...{ attempts, tries: run.tries, isPermanent: failure.isPermanent, isLastMessage: run.isLastAttempt },
    isAgain: TWICE_CODES.has(failure.code) && failure.code === last?.code,
  });
  if (goesOn !== null && LOAD_TABLE[answer].next === 'failed') {
    // The ledger names the files that the failure holds back.
    progress.drop ??= (await listAgain(goesOn).catch(() => null)) ?? undefined;
    // Athena read some files before, and others after the change.
    if (progress.drop !== undefined && !haveSameFiles(progress.drop.fingerprint, goesOn.load.fingerprint))
      return follow(work, 'settling');
    // Its state is not known: it may run.
    if (!failure.isPermanent && progress.athena?.execution !== undefined)
      await stopBest(goesOn, progress.athena);
  }
  return follow(work, answer, failure);
}

/** Does what follows on an answer: writes the state of {@link LOAD_TABLE} to the ledger. */
async function follow(
  work: ClaimedTask,
  answer: keyof typeof LOAD_TABLE,
  failure?: LoadFailure,
): Promise<LoadOutcome> {
  const { loader, progress, goesOn } = work;
  const { next } = LOAD_TABLE[answer];
  switch (next) {
    case 'loading':
      return afterStart(work);
    case 'as before': {
      const asBefore = await loader.ledger.settle(progress.claim, unchangedSettlement(progress));
      return { outcome: asBefore === null ? 'lost' : 'unchanged' };
    }
    case 'waiting':
      if (failure === undefined) return goesOn === null ? defer(work, answer) : deferChanged(work, goesOn);
      await releaseClaim(loader, progress, failure);
      return { outcome: 'handed_back', failure };
    default: {
      const isKept = answer === 'inputs_missing' || answer === 'kept';
      const outcome = await settleTask(work, next, { failure, isKept });
      if (goesOn !== null) await cleanBest(loader, work.place, goesOn.load);
      return outcome;
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
    ...(drop === undefined ? {} : waitingFiles(drop)),
  });
  const again = !run.isLastAttempt && !isCommit;
  return deferred === null ? { outcome: 'lost' } : { outcome: 'settling', until, again };
}

/** Whether a day waits for its files to settle, and no task is sent for it. */
function isSettling({ state, queued }: LedgerEntry): boolean {
  return state === 'waiting' && queued !== undefined && !isSent(queued);
}

/**
 * Athena, if a load by it goes on; null if it is left, and the day is loaded anew: the dataset is not loaded by Athena any
 * more, or the sweep may delete what the load has written.
 */
function portToGoOn(
  { athena, config, clock }: Loader,
  { source, dataset }: DropDay,
  { startedAt }: AthenaLoad,
): AthenaPort | null {
  if (athena === undefined || dataset.engine === 'lambda') return null;
  if (athenaObstacle(source, config.region) !== null) return null;
  return clock.now() < startedAt + ATHENA_GIVEN_UP_MS ? athena : null;
}

/** The dataset and day of a note; null if no dataset has its table. */
export function findTableDay(
  sources: readonly Source[],
  { table, day }: Pick<AthenaNote, 'table' | 'day'>,
): DropDay | null {
  for (const source of sources) {
    const dataset = source.datasets.find((one) => one.table === table);
    if (dataset !== undefined) return { source, dataset, day };
  }
  return null;
}

/**
 * Lets a day settle whose files have changed while Athena read them. The note of the load stays, so that the schedule of
 * Athena's loads looks at the day again ({@link goOnTask}), at most until the sweep of the version deletes it a day later.
 */
async function deferChanged(
  { loader, place, progress }: ClaimedTask,
  goesOn: NonNullable<ClaimedTask['goesOn']>,
): Promise<LoadOutcome> {
  const { claim } = progress;
  const { load } = goesOn;
  await stopBest(goesOn, load);
  const entry = { ...claim.entry, athena: endedLoad(progress.athena ?? load) };
  const deferred = await loader.ledger.defer({ ...claim, entry }, { fingerprint: CHANGED, reason: SETTLING });
  if (deferred === null) return { outcome: 'lost' };
  await cleanBest(loader, place, load, { keepsNote: true });
  return { outcome: 'settling', until: loader.clock.now(), again: false };
}

/** A fingerprint that no drop has: whoever looks at the day next lets it settle. */
const CHANGED = 'changed while Athena read it';

/** Stops a load by Athena that nobody needs any more; null if another owner has the day. */
async function leaveAthena(
  loader: Loader,
  place: DropDay,
  progress: Progress,
  load: AthenaLoad,
): Promise<Claim | null> {
  const { athena } = loader;
  if (athena !== undefined) await stopBest({ loader, athena, place }, load);
  const claim = await loader.ledger.note(progress.claim, endedLoad(load));
  if (claim === null) return null;
  progress.claim = claim;
  await cleanBest(loader, place, load);
  return claim;
}

/** Deletes the temporary data of a load by Athena. If that fails, the sweep deletes it with the version. */
async function cleanBest(
  loader: Loader,
  { dataset, day }: DropDay,
  { version }: AthenaLoad,
  options?: Parameters<typeof cleanAthenaLoad>[2],
): Promise<void> {
  const place = { table: dataset.table, day, version };
  await cleanAthenaLoad(loader, place, options).catch((error: unknown) => {
    loader.log({ level: 'error', event: 'ingest_athena_left', version, ...failureFields(error) });
  });
}

/** Stops the statement of a load. One that can't be stopped costs what it scans, and writes to a version that nobody reads. */
async function stopBest(work: Pick<AthenaWork, 'athena' | 'loader' | 'place'>, load: AthenaLoad) {
  await stopStep(work, load).catch((error: unknown) => {
    const { version } = load;
    work.loader.log({ level: 'error', event: 'ingest_athena_stop', version, ...failureFields(error) });
  });
}

/**
 * Goes on at once if Athena has ended the step already: its event may have come while the day was still claimed, and would
 * not come again.
 */
async function afterStart({ loader, run, place, progress }: ClaimedTask): Promise<LoadOutcome> {
  const { step = 'rows', version = '', why = '', execution } = progress.athena ?? {};
  const found = execution === undefined ? null : await loader.athena?.find(execution).catch(() => null);
  return found == null || found.state === 'running'
    ? { outcome: 'started', step, version, why }
    : goOnTask(loader, run, { table: place.dataset.table, day: place.day, version });
}

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
    ...(progress.athena === undefined ? {} : { athena: endedLoad(progress.athena) }),
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
  };
  const receipt = await sendReceipt(loader, run, place, progress, settlement);
  const settled = await loader.ledger.settle(claim, {
    ...settlement,
    ...(receipt === undefined ? {} : { receipt }),
  });
  if (settled === null) return { outcome: 'lost' };
  await loader.faultPoint?.('settled');
  return {
    outcome: state,
    engine: progress.engine,
    rows,
    files: files.filter(({ fate }) => fate !== 'gone').length,
    bytes,
    durations,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** A load by Athena as it stays in the ledger. */
function endedLoad({ step: _, execution: __, ...load }: AthenaLoad): AthenaLoad {
  return load;
}

/** Superseded versions that a sweep has not deleted yet. */
function supersededVersions({ clock }: Loader, { claim, replaced }: Progress): Settlement['superseded'] {
  const kept = claim.entry.superseded.filter(({ at }) => at > clock.now() - VERSION_KEPT_MS);
  return [...kept, ...replaced];
}

/** The entry's content before the claim, and whether a person accepts it. */
function unchangedSettlement(progress: Progress): Settlement {
  const { entry } = progress.claim;
  const { fingerprint, files, rows, bytes, durations, superseded, athena, missingSince, usualRows } = entry;
  const isAccepted = entry.accepted === true || progress.accepts('keep');
  const isLoaded = files.some(({ fate }) => fate === 'loaded');
  const isMissing = missingSince !== undefined && !isAccepted;
  const isOfSame = haveSameFiles(progress.drop?.fingerprint, fingerprint);
  return {
    state: isMissing ? 'inputs_missing' : isLoaded ? 'succeeded' : 'succeeded_no_data',
    ...{ files, rows, bytes, durations, superseded },
    // The logs of the folder may have changed, without a change of what counts.
    fingerprint: isOfSame ? (progress.drop?.fingerprint ?? fingerprint) : fingerprint,
    ...(athena === undefined ? {} : { athena }),
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
