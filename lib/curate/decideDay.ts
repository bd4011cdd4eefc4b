import type { NamedFile } from '../ledger/erasureNotes.ts';
import { type LedgerEntry, NO_FILES } from '../ledger/LedgerEntry.ts';
import { versionTime } from '../ledger/versions.ts';
import type { ListedDay } from './ListedDays.ts';
import { REQUEUE_AFTER_MS, VERSION_VALID_MS } from './limits.ts';
import type { CurateReason, CurateRequestBody } from './messageBodies.ts';
import type { RawDay } from './RawDays.ts';

/** The decision of the plan on a day that is old enough. */
export type CurateDecision =
  | {
      readonly queue: CurateReason;
      /** A version that is being made of these files, and that has some finished slices: it goes on. */
      readonly goesOn?: string;
    }
  /**
   * The day's version is made of today's files and has today's shape, but the list that views read does not have it.
   */
  | { readonly list: ListedDay }
  | { readonly skip: 'current' | 'no_files' | 'working' | 'queued' };

/** State of a day that a decision is based on. */
export interface DayState {
  /** The raw files as the run has listed them. */
  readonly raw: Pick<RawDay, 'fingerprint'>;
  /** Raw files that were lost: lib/curate/lostFiles.ts. */
  readonly lost: readonly NamedFile[];
  /** The day's entry in the ledger; null if there is none. */
  readonly entry: LedgerEntry | null;
  /** Undefined if the list that views read does not have the day. */
  readonly listed: ListedDay | undefined;
  /** The version that the day's partition has; undefined if there is no partition. */
  readonly version: string | undefined;
  /** Whether that version lacks files. Default false. */
  readonly isLacking?: boolean;
}

/** Values that are the same for all days of a run. */
export interface CurateTerms {
  /** Today's shape of the curated table. */
  readonly shape: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What a person asked for. Default: nothing beyond the nightly run. */
  readonly asked?: CurateRequestBody['asked'];
}

/**
 * Decides on a day. It is curated if its raw files or the shape differ from those of its version, or if the version
 * keeps rows that it should not keep any more.
 */
export function decideDay(
  { raw, lost, entry, listed, version, isLacking = false }: DayState,
  { shape, now, asked }: CurateTerms,
): CurateDecision {
  const { fingerprint } = raw;
  const isEmpty = fingerprint === NO_FILES;
  if (isEmpty && entry?.version === undefined) return { skip: 'no_files' };
  if (entry?.lease !== undefined && entry.lease.until > now) return { skip: 'working' };
  if (asked === 'rebuild') return { queue: 'rebuild' };
  const settled = entry?.state === 'succeeded' || entry?.state === 'succeeded_no_data';
  // The catalog decides which version is read: the table may have been deleted and made again.
  const isRead = entry?.version === version && !isLacking;
  const keeps = entry?.curated?.kept !== undefined;
  const isSame = entry?.fingerprint === fingerprint && keeps === lost.length > 0;
  if (settled && isRead && isSame && entry.curated?.shape === shape) {
    const isListed = listed?.version === version && (listed?.keeps === true) === keeps;
    if ((isEmpty && !keeps) || entry.version === undefined || isListed) return { skip: 'current' };
    return { list: { version: entry.version, shape, fingerprint, ...(keeps ? { keeps } : {}) } };
  }
  const { sentAt = Number.NEGATIVE_INFINITY } = entry?.curated ?? {};
  const isQueued = entry?.queued?.fingerprint === fingerprint && now - sentAt < REQUEUE_AFTER_MS;
  if (isQueued && asked === undefined) return { skip: 'queued' };
  const reason = (): CurateReason => {
    if (isFailed(entry, fingerprint)) return 'retried';
    if (entry?.version === undefined || version === undefined) return 'new';
    if (lost.length > 0) return 'kept';
    if (isLacking) return 'rebuild';
    if (isEmpty) return 'deleted';
    return entry.fingerprint === fingerprint ? 'reshaped' : 'changed';
  };
  const { run } = entry?.curated ?? {};
  const isBegun =
    run?.fingerprint === fingerprint &&
    run.shape === shape &&
    run.done.length > 0 &&
    now - (versionTime(run.version) ?? 0) < VERSION_VALID_MS;
  return { queue: reason(), ...(isBegun ? { goesOn: run.version } : {}) };
}

/** Whether the last try of a day failed with these raw files. */
function isFailed(entry: LedgerEntry | null, fingerprint: string): boolean {
  return entry?.failure !== undefined && entry.state === 'failed' && entry.fingerprint === fingerprint;
}
