import type { Drop } from '../Drop.ts';
import { missingFiles } from '../lastLoad.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';

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
    changes.push(seenAt(drop, entry) ?? now);
  return Math.max(...changes) + settleMs;
}

/** Since when it is known that the day's files are these; undefined when it is news. */
function seenAt({ fingerprint }: Drop, { state, fingerprint: last, updatedAt, queued }: LedgerEntry) {
  if (state === 'failed' && last === fingerprint) return updatedAt;
  return queued?.fingerprint === fingerprint ? queued.at : undefined;
}
