import { fingerprintFiles } from '../ledger/LedgerEntry.ts';
import type { DropObject } from './CustomerBucket.ts';
import { isByLog, isMarker, isUnloadable, type LeftOut, leftOutReason } from './leftOut.ts';
import { commitMarkers, isCommitMarker, type SparkLog, splitKey, transactionOf } from './listedLogs.ts';

/** The objects of one dataset and day, separated into files to load and others. */
export interface Drop {
  /** The files to load, by key. */
  readonly files: readonly DropObject[];
  /** The other objects, each with the reason why it is not loaded. */
  readonly leftOut: readonly LeftOut[];
  /** Spark's logs of the folders that its files are in. Default none. */
  readonly logs?: readonly SparkLog[];
  /**
   * Identifies this state of the day. It depends on keys, ETags and sizes, also of objects that can't be loaded, as they
   * change the result of a load. It does not change when loaded objects are archived. Temporary objects of jobs count only
   * if there is nothing else. Without objects, and with markers only, it is `NO_FILES` (LedgerEntry.ts). The state of
   * the folder's own logs follows after a hyphen ({@link haveSameFiles}): Databricks' markers, and the newest batch of
   * each of Spark's logs.
   */
  readonly fingerprint: string;
  /** Epoch milliseconds of the last write; null without objects. */
  readonly lastModified: number | null;
}

/**
 * Classifies a day's objects and computes their fingerprint. Their order does not matter.
 *
 * @param folder The day's folder, with a slash at its end.
 * @param waitFor Name of the dataset's own marker. Default none.
 * @param logs Spark's logs of the folders that the objects are in. Default none.
 */
export function makeDrop(
  objects: readonly DropObject[],
  folder: string,
  waitFor?: string,
  logs: readonly SparkLog[] = [],
): Drop {
  const files: DropObject[] = [];
  const leftOut: LeftOut[] = [];
  let lastModified: number | null = null;
  const { started, committed } = commitMarkers(objects);
  for (const object of objects) {
    const reason = leftOutReason(object, folder, waitFor);
    const transaction = transactionOf(object.key);
    const isUnderWay = transaction !== null && started.has(transaction) && !committed.has(transaction);
    if (isUnderWay && (reason === null || isUnloadable(reason)))
      leftOut.push({
        object,
        reason: 'not_committed',
        detail: `Not committed: no _committed_${splitKey(transaction)[1]}.`,
      });
    else if (reason === null) files.push(object);
    else leftOut.push({ object, reason });
    // Temporary files of a job change as long as it writes, so they count here.
    lastModified = Math.max(lastModified ?? Number.NEGATIVE_INFINITY, object.lastModified.getTime());
  }
  files.sort(byKey);
  const markers = objects.filter(isCommitMarker);
  return {
    files,
    leftOut,
    logs,
    fingerprint: fingerprintOf({ files, leftOut, logs }, markers),
    lastModified,
  };
}

/** The {@link Drop.fingerprint} of classified objects. @param markers Markers of commits among them. */
function fingerprintOf(
  { files, leftOut, logs }: Pick<Drop, 'files' | 'leftOut'> & { readonly logs: readonly SparkLog[] },
  markers: readonly DropObject[],
): string {
  const left = (isWanted: (object: LeftOut) => boolean) =>
    leftOut.filter(isWanted).map(({ object }) => object);
  const meant = [...files, ...left(({ reason }) => isUnloadable(reason) || isByLog(reason))];
  if (meant.length === 0) return fingerprintFiles(left(({ reason }) => !isMarker(reason)).sort(byKey));
  const state = fingerprintFiles(meant.sort(byKey));
  if (markers.length + logs.length === 0) return state;
  const newestBatches = logs.flatMap(({ batches }) => batches.slice(-1).map(({ object }) => object));
  return `${state}-${fingerprintFiles([...markers, ...newestBatches].sort(byKey))}`;
}

/** Number of a day's files, also of those that can't be loaded or are not committed. */
export function countFiles({ files, leftOut }: Pick<Drop, 'files' | 'leftOut'>): number {
  const meant = leftOut.filter(({ reason }) => isUnloadable(reason) || reason === 'not_committed');
  return files.length + meant.length;
}

/** How many files wait, and since when, for the ledger's note on a day that is queued or waits. */
export function waitingFiles(drop: Drop): { readonly files: number; readonly writtenAt: number | undefined } {
  const { lastModified } = drop;
  return { files: countFiles(drop), writtenAt: lastModified ?? undefined };
}

/** Whether two fingerprints are of the same files, whatever the folder's logs say of them. */
export function haveSameFiles(first: string | null | undefined, other: string | null | undefined): boolean {
  return first?.split('-', 1)[0] === other?.split('-', 1)[0];
}

/** Compares objects for a sort by their keys, of which no two are equal. */
export function byKey(a: DropObject, b: DropObject): number {
  return a.key < b.key ? -1 : 1;
}
