import { isArchive } from '../base/ObjectStore.ts';
import { fingerprintFiles } from '../ledger/LedgerEntry.ts';
import type { DropObject } from './CustomerBucket.ts';
import { MAX_PIECE_FILES } from './limits.ts';
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
   * if there is nothing else. Without objects, and with markers only, it is {@link NO_FILES}. The state of the folder's own
   * logs follows after a hyphen ({@link haveSameFiles}): Databricks' markers, and the newest batch of each of Spark's logs.
   */
  readonly fingerprint: string;
  /** Epoch milliseconds of the last write; null without objects. */
  readonly lastModified: number | null;
}

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
  const left: LeftOut[] = [];
  let lastModified: number | null = null;
  const { started, committed } = commitMarkers(objects);
  for (const object of objects) {
    const reason = leftOutReason(object, folder, waitFor);
    const transaction = transactionOf(object.key);
    const isUnderWay = transaction !== null && started.has(transaction) && !committed.has(transaction);
    if (isUnderWay && (reason === null || isUnloadable(reason)))
      left.push({
        object,
        reason: 'not_committed',
        detail: `Not committed: no _committed_${splitKey(transaction)[1]}.`,
      });
    else if (reason === null) files.push(object);
    else left.push({ object, reason });
    // Temporary files of a job change as long as it writes, so they count here.
    lastModified = Math.max(lastModified ?? Number.NEGATIVE_INFINITY, object.lastModified.getTime());
  }
  files.sort(byKey);
  const leftFor = (wanted: (reason: LeftOutReason) => boolean) =>
    left.filter(({ reason }) => wanted(reason)).map(({ object }) => object);
  const meant = [...files, ...leftFor((reason) => isUnloadable(reason) || isByLog(reason))];
  const newest = logs.flatMap(({ batches }) => batches.slice(-1).map(({ object }) => object));
  const markers = [...objects.filter(isCommitMarker), ...newest];
  const state = fingerprintFiles(
    (meant.length > 0 ? meant : leftFor((reason) => !isMarker(reason))).sort(byKey),
  );
  const hasLogs = meant.length > 0 && markers.length + logs.length > 0;
  return {
    files,
    leftOut: left,
    logs,
    fingerprint: hasLogs ? `${state}-${fingerprintFiles(markers.sort(byKey))}` : state,
    lastModified,
  };
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

/** Why an object of a day's folder is not loaded, in words for people. */
export const leftOutReasons = {
  marker: 'A folder object, as created by consoles and Hadoop.',
  success_marker: 'Marks the end of a job; holds no rows.',
  temporary:
    "A temporary file of a job, or a copy: its name or a folder's begins with _ or ., or its name ends as such files' do (.tmp, .bak, ~).",
  companion:
    'Written beside files by exports and tools: a manifest, what is told of an export, or a checksum.',
  empty: 'Zero bytes.',
  archived: 'Archived: S3 cannot read it until it is restored.',
  not_parquet: 'Its name has not the extension of Parquet, and its bytes are not Parquet.',
  unfinished:
    'A copy beside the whole file; or of an ending that is no known one, with the first bytes of Parquet and without the last: not whole yet.',
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
 * Manifests of Redshift, Athena, S3's own reports, DynamoDB and PostHog, `export_info_….json` of RDS and Aurora, and checksums.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.FileNames.html
 */
const COMPANION =
  /(^|[^a-z])manifest([-_](files|summary))?(\.(json|csv|txt|checksum))?$|^export_(tables_)?info_.*\.json$|\.(md5|sha(1|256|512))(sum)?$/i;
/** Ends of the names of files that a job has not finished, and of copies that somebody keeps. */
const UNFINISHED = /(~|\.(_COPYING_|tmp|bak|old|inprogress|part|crc))$/i;

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
  if (segments.some(isHidden) || UNFINISHED.test(name)) return 'temporary';
  if (object.size === 0) return 'empty';
  if (isArchive(object.storageClass) && object.isRestored !== true) return 'archived';
  return PARQUET.test(name) ? null : 'not_parquet';
}

/** Whether a name has the extension of Parquet. */
export function isParquetName(name: string): boolean {
  return PARQUET.test(name);
}

/** As Spark decides: `_region=US` is a partition. https://github.com/apache/spark: HadoopFSUtils.shouldFilterOutPathName */
function isHidden(segment: string): boolean {
  return segment.startsWith('.') || (segment.startsWith('_') && !segment.includes('='));
}

/** Whether a text is one of the reasons. The ledger also has others. */
export function isLeftOutReason(text: string): text is LeftOutReason {
  return Object.hasOwn(leftOutReasons, text);
}

/** Whether such objects are expected beside files and hold no rows. A day with only such objects has no data. */
export function isMarker(reason: LeftOutReason): boolean {
  return reason === 'marker' || reason === 'success_marker' || reason === 'companion';
}

/**
 * Whether such an object was probably meant to be loaded. It is reported, and never causes a day to be emptied.
 */
export function isUnloadable(reason: LeftOutReason): boolean {
  return reason === 'empty' || reason === 'archived' || reason === 'not_parquet' || reason === 'unfinished';
}

/** Whether the folder's own log leaves such an object out. It is no problem: another file has its rows, or will have them. */
export function isByLog(reason: LeftOutReason): boolean {
  return reason === 'not_committed' || reason === 'removed';
}

/**
 * Cuts the files of a day into pieces, in the order of their keys. A file that is larger than a piece is one of its own. A day
 * without files is one piece.
 *
 * @param mostBytes Of the files of a piece.
 */
export function cutPieces(
  files: readonly DropObject[],
  mostBytes: number,
): readonly (readonly DropObject[])[] {
  const pieces: DropObject[][] = [];
  let piece: DropObject[] = [];
  let bytes = 0;
  for (const file of files) {
    const isFull = bytes + file.size > mostBytes || piece.length >= MAX_PIECE_FILES;
    if (piece.length > 0 && isFull) {
      pieces.push(piece);
      piece = [];
      bytes = 0;
    }
    piece.push(file);
    bytes += file.size;
  }
  return [...pieces, piece];
}
