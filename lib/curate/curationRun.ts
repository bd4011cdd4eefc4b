import { isDeepStrictEqual } from 'node:util';
import type { CurationRun, DayAccount, SliceResult } from '../ledger/CuratedDay.ts';
import { type LedgerContent, without } from '../ledger/LedgerEntry.ts';
import type { CurateFailure } from './CurateError.ts';

// A version that is being made. Who has the lease of the day's ledger entry makes its slices one after the other, and then
// publishes it. Every function here is a decision on that entry, which Ledger.change writes conditionally, so that of two that
// decide at once the second decides on what the first has written.

/** Who decides, and when. Times are epoch milliseconds. */
export interface Worker {
  /** Identifies the invocation. A message that is delivered twice has two owners. */
  readonly owner: string;
  /** Until when it keeps what it claims: longer than its lifetime. */
  readonly until: number;
  readonly now: number;
}

/** The answer to a task that wants to begin. With an `entry` it is written first. */
export type Beginning =
  /** The day is claimed. `wasKilled`: whoever had it before neither ended nor released it. */
  | {
      readonly begin: 'claimed';
      readonly entry: LedgerContent;
      readonly run: CurationRun;
      readonly wasKilled: boolean;
    }
  /** Another worker has the day. */
  | { readonly begin: 'busy'; readonly entry?: undefined }
  /** The version is settled: published, failed or given up. */
  | { readonly begin: 'ended'; readonly entry?: undefined }
  /** A later version is made or settled. */
  | { readonly begin: 'outdated'; readonly entry?: undefined };

/**
 * Claims a day. A version that was begun with the same files and shape goes on after its last slice; with others it starts
 * again. Names of versions sort by time.
 */
export function beginRun(
  known: LedgerContent,
  wanted: Omit<CurationRun, 'done' | 'failed'>,
  { owner, until, now }: Worker,
): Beginning {
  const { version } = wanted;
  const { run, ended } = known.curated ?? {};
  if (ended === version || known.version === version) return { begin: 'ended' };
  if ([ended, known.version, run?.version].some((one) => one !== undefined && one > version))
    return { begin: 'outdated' };
  if (known.lease !== undefined && known.lease.until > now) return { begin: 'busy' };
  // What is kept is of the version that was read when this was decided.
  if (wanted.kept !== undefined && wanted.kept.version !== known.version) return { begin: 'busy' };
  const isBegun = run?.version === version;
  const isSame =
    isBegun &&
    run.fingerprint === wanted.fingerprint &&
    run.shape === wanted.shape &&
    isDeepStrictEqual(run.kept, wanted.kept);
  const begun = isSame ? run : { ...wanted, done: [] };
  const entry = withRun(known, begun);
  const attempts = isBegun ? known.attempts + 1 : 1;
  return {
    begin: 'claimed',
    entry: { ...entry, state: 'loading', attempts, lease: { owner, until } },
    run: begun,
    wasKilled: isBegun && known.lease !== undefined,
  };
}

/**
 * Records the result of the next slice. After the last one the worker keeps the day, to publish the version. Otherwise whoever
 * comes next makes the next slice. Nothing to write if the worker has lost the day.
 */
export function endSlice(
  known: LedgerContent,
  version: string,
  result: SliceResult,
  worker: Pick<Worker, 'owner'>,
): { readonly entry?: LedgerContent } {
  const run = ownRun(known, version, worker);
  if (run === null) return {};
  const ended = { ...without(run, 'failed'), done: [...run.done, result] };
  const entry = withRun(known, ended);
  return { entry: isMade(ended) ? entry : { ...released(entry), attempts: 0 } };
}

/** Extends the lease of a worker; nothing to write if it has lost the day. */
export function keepRun(
  known: LedgerContent,
  version: string,
  worker: Worker,
): { readonly entry?: LedgerContent } {
  if (ownRun(known, version, worker) === null) return {};
  return { entry: { ...known, lease: { owner: worker.owner, until: worker.until } } };
}

