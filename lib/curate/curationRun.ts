import type { CurationRun, DayAccount, PartResult } from '../ledger/CuratedDay.ts';
import type { LedgerContent } from '../ledger/LedgerEntry.ts';
import { TWICE_CODES } from './CurateError.ts';

// A version that is being made: who works on which part of the day, what is done, and who publishes it. All of it is in the
// ledger entry of the day. Every function here is a decision on that entry, which Ledger.change writes conditionally, so
// that of two that decide at once the second decides on what the first has written.

const COUNTS_DIFFER = 'SLUICE_CURATE_COUNTS_DIFFER';

/** The part that a task wants to work on. */
export interface PartRequest {
  readonly version: string;
  /** Fingerprint of the raw files as the task has just listed them. */
  readonly fingerprint: string;
  readonly shape: string;
  readonly slices: number;
  readonly slice: number;
}

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
  /** The part is claimed. `wasKilled`: whoever had it before neither ended it nor released it. */
  | {
      readonly begin: 'part';
      readonly entry: LedgerContent;
      readonly attempts: number;
      readonly wasKilled: boolean;
    }
  /** Every part is done, and nobody publishes the version: this worker does. */
  | { readonly begin: 'move'; readonly entry: LedgerContent }
  /** The part is done, and others are not. The last one publishes the version. */
  | { readonly begin: 'waiting'; readonly entry?: undefined }
  /** Another worker has the part, or publishes the version, or makes an earlier one. */
  | { readonly begin: 'busy'; readonly entry?: undefined }
  /** The version is settled: published, failed or given up. */
  | { readonly begin: 'ended'; readonly entry?: undefined }
  /** A later version is made or published. */
  | { readonly begin: 'outdated'; readonly entry?: undefined }
  /** The raw files differ from those that other parts have read. The version is given up. */
  | { readonly begin: 'changed'; readonly entry: LedgerContent };

/** Decides what a task does. Names of versions sort by time. */
export function beginPart(known: LedgerContent, request: PartRequest, worker: Worker): Beginning {
  const { version, fingerprint, shape, slices, slice } = request;
  const { run, ended = '' } = known.curated ?? {};
  const published = known.version ?? '';
  if (ended === version || published === version) return { begin: 'ended' };
  if (ended > version || published > version) return { begin: 'outdated' };
  if (run === undefined || run.version < version) {
    if (run !== undefined && isHeld(run, worker.now)) return { begin: 'busy' };
    const parts = Array.from({ length: slices }, () => ({ attempts: 0 }));
    return claimPart(known, { version, fingerprint, shape, parts }, slice, worker);
  }
  if (run.version > version || run.parts.length !== slices) return { begin: 'outdated' };
  const part = run.parts[slice];
  if (part === undefined) return { begin: 'outdated' };
  if (isActive(part.lease, worker.now) || isActive(run.mover, worker.now)) return { begin: 'busy' };
  const isOther = run.fingerprint !== fingerprint || run.shape !== shape;
  if (isOther && slices > 1) return { begin: 'changed', entry: endRun(known, version) };
  if (isOther) {
    const { done: _, failed: __, ...again } = part;
    const parts = [again];
    return claimPart(known, { version, fingerprint, shape, parts }, slice, worker);
  }
  if (part.done === undefined) return claimPart(known, run, slice, worker);
  if (!isComplete(run)) return { begin: 'waiting' };
  return { begin: 'move', entry: withMover(known, run, worker) };
}

/** The answer to a worker that has done its part. */
export type Ending =
  /** It was the last: the worker publishes the version. */
  | { readonly end: 'move'; readonly entry: LedgerContent }
  /** Others are not done. */
  | { readonly end: 'waiting'; readonly entry: LedgerContent }
  /** Its claim has expired and another has the part, or the version is settled. Nothing is written. */
  | { readonly end: 'lost'; readonly entry?: undefined };

/** Records the result of a part. */
export function endPart(
  known: LedgerContent,
  { version, slice }: Pick<PartRequest, 'version' | 'slice'>,
  done: PartResult,
  worker: Worker,
): Ending {
  const run = ownRun(known, version, slice, worker);
  if (run === null) return { end: 'lost' };
  const parts = run.parts.map((part, i) => (i === slice ? withoutLease({ ...part, done }) : part));
  const ended = { ...run, parts };
  return isComplete(ended)
    ? { end: 'move', entry: withMover(known, ended, worker) }
    : { end: 'waiting', entry: withRun(known, ended, worker.now) };
}

/** Extends the right to publish a version; nothing to write if another has it. */
export function keepMover(
  known: LedgerContent,
  version: string,
  worker: Worker,
): { readonly entry?: LedgerContent } {
  const { run } = known.curated ?? {};
  if (run?.version !== version || run.mover?.owner !== worker.owner) return {};
  return { entry: withMover(known, run, worker) };
}

/** Records the result of the version and ends it; nothing to write if another publishes it. */
export function settleRun(
  known: LedgerContent,
  version: string,
  worker: Pick<Worker, 'owner'>,
  settled: (known: LedgerContent, run: CurationRun) => LedgerContent,
): { readonly entry?: LedgerContent } {
  const { run } = known.curated ?? {};
  if (run?.version !== version || run.mover?.owner !== worker.owner) return {};
  return { entry: endRun(settled(known, run), version) };
}

