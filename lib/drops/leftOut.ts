import { isArchive } from '../base/ObjectStore.ts';
import type { DropObject } from './CustomerBucket.ts';

/** An object of the day's folder that is not loaded, and why. */
export interface LeftOut {
  /** The object as it was listed. */
  readonly object: DropObject;
  /** Why it is not loaded. */
  readonly reason: LeftOutReason;
  /** More about the reason: which marker. */
  readonly detail?: string | undefined;
}

/**
 * Ends of the names of files that a job has not finished, and of copies that somebody keeps, in any case. docs/ingest.md and
 * docs/ingest-customer.md list them.
 */
export const UNFINISHED_ENDS = [
  '._COPYING_',
  '.tmp',
  '.bak',
  '.old',
  '~',
  '.inprogress',
  '.part',
  '.crc',
] as const;

/** Why an object of a day's folder is not loaded, in words for people. */
export const leftOutReasons = {
  marker: 'A folder object, as created by consoles and Hadoop.',
  success_marker: 'Marks the end of a job; holds no rows.',
  temporary: `A temporary file of a job, or a copy: its name or a folder's begins with _ or ., or its name ends with one of ${UNFINISHED_ENDS.join(' ')}.`,
  companion:
    'Written beside files by exports and tools: a manifest, a description of an export, or a checksum.',
  empty: 'Zero bytes.',
  archived: 'Archived: S3 cannot read it until it is restored.',
  not_parquet: 'Its name does not have the extension of Parquet, and its bytes are not Parquet.',
  compressed:
    'Packed as a whole, by its first bytes with gzip, zip, zstd, bzip2 or xz: it is not unpacked. Parquet compresses inside.',
  unfinished:
    'Not whole yet: a copy beside the whole file, or a file with an unknown extension that begins as Parquet does and does not end so.',
  not_committed: "The folder's log does not name it: Databricks' _committed_…, or Spark's _spark_metadata.",
  removed: 'A commit of the folder has removed it.',
} as const;

/** Why an object is left out. */
type LeftOutReason = keyof typeof leftOutReasons;

/** Markers of Spark, Hadoop and Databricks' commit protocol. */
const SUCCESS = /^(_SUCCESS(\..*)?|_(committed|started)_\w+|\._SUCCESS\.crc)$/i;
/** Matches names with an extension of Parquet. */
const PARQUET = /\.(parquet|parq|pq)$/i;
/**
 * Manifests of Redshift, Athena, S3's own reports, DynamoDB and PostHog, `export_info_….json` of RDS and Aurora, and
 * checksums.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.FileNames.html
 */
const COMPANION =
  /(^|[^a-z])manifest([-_](files|summary))?(\.(json|csv|txt|checksum))?$|^export_(tables_)?info_.*\.json$|\.(md5|sha(1|256|512))(sum)?$/i;

/**
 * Why an object under a day's folder is left out, judged by its name; null for a file to load. A load inspects the bytes
 * of `not_parquet` objects before it trusts the name (inspectObjects.ts).
 *
 * @param folder The day's folder, with a slash at its end. Only the rest of the key is judged.
 * @param waitFor Name of the dataset's own marker, which never holds rows. Default none.
 */
export function leftOutReason(object: DropObject, folder: string, waitFor?: string): LeftOutReason | null {
  const path = object.key.slice(folder.length);
  if (path === '' || path.endsWith('/') || path.endsWith('_$folder$')) return 'marker';
  const segments = path.split('/');
  const name = segments.at(-1) ?? '';
  if ((SUCCESS.test(name) && !PARQUET.test(name)) || name === waitFor) return 'success_marker';
  if (COMPANION.test(name)) return 'companion';
  if (segments.some(isHidden) || isUnfinished(name)) return 'temporary';
  if (object.size === 0) return 'empty';
  if (isArchive(object.storageClass) && object.isRestored !== true) return 'archived';
  return PARQUET.test(name) ? null : 'not_parquet';
}

/** Whether a name has the extension of Parquet. */
export function isParquetName(name: string): boolean {
  return PARQUET.test(name);
}

/** Whether a name ends as that of a file that is not finished, or of a copy. */
function isUnfinished(name: string): boolean {
  const lower = name.toLowerCase();
  return UNFINISHED_ENDS.some((end) => lower.endsWith(end.toLowerCase()));
}

/**
 * Whether a name of a file or a folder hides what it has, as Spark decides: `_region=US` is a partition.
 * https://github.com/apache/spark: HadoopFSUtils.shouldFilterOutPathName
 */
export function isHidden(segment: string): boolean {
  return segment.startsWith('.') || (segment.startsWith('_') && !segment.includes('='));
}

/** Whether a text is one of the reasons. The ledger also has others. */
export function isLeftOutReason(text: string): text is LeftOutReason {
  return Object.hasOwn(leftOutReasons, text);
}

/**
 * Whether objects that are left out for a reason are expected beside files and hold no rows. A day with these alone has
 * no data.
 */
export function isMarker(reason: LeftOutReason): boolean {
  return reason === 'marker' || reason === 'success_marker' || reason === 'companion';
}

/**
 * Whether an object that is left out for a reason was probably meant to be loaded. It is reported, and never causes a day to
 * be emptied.
 */
export function isUnloadable(reason: LeftOutReason): boolean {
  return ['empty', 'archived', 'not_parquet', 'compressed', 'unfinished'].includes(reason);
}

/**
 * Whether a reason is that the folder's own log leaves the object out. It is no problem: another file has its rows, or will
 * have them.
 */
export function isByLog(reason: LeftOutReason): boolean {
  return reason === 'not_committed' || reason === 'removed';
}
