import { addDays, type UtcDay } from '../../base/time.ts';
import { type Drop, NO_FILES } from '../Drop.ts';
import { archivedSince, missingFiles, restoredSince } from '../lastLoad.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import { MARKER_AFTER_MS, REQUEUE_AFTER_MS, RETRY_AFTER_MS } from '../limits.ts';
import type { TaskReason } from './messageBodies.ts';

/**
 * The days that a run looks at, oldest first: today, as it is called in the dataset's timezone, and as many before it.
 *
 * @param now Epoch milliseconds.
 * @param timezone A name of the IANA database.
 */
export function lookbackDays(now: number, timezone: string, days: number): readonly UtcDay[] {
  const today = dayInTimezone(now, timezone);
  return Array.from({ length: days + 1 }, (_, i) => addDays(today, i - days));
}

/** The days from one to another, both included; none where the first is the later. */
export function daysBetween(from: UtcDay, to: UtcDay): readonly UtcDay[] {
  const days: UtcDay[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** What day an instant is in a timezone. */
function dayInTimezone(now: number, timezone: string): UtcDay {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

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

/** `reason` of a ledger entry's `queued` while the files are too young to be loaded. */
export const SETTLING = 'settling';
const WAITING_FOR = 'waiting for ';

/** The same of a day that has no marker yet: `waiting for _SUCCESS`. */
export function markerReason(waitFor: string): string {
  return `${WAITING_FOR}${waitFor}`;
}

/** Whether a day waits for a marker, by the `reason` of its `queued`. */
export function isMarkerReason(reason: string): boolean {
  return reason.startsWith(WAITING_FOR);
}

/** Whether a task was sent for what the ledger has as `queued`: else the day waits. */
export function isSent({ reason }: NonNullable<LedgerEntry['queued']>): boolean {
  return reason !== SETTLING && !isMarkerReason(reason);
}

/** Whether a day lacks the marker that its dataset waits for. @param marker Its key; undefined when it waits for none. */
export function lacksMarker({ leftOut }: Pick<Drop, 'leftOut'>, marker: string | undefined): boolean {
  return marker !== undefined && !leftOut.some(({ object }) => object.key === marker);
}

/**
 * When nothing of a day will have changed for the settle time: the plan asks before it queues the day, and the load of
 * files that are others than those which the plan saw.
 *
 * S3 dates what comes, and not what goes. So files that are missing settle by when they were first found to be: a job that
 * empties a day before it writes it anew has time to do so. Missing are files that a load took, and those that one was to
 * take and could not: whoever mends these may take them away first, too. So is a day that is known and has nothing at all.
 *
 * @param entry What the ledger knows; null before anything is.
 * @param now Epoch milliseconds: since when these files are missing, if nobody has noted it.
 * @returns epoch milliseconds.
 */
export function settlesAt(
  drop: Drop,
  entry: LedgerEntry | null,
  { now, settleMs }: { readonly now: number; readonly settleMs: number },
): number {
  const changes = [drop.lastModified ?? Number.NEGATIVE_INFINITY];
  const isEmpty = drop.files.length === 0 && drop.leftOut.length === 0;
  if (entry !== null && (isEmpty || missingFiles(drop, entry, ['loaded', 'failed', 'held']).length > 0))
    changes.push(lastSeenAt(drop, entry) ?? now);
  return Math.max(...changes) + settleMs;
}

/** Since when it is known that the day's files are these; undefined when it is news. */
function lastSeenAt({ fingerprint }: Drop, { state, fingerprint: last, updatedAt, queued }: LedgerEntry) {
  if (state === 'failed' && last === fingerprint) return updatedAt;
  return queued?.fingerprint === fingerprint ? queued.at : undefined;
}
