import { createHash } from 'node:crypto';
import type { DropObject } from './DropObject.ts';
import { type LeftOutReason, leftOut } from './leftOut.ts';

/** The objects of one dataset and day, told apart. */
export interface Drop {
  /** What is to be loaded, by key. */
  readonly files: readonly DropObject[];
  readonly leftOut: readonly { readonly object: DropObject; readonly reason: LeftOutReason }[];
  /**
   * Names this state of the files: another key, ETag or size makes another. Archived files count, too, so that a
   * lifecycle rule that archives what has been loaded changes nothing. Of no files at all it is {@link NO_FILES}.
   */
  readonly fingerprint: string;
  /** Epoch milliseconds of the last write; null without objects. */
  readonly lastModified: number | null;
}

/** Fingerprint of a day without files. */
export const NO_FILES = 'none';

/**
 * Tells a day's objects apart and fingerprints them. Their order does not matter.
 *
 * @param folder Of the day, with the slash at its end.
 */
export function makeDrop(objects: readonly DropObject[], folder: string): Drop {
  const files: DropObject[] = [];
  const archived: DropObject[] = [];
  const left: { object: DropObject; reason: LeftOutReason }[] = [];
  let lastModified: number | null = null;
  for (const object of objects) {
    const reason = leftOut(object, folder);
    if (reason === null) files.push(object);
    else left.push({ object, reason });
    if (reason === 'archived') archived.push(object);
    // A job's own files come and go as long as it writes, and so they count here.
    lastModified = Math.max(lastModified ?? Number.NEGATIVE_INFINITY, object.lastModified.getTime());
  }
  files.sort(byKey);
  return {
    files,
    leftOut: left,
    fingerprint: fingerprint([...files, ...archived].sort(byKey)),
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