/** Records the result of the version and ends it; nothing to write if the worker has lost the day. */
export function settleRun(
  known: LedgerContent,
  version: string,
  worker: Pick<Worker, 'owner'>,
  settled: (known: LedgerContent, run: CurationRun) => LedgerContent,
): { readonly entry?: LedgerContent } {
  const run = ownRun(known, version, worker);
  return run === null ? {} : { entry: endRun(settled(known, run), version) };
}

/** Releases the day for a retry, and records why; nothing to write if the worker has lost it. */
export function releaseRun(
  known: LedgerContent,
  version: string,
  failure: NonNullable<LedgerContent['failure']>,
  worker: Pick<Worker, 'owner'>,
): { readonly entry?: LedgerContent } {
  const run = ownRun(known, version, worker);
  if (run === null) return {};
  return { entry: { ...released(withRun(known, { ...run, failed: failure.code })), failure } };
}

/**
 * Whether another try can't help: the failure is the second of its kind in a row. Once all slices are done, only their counts are
 * judged, which would differ again: what fails else is the publication, which a retry repeats alone.
 */
export function isHopeless(
  { curated }: LedgerContent,
  version: string,
  { code, repeats }: Pick<CurateFailure, 'code' | 'repeats'>,
): boolean {
  const run = curated?.run;
  if (run?.version !== version || repeats !== 'twice') return false;
  return isMade(run) ? code === 'SLUICE_CURATE_COUNTS_DIFFER' : run.failed === code;
}

/**
 * Ends a version that is not published: it failed, or its raw files have changed. Nothing to write if the worker has lost the
 * day.
 *
 * @param failure Default none: the day waits for the next plan.
 */
export function giveUpRun(
  known: LedgerContent,
  version: string,
  worker: Pick<Worker, 'owner'>,
  failure?: { readonly code: string; readonly message: string; readonly files: LedgerContent['files'] },
): { readonly entry?: LedgerContent } {
  return settleRun(known, version, worker, (entry, { fingerprint }) => {
    if (failure === undefined) return entry;
    const { code, message, files } = failure;
    return { ...entry, state: 'failed', fingerprint, files, failure: { code, message } };
  });
}

/** The account of a version: the sum of its slices. Null if its rows are not all accounted for. */
export function sumAccount(run: CurationRun): DayAccount | null {
  const { done } = run;
  const rawRows = done[0]?.rawRows;
  if (rawRows === undefined || !isMade(run) || done.some((slice) => slice.rawRows !== rawRows)) return null;
  const sum = (of: (slice: SliceResult) => number) => done.reduce((all, slice) => all + of(slice), 0);
  const rows = sum((of) => of.rows);
  const resends = sum((of) => of.resends);
  const kept = sum((of) => of.kept);
  if (sum(({ sliceRows }) => sliceRows) !== rawRows || rows + resends !== rawRows + kept) return null;
  return { rawRows, kept, rows, resends, differing: sum(({ differing }) => differing) };
}

/** Whether every slice is done. */
export function isMade({ done, slices }: CurationRun): boolean {
  return done.length === slices;
}

/** The run of this version, if the worker has the lease; otherwise null. */
function ownRun(
  { curated, lease }: LedgerContent,
  version: string,
  { owner }: Pick<Worker, 'owner'>,
): CurationRun | null {
  return curated?.run?.version === version && lease?.owner === owner ? curated.run : null;
}

function withRun(known: LedgerContent, run: CurationRun): LedgerContent {
  return { ...known, curated: { ...known.curated, run } };
}

function released(entry: LedgerContent): LedgerContent {
  return { ...without(entry, 'lease'), state: 'waiting' };
}

/** The entry without the version that is made. A day without a result waits. */
export function endRun(known: LedgerContent, version: string): LedgerContent {
  return {
    ...without(known, 'lease', 'queued'),
    state: known.state === 'loading' ? 'waiting' : known.state,
    curated: { ...without(known.curated ?? {}, 'run'), ended: version },
  };
}
