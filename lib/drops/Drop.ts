import { createHash } from 'node:crypto';
import type { DropObject } from './CustomerBucket.ts';

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
    const reason = leftOutReason(object, folder, waitFor);
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

/** Why an object of a day's folder is not loaded, and what that means: the words that people read. */
export const leftOutReasons = {
  marker: 'A folder, as consoles and Hadoop make them.',
  success_marker: 'Says that a job has ended; holds no rows.',
  temporary: "A job's own: its name, or a folder's, begins with _ or . and no reader of Parquet looks there.",
  empty: 'Zero bytes.',
  archived: 'In an archive from which S3 reads nothing before it is restored.',
  not_parquet: 'Its name ends as that of another format, and its bytes are not Parquet.',
} as const;

/** Why an object is left out. */
type LeftOutReason = keyof typeof leftOutReasons;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html: `GLACIER_IR` is read at once. */
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);
/** Spark's and Hadoop's, and those that Databricks' commit protocol leaves. */
const SUCCESS = /^(_SUCCESS(\..*)?|_(committed|started)_\w+|\._SUCCESS\.crc)$/i;
const PARQUET = /\.(parquet|parq|pq)$/i;
/** An ending of letters and digits: `.csv`, `.gz`. What has none may be Parquet: Athena's UNLOAD names its files so. */
const OTHER_FORMAT = /\.[a-z][a-z0-9]{0,9}$/i;

/**
 * Why an object under a day's folder is left out; null when it is a file to load. Names alone are looked at:
 * `not_parquet` is what a load looks into before it believes the name (lookInside.ts).
 *
 * @param folder Of the day, with the slash at its end: only what comes after it is judged.
 * @param waitFor Name of the dataset's own marker, which holds no rows whatever it is called. Default none.
 */
export function leftOutReason(object: DropObject, folder: string, waitFor?: string): LeftOutReason | null {
  const path = object.key.slice(folder.length);
  if (path === '' || path.endsWith('/') || path.endsWith('_$folder$')) return 'marker';
  const segments = path.split('/');
  const name = segments.at(-1) ?? '';
  if ((SUCCESS.test(name) && !PARQUET.test(name)) || name === waitFor) return 'success_marker';
  if (segments.some((segment) => segment.startsWith('_') || segment.startsWith('.'))) return 'temporary';
  if (object.size === 0) return 'empty';
  if (ARCHIVES.has(object.storageClass ?? '') && object.isRestored !== true) return 'archived';
  if (!PARQUET.test(name) && OTHER_FORMAT.test(name)) return 'not_parquet';
  return null;
}

/** Whether a text is one of the reasons: the ledger has other reasons, too. */
export function isLeftOutReason(text: string): text is LeftOutReason {
  return Object.hasOwn(leftOutReasons, text);
}

/** Whether such objects are expected beside files, and say nothing of rows: a day of them alone has no data. */
export function isMarker(reason: LeftOutReason): boolean {
  return reason === 'marker' || reason === 'success_marker';
}

/**
 * Whether such an object looks like something that was meant to be loaded: people are told of it, and no day is emptied
 * for it.
 */
export function isUnloadable(reason: LeftOutReason): boolean {
  return reason === 'empty' || reason === 'archived' || reason === 'not_parquet';
}
