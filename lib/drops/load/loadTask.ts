import { failureFields } from '../../base/log.ts';
import type { Source } from '../../schema/sources.ts';
import type { Drop } from '../Drop.ts';
import { restoredSince } from '../lastLoad.ts';
import type { Claim, Settlement } from '../ledger/Ledger.ts';
import { MARKER_AFTER_MS, VERSION_KEPT_MS } from '../limits.ts';
import { markerKey } from '../listDrops.ts';
import { isSent, lacksMarker, markerReason, SETTLING, settlesAt } from '../plan/decideDay.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import { LoadError, type LoadFailure, toLoadFailure } from './LoadError.ts';
import type { Loader, LoadRun } from './Loader.ts';
import { type DropPlace, type DropState, loadDrop, type SkipReason } from './loadDrop.ts';
import { isReadVersion } from './movePartition.ts';
import { listFileFates, Progress } from './Progress.ts';

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
  const { ledger, config, clock } = loader;
  const place = findDropPlace(config.sources, task);
  if (place === null) return { outcome: 'unknown' };
  const { source, dataset, day } = place;
  const claimed = await ledger.claim(
    { source: source.name, dataset: dataset.name, day, table: dataset.table },
    run.owner,
    run.leaseUntil,
    task.fingerprint,
  );
  if ('busyUntil' in claimed) return { outcome: 'busy', until: claimed.busyUntil };

  const progress = new Progress(claimed.claim, clock, task.reason === 'backfill');
  const { version, attempts } = claimed.claim.entry;
  // A requested day is attempted regardless of earlier failures.
  const isAsked = task.reason === 'backfill' || task.reason === 'triggered';
  const most = isAsked ? Infinity : run.tries;
  if (attempts > most) {
    const killed = toLoadFailure(new LoadError('SLUICE_LOAD_KILLED', `${most} tries.`));
    // Recording the failure does not count as an attempt.
    progress.claim = { ...progress.claim, entry: { ...claimed.claim.entry, attempts: attempts - 1 } };
    return settleTask(loader, task, progress, 'failed', killed);
  }
  // A killed load may have moved the partition since, and its note would delete this version.
  const isUnchanged = async (drop: Drop) =>
    task.reason !== 'backfill' &&
    isAlreadyLoaded(claimed.claim, drop) &&
    (await isReadVersion(loader, { table: dataset.table, day, version }, run.deadline));
  let until = 0;
  let waiting = SETTLING;
  const findSkipReason = async (drop: Drop): Promise<SkipReason | null> => {
    if (await isUnchanged(drop)) return 'unchanged';
    if (!isAsked && lacksMarker(drop, markerKey(dataset, day))) {
      until = clock.now() + MARKER_AFTER_MS;
      waiting = markerReason(dataset.waitFor ?? '');
      return 'settling';
    }
    if (isAsked || isPlanned(task, claimed.claim, drop)) return null;
    const now = clock.now();
    waiting = SETTLING;
    until = settlesAt(drop, claimed.claim.entry, { now, settleMs: source.settleMinutes * 60_000 });
    return until > now ? 'settling' : null;
  };
  let ended: { readonly state: DropState | SkipReason | null } | { readonly failure: LoadFailure };
  try {
    await loader.faultPoint?.('claimed');
    ended = { state: await loadDrop(loader, run, place, progress, findSkipReason) };
  } catch (error) {
    loader.log({ level: 'error', event: 'ingest_load_error', ...failureFields(error) });
    ended = { failure: toLoadFailure(asOutOfTime(error, run)) };
  }

  if ('failure' in ended) {
    const { failure } = ended;
    if (failure.isPermanent || run.isLastAttempt || attempts >= most)
      return settleTask(loader, task, progress, 'failed', failure);
    await releaseClaim(loader, progress, failure);
    return { outcome: 'handed_back', failure };
  }
  if (ended.state === null) return { outcome: 'lost' };
  if (ended.state === 'settling') {
    const { fingerprint = task.fingerprint } = progress.drop ?? {};
    const deferred = await ledger.defer(progress.claim, { fingerprint, reason: waiting });
    return deferred === null
      ? { outcome: 'lost' }
      : { outcome: 'settling', until, again: !run.isLastAttempt };
  }
  if (ended.state === 'unchanged') {
    const asBefore = await ledger.settle(progress.claim, unchangedSettlement(progress.claim));
    return { outcome: asBefore === null ? 'lost' : 'unchanged' };
  }
  return settleTask(loader, task, progress, ended.state);
}

/** The dataset and day of a task; null if the configuration no longer has the dataset. */
export function findDropPlace(sources: readonly Source[], task: IngestTask): DropPlace | null {
  const source = sources.find(({ name }) => name === task.source);
  const dataset = source?.datasets.find(({ name }) => name === task.dataset);
  return source === undefined || dataset === undefined ? null : { source, dataset, day: task.day };
}

/** Whether the last settled load was of these files, and succeeded. */
function isAlreadyLoaded({ entry }: Claim, drop: Drop): boolean {
  const same = entry.fingerprint === drop.fingerprint && entry.failure === undefined;
  return same && !restoredSince(drop, entry);
}

/** Whether the plan found these files settled, for this task or a later one. */
function isPlanned(task: IngestTask, { entry: { queued } }: Claim, { fingerprint }: Drop): boolean {
  const isNewer = queued?.fingerprint === fingerprint && isSent(queued);
  return task.fingerprint === fingerprint || isNewer;
}

async function settleTask(
  loader: Loader,
  task: IngestTask,
  progress: Progress,
  state: Settlement['state'],
  failure?: LoadFailure,
): Promise<LoadOutcome> {
  const { mapped, drop, claim, version, bytes, durations } = progress;
  const rows = { in: mapped?.rows.in ?? 0, out: mapped?.rows.out ?? 0, refused: mapped?.rows.refused ?? 0 };
  const files = listFileFates(progress, failure ?? null);
  const settled = await loader.ledger.settle(claim, {
    state,
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    files,
    rows,
    rowsByDaysLate: { ...mapped?.rowsByDaysLate },
    bytes,
    durations: { ...durations },
    superseded: supersededVersions(loader, progress),
    ...(version === undefined ? {} : { version }),
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
  });
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

/** The entry's content before the claim. */
function unchangedSettlement({ entry }: Claim): Settlement {
  const { fingerprint, files, rows, rowsByDaysLate, bytes, durations, superseded } = entry;
  const state = files.some(({ fate }) => fate === 'loaded') ? 'succeeded' : 'succeeded_no_data';
  return { state, fingerprint, files, rows, rowsByDaysLate, bytes, durations, superseded };
}

/** Releases the day at once. If that fails, the lease expires by itself. */
async function releaseClaim(
  { ledger, log }: Loader,
  { claim }: Progress,
  { code, message }: LoadFailure,
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
