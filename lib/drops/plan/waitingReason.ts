import { counted } from '../../base/text.ts';
import type { LedgerEntry } from '../../ledger/LedgerEntry.ts';

/** The `reason` in a ledger entry's `queued` while the files are too recent to be loaded. */
export const SETTLING = 'settling';
/** The beginning of the `reason` of a day that waits for a marker. */
const WAITING_FOR = 'waiting for ';

/**
 * The `reason` of a day that has no marker yet: `waiting for _SUCCESS`.
 *
 * @param waitFor Default: a commit, for a day whose folder's own log names none of its files.
 */
export function markerReason(waitFor = 'a commit of its files'): string {
  return `${WAITING_FOR}${waitFor}`;
}

/** Whether a day waits for a marker, judged by the `reason` of its `queued`. */
export function isMarkerReason(reason: string): boolean {
  return reason.startsWith(WAITING_FOR);
}

/**
 * What a day that waits has and lacks, in words: `2 files and no _SUCCESS`; null if it waits for no marker and no
 * commit.
 */
export function lackWords({
  reason,
  files,
}: Pick<NonNullable<LedgerEntry['queued']>, 'reason' | 'files'>): string | null {
  if (!isMarkerReason(reason)) return null;
  const lack = reason === markerReason() ? 'commit' : reason.slice(WAITING_FOR.length);
  return `${files === undefined ? 'files' : counted(files, 'file')} and no ${lack}`;
}

/** Whether a task was sent for the `queued` of an entry. Otherwise the day waits. */
export function isSent({ reason }: NonNullable<LedgerEntry['queued']>): boolean {
  return reason !== SETTLING && !isMarkerReason(reason);
}