/** Releases what a worker has for a retry, and records why; nothing to write if it has nothing. */
export function releasePart(
  known: LedgerContent,
  { version, slice }: Pick<PartRequest, 'version' | 'slice'>,
  failure: NonNullable<LedgerContent['failure']>,
  worker: Worker,
): { readonly entry?: LedgerContent } {
  const { run } = known.curated ?? {};
  if (run?.version !== version) return {};
  const noted = { ...known, failure };
  const failed = failure.code;
  if (run.mover?.owner === worker.owner) {
    const { mover: _, ...free } = run;
    if (failed !== COUNTS_DIFFER) return { entry: withRun(noted, free, worker.now) };
    // Sums of the same results would differ again.
    const again = run.parts.map(({ attempts }) => ({ attempts, failed }));
    return { entry: withRun(noted, { ...free, parts: again }, worker.now) };
  }
  if (run.parts[slice]?.lease?.owner !== worker.owner) return {};
  const parts = run.parts.map((part, i) => (i === slice ? { ...withoutLease(part), failed } : part));
  return { entry: withRun(noted, { ...run, parts }, worker.now) };
}

/**
 * Whether another try of a part can't help: the failure is the second of its kind in a row. Once the part is done, only its
 * counts are judged: what fails else is the publication, which a retry repeats alone. The messages of the other slices of a
 * cut day are gone by then, so nobody would make their parts again.
 */
export function isHopeless(
  { curated }: LedgerContent,
  { version, slice }: Pick<PartRequest, 'version' | 'slice'>,
  code: string,
): boolean {
  const { run } = curated ?? {};
  const part = run?.version === version ? run.parts[slice] : undefined;
  if (run === undefined || part === undefined || !TWICE_CODES.has(code)) return false;
  if (part.done === undefined) return part.failed === code;
  return code === COUNTS_DIFFER && (part.failed === code || run.parts.length > 1);
}

/**
 * Ends a version that is not published: it failed, or its raw files have changed. Nothing to write if it has ended already.
 *
 * @param failure Default none: the day waits for the next plan.
 */
export function giveUpRun(
  known: LedgerContent,
  version: string,
  failure?: { readonly code: string; readonly message: string; readonly files: LedgerContent['files'] },
): { readonly entry?: LedgerContent } {
  const { run } = known.curated ?? {};
  if (run?.version !== version) return {};
  const ended = endRun(known, version);
  if (failure === undefined) return { entry: ended };
  const { code, message, files } = failure;
  const { fingerprint } = run;
  return { entry: { ...ended, state: 'failed', fingerprint, files, failure: { code, message } } };
}

/** The account of a version: the sum of its parts. Null if the rows of the raw files are not all accounted for. */
export function sumAccount({ parts }: CurationRun): DayAccount | null {
  const done = parts.flatMap((part) => part.done ?? []);
  const [first] = done;
  if (first === undefined || done.length !== parts.length) return null;
  const { rawRows } = first;
  if (done.some((part) => part.rawRows !== rawRows)) return null;
  const sum = (of: (part: PartResult) => number) => done.reduce((all, part) => all + of(part), 0);
  const account = {
    rawRows,
    rows: sum(({ rows }) => rows),
    resends: sum(({ resends }) => resends),
    differing: sum(({ differing }) => differing),
  };
  const isWhole =
    sum(({ sliceRows }) => sliceRows) === rawRows &&
    account.rows + account.resends === rawRows;
  return isWhole ? account : null;
}

/** Claims a part that nobody holds: a lease that it still has is one that has expired. */
function claimPart(
  known: LedgerContent,
  run: CurationRun,
  slice: number,
  { owner, until, now }: Worker,
): Beginning {
  const before = run.parts[slice];
  const attempts = (before?.attempts ?? 0) + 1;
  const parts = run.parts.map((part, i) =>
    i === slice ? { ...part, attempts, lease: { owner, until } } : part,
  );
  const entry = withRun(known, { ...run, parts }, now);
  return { begin: 'part', entry, attempts, wasKilled: before?.lease !== undefined };
}

function withMover(known: LedgerContent, run: CurationRun, { owner, until, now }: Worker): LedgerContent {
  return withRun(known, { ...run, mover: { owner, until } }, now);
}

/** The entry with the current state of what is made. Its lease is the one that ends last, so that nobody queues the day before. */
function withRun(known: LedgerContent, run: CurationRun, now: number): LedgerContent {
  const { lease: _, ...rest } = known;
  const held = [run.mover, ...run.parts.map((part) => part.lease)]
    .flatMap((lease) => (lease !== undefined && lease.until > now ? [lease] : []))
    .sort((left, right) => right.until - left.until);
  const [lease] = held;
  return {
    ...rest,
    state: lease === undefined ? 'waiting' : 'loading',
    attempts: Math.max(...run.parts.map((part) => part.attempts)),
    ...(lease === undefined ? {} : { lease }),
    curated: { ...known.curated, run },
  };
}

/** The entry without the version that is made. A day without a result waits. */
function endRun(known: LedgerContent, version: string): LedgerContent {
  const { lease: _, queued: __, curated, ...rest } = known;
  const { run: ___, ...kept } = curated ?? {};
  return {
    ...rest,
    state: rest.state === 'loading' ? 'waiting' : rest.state,
    curated: { ...kept, ended: version },
  };
}

/** The run of this version, if the worker holds the lease of the part; otherwise null. */
function ownRun(
  known: LedgerContent,
  version: string,
  slice: number,
  { owner }: Pick<Worker, 'owner'>,
): CurationRun | null {
  const { run } = known.curated ?? {};
  return run?.version === version && run.parts[slice]?.lease?.owner === owner ? run : null;
}

function withoutLease({ lease: _, ...part }: CurationRun['parts'][number]): CurationRun['parts'][number] {
  return part;
}

function isComplete({ parts }: CurationRun): boolean {
  return parts.every(({ done }) => done !== undefined);
}

function isHeld({ mover, parts }: CurationRun, now: number): boolean {
  return isActive(mover, now) || parts.some(({ lease }) => isActive(lease, now));
}

function isActive(lease: { readonly until: number } | undefined, now: number): boolean {
  return lease !== undefined && lease.until > now;
}
