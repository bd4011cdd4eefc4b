import { createHash } from 'node:crypto';
import type { DropObject } from './DropObject.ts';
import { isMarker, isUnloadable, type LeftOutReason, leftOut } from './leftOut.ts';

/** The objects of one dataset and day, told apart. */
export interface Drop {
  /** What is to be loaded, by key. */
  readonly files: readonly DropObject[];
  readonly leftOut: readonly { readonly object: DropObject; readonly reason: LeftOutReason }[];
  /**
   * Names this state of the day: another key, ETag or size makes another. What can't be loaded counts, too: it changes
   * what a load finds, and archiving what has been loaded changes nothing. Jobs' own objects count only where there is
   * nothing else. Of no objects at all, and of markers alone, it is {@link NO_FILES}.
   */
  readonly fingerprint: string;
  /** Epoch milliseconds of the last write; null without objects. */
  readonly lastModified: number | null;
}

/** Fingerprint of a day without files: it has no data. */
export const NO_FILES = 'none';

/**
 * Tells a day's objects apart and fingerprints them. Their order does not matter.
 *
 * @param folder Of the day, with the slash at its end.
 * @param waitFor Name of the dataset's own marker. Default none.
 */
export function makeDrop(objects: readonly DropObject[], folder: string, waitFor?: string): Drop {
  const files: DropObject[] = [];
  const left: { object: DropObject; reason: LeftOutReason }[] = [];
  let lastModified: number | null = null;
  for (const object of objects) {
    const reason = leftOut(object, folder, waitFor);
    if (reason === null) files.push(object);
    else left.push({ object, reason });
    // A job's own files come and go as long as it writes, and so they count here.
    lastModified = Math.max(lastModified ?? Number.NEGATIVE_INFINITY, object.lastModified.getTime());
  }
  files.sort(byKey);
  const of = (wanted: (reason: LeftOutReason) => boolean) =>
    left.filter(({ reason }) => wanted(reason)).map(({ object }) => object);
  const meant = [...files, ...of(isUnloadable)];
  return {
    files,
    leftOut: left,
    fingerprint: fingerprint((meant.length > 0 ? meant : of((reason) => !isMarker(reason))).sort(byKey)),
    lastModified,
  };
}

function byKey(a: DropObject, b: DropObject): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function fingerprint(files: readonly DropObject[]): string {
  if (files.length === 0) return NO_FILES;
  const hash = createHash('sha256');
  // JSON, so that no key can look like the end of one file and the beginning of the next.
  for (const { key, eTag, size } of files) hash.update(`${JSON.stringify([key, eTag, size])}\n`);
  return hash.digest('hex');
}
