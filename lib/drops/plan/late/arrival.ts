import { counted } from '../../../base/text.ts';
import type { UtcDay } from '../../../base/time.ts';
import { type LedgerEntry, NO_FILES } from '../../../ledger/LedgerEntry.ts';
import type { Dataset } from '../../../schema/sources.ts';
import { countFiles, type Drop } from '../../Drop.ts';
import { lackedMarker, markerKey } from '../../datasetFolder.ts';
import { lacksRows } from '../../usual/usualRows.ts';
import { lacksMarker } from '../decideDay.ts';
import { isMarkerReason, lackWords, markerReason } from '../waitingReason.ts';
import { firstDay } from './dueDays.ts';
import type { LateDay } from './lateNotes.ts';

/**
 * What a late day has already; null if it is not late.
 *
 * @param isOld Whether the day is before the lookback, so that no run looks at it any more.
 * @param isKnown Whether the ledger has an entry of the day.
 */
export function hasYet(
  dataset: Dataset,
  day: UtcDay,
  drop: Drop,
  { isOld, isKnown }: { readonly isOld: boolean; readonly isKnown: boolean },
): Pick<LateDay, 'has'> | null {
  const marker = markerKey(dataset, day);
  if (drop.lastModified === null) return {};
  const isThere = hasArrived(drop, marker);
  // An old day that the ledger does not know is loaded by nobody, although its files are there.
  if (isThere && (!isOld || isKnown)) return null;
  const reason = markerReason(lacksMarker(drop, marker, null) ? lackedMarker(dataset, drop) : undefined);
  const temporary = drop.leftOut.filter((left) => left.reason === 'temporary').length;
  const files = countFiles(drop);
  if (files + temporary === 0) return {};
  const lacks = files > 0 ? lackWords({ reason, files }) : `${counted(temporary, 'temporary file')} alone`;
  const words = isThere ? counted(files, 'file') : (lacks ?? '');
  return { has: { words, since: drop.lastModified } };
}

/** Whether a day has come while it was in the lookback. A day that came later was loaded because a person asked for it. */
export function wasInLookback(dataset: Dataset, day: UtcDay, entry: LedgerEntry | null): boolean {
  // A day that a person accepted without files has not come.
  const hasCome = entry !== null && (entry.version !== undefined || entry.fingerprint !== NO_FILES);
  return hasCome && day >= firstDay(dataset, entry.updatedAt);
}

/**
 * Whether a load has read the day, successfully or not, whatever happened to its files since; or a person said that it
 * does not come.
 */
export function isLoadedOrFailed(entry: LedgerEntry | null): boolean {
  return entry?.version !== undefined || entry?.state === 'failed' || entry?.accepted === true;
}

/**
 * Whether a late day has arrived since the check, as far as the ledger shows. The next check decides.
 *
 * @param lookedAt Epoch milliseconds.
 */
export function hasArrivedSince(entry: LedgerEntry | null, lookedAt: number): boolean {
  if (entry === null || isLoadedOrFailed(entry)) return entry !== null;
  if (lacksRows(asSettled(entry))) return false;
  const isIncomplete = entry.queued !== undefined && isMarkerReason(entry.queued.reason);
  return entry.updatedAt > lookedAt && !isIncomplete;
}

/**
 * The entry of a day. While a load of it waits or is under way, it has the state of a day that came without rows: what the
 * entry says of its files then decides whether it was one ({@link lacksRows}).
 */
export function asSettled<Entry extends LedgerEntry | null>(entry: Entry): Entry {
  const isUnderWay = entry?.state === 'waiting' || entry?.state === 'loading';
  return isUnderWay ? { ...entry, state: 'succeeded_no_data' } : entry;
}

/** Whether a drop has arrived. Folder objects of consoles, and files of a job that still runs, are none. */
function hasArrived(drop: Drop, marker: string | undefined): boolean {
  if (lacksMarker(drop, marker, null)) return false;
  const isPending = drop.leftOut.some(({ reason }) => reason === 'not_committed');
  return (
    drop.files.length > 0 ||
    (!isPending && drop.leftOut.some(({ reason }) => reason !== 'marker' && reason !== 'temporary'))
  );
}
