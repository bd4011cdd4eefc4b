import { type Drop, NO_FILES } from '../Drop.ts';
import { archivedSince, restoredSince } from '../lastLoad.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import type { TaskReason } from './IngestTask.ts';
import { MARKER_AFTER_MS, REQUEUE_AFTER_MS, RETRY_AFTER_MS } from './limits.ts';
import { isSent, lacksMarker, settlesAt } from './settlesAt.ts';

/** What the plan makes of a day. */
export type DayDecision =
  | { readonly queue: TaskReason }
  /** Look again from then on, epoch milliseconds. */
  | { readonly wait: 'settling' | 'loading' | 'marker'; readonly until: number }
  | { readonly skip: 'unchanged' | 'no_files' | 'queued' | 'failed' | 'archived' };

/** On what a day is decided. */
export interface DayTerms {
  /** Epoch milliseconds. */
  readonly now: number;
  /** How long nothing may have changed before a day is loaded. */
  readonly settleMs: number;
  /** Somebody has asked for the day: then nothing waits to settle. */
  readonly asked?: 'triggered' | 'backfill' | undefined;
  /** The dataset's: what the ledger knows of another, which was the dataset's before, says nothing of this one. */
  readonly table: string;
  /** Key of the object without which the day is not complete. Default none. */
  readonly marker?: string | undefined;
}

/**
 * Decides what becomes of a day: it is queued when its files are others than those that were loaded, once they have
 * settled ({@link settlesAt}) and the marker is there that the dataset waits for. Whoever asks for the day need not wait.
 * Only a backfill is queued whatever the ledger says.
 *
 * @param known What the ledger knows; null before anything is.
 */
export function decideDay(
  drop: Drop,
  known: LedgerEntry | null,
  { now, settleMs, asked, table, marker }: DayTerms,
): DayDecision {
  const entry = known?.table === table ? known : null;
  const { fingerprint, files } = drop;
  const nothing = files.length === 0 && drop.leftOut.length === 0;
  if (nothing && entry === null) return { skip: 'no_files' };
  const failed = entry?.state === 'failed';
  // Queries read what is there, though a load could not. If anything else changed, the load fails and says so.
  const isArchived = entry !== null && archivedSince(drop, entry) !== null;
  if (isArchived && !failed && entry.fingerprint === fingerprint) return { skip: 'archived' };
  if (asked === 'backfill') return { queue: 'backfill' };
  if (known?.lease !== undefined && known.lease.until > now) {
    return { wait: 'loading', until: known.lease.until };
  }

  const settled = entry?.state === 'succeeded' || entry?.state === 'succeeded_no_data';
  const same = settled && entry.fingerprint === fingerprint;
  if (same && !restoredSince(drop, entry)) return { skip: 'unchanged' };
  const again = failed && entry.fingerprint === fingerprint && !restoredSince(drop, entry);
  if (again && asked === undefined && now - entry.updatedAt < RETRY_AFTER_MS) return { skip: 'failed' };

  const queued = entry?.queued;
  const underWay = queued !== undefined && isSent(queued) && now - queued.at < REQUEUE_AFTER_MS;
  if (underWay && queued.fingerprint === fingerprint) return { skip: 'queued' };

  if (asked === undefined && lacksMarker(drop, marker))
    return { wait: 'marker', until: now + MARKER_AFTER_MS };
  const until = settlesAt(drop, entry, { now, settleMs });
  if (asked === undefined && until > now) return { wait: 'settling', until };
  if (asked !== undefined) return { queue: asked };
  if (again) return { queue: 'retried' };
  if (fingerprint === NO_FILES && entry !== null) return { queue: 'deleted' };
  return { queue: entry === null || entry.fingerprint === null ? 'new' : 'changed' };
}
