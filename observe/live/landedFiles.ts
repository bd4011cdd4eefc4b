import * as z from 'zod';
import { s3RangedObject } from '../../lib/aws/s3RangedObject.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { errorName } from '../../lib/base/errors.ts';
import { utcDay } from '../../lib/base/time.ts';
import { LandingError } from '../../lib/landing/frames/LandingError.ts';
import { RecordWalker } from '../../lib/landing/frames/RecordWalker.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { shortDigest } from '../cursor.ts';
import type { Deployment } from '../deployment.ts';
import type { LiveFile } from '../facts/flow/liveEntries.ts';
import { readRows } from '../facts/tables/dayFiles.ts';
import { listRowFiles } from '../facts/tables/tableDays.ts';

/** Files of one day and table that are looked at. */
const MOST_LISTED = 10_000;
const PAGE = 1_000;
/** How far back files are looked for again: S3 dates a file by the begin of its upload. */
const OVERLAP_MS = 60_000;
/** Files that a cursor remembers as shown, and that one read shows. */
const MOST_SHOWN = 60;
/** Bytes of an object of the landing whose headers are read: they are all over it. */
const MOST_WALKED_BYTES = 8_388_608;
/** Footers that are read at the same time. */
const AT_ONCE = 8;

/** Which files were shown. */
export const filesCursor = z.strictObject({
  /** Time of the newest file, epoch milliseconds. */
  newest: z.int(),
  /** Files of the last minute before that: digests of their keys, and how much older they are in milliseconds. */
  seen: z.array(z.tuple([z.string(), z.int()])).max(MOST_SHOWN),
});
type FilesCursor = z.infer<typeof filesCursor>;

/** Newest files, oldest first. */
interface LandedFiles {
  readonly files: readonly LiveFile[];
  readonly cursor: FilesCursor;
  /** Files that were not looked at or not shown, because there are too many. */
  readonly left: number;
}

/**
 * Finds the files of today's folders that came since a cursor, and what Firehose has put into `landing/` today and is no file
 * yet. It lists the folders and reads the footers of the new files.
 *
 * @param cursor Undefined: the newest three are shown with `isRecent`, none without.
 * @throws What S3's client throws.
 */
export async function readLandedFiles(
  deployment: Pick<Deployment, 's3' | 'config' | 'now' | 'signal'>,
  cursor: FilesCursor | undefined,
  isRecent: boolean,
): Promise<LandedFiles> {
  const { bucket } = deployment.config;
  const listed: (Omit<LiveFile, 'rows'> & { readonly eTag: string })[] = [];
  let left = 0;
  const today = utcDay(deployment.now);
  const folders = [
    { kind: null, folder: `${LANDING_FOLDER}${today.replaceAll('-', '/')}/` },
    ...tableKinds.map((kind) => ({ kind, folder: dayFolder(deployment.config, kind, today) })),
  ];
  for (const { kind, folder } of folders) {
    const location = `s3://${bucket}/${folder}`;
    let after: string | undefined;
    for (let page = 0; page < MOST_LISTED / PAGE; page += 1) {
      const { objects, next } = await listRowFiles(deployment, location, { after, limit: PAGE });
      for (const { Key = '', Size = 0, LastModified, ETag: eTag = '' } of objects) {
        const at = (LastModified ?? new Date(0)).toISOString();
        listed.push({ type: 'file', at, kind, key: Key, bytes: Size, eTag });
      }
      after = next;
      if (after === undefined) break;
    }
    if (after !== undefined) left += 1;
  }
  listed.sort((a, b) => (a.at < b.at ? -1 : 1));
  const known = new Set(cursor?.seen.map(([digest]) => digest));
  const since = (cursor?.newest ?? 0) - OVERLAP_MS;
  const isNew = ({ at, key }: (typeof listed)[number]) =>
    Date.parse(at) >= since && !known.has(shortDigest(key));
  const fresh = cursor === undefined ? listed.slice(isRecent ? -3 : listed.length) : listed.filter(isNew);
  const shown = fresh.slice(-MOST_SHOWN);
  const files = await mapLimit(shown, AT_ONCE, async ({ eTag, ...file }): Promise<LiveFile> => {
    const object = { Bucket: bucket, Key: file.key };
    const rows =
      file.kind === null
        ? await countWaiting(deployment, { ...object, size: file.bytes, eTag })
        : (await readRows(deployment, object, file.bytes)).rows;
    return { ...file, rows };
  });
  const newest = Math.max(cursor?.newest ?? 0, ...listed.map(({ at }) => Date.parse(at)));
  const seen = listed
    .map(({ key, at }): [string, number] => [shortDigest(key), newest - Date.parse(at)])
    .filter(([, age]) => age <= OVERLAP_MS)
    .slice(-MOST_SHOWN);
  return { files, cursor: { newest, seen }, left: left + fresh.length - shown.length };
}

/** The rows of an object of the landing by its headers; null if it is large, gone, or damaged. */
async function countWaiting(
  { s3, signal }: Pick<Deployment, 's3' | 'signal'>,
  object: Parameters<typeof s3RangedObject>[1],
): Promise<number | null> {
  if (object.size > MOST_WALKED_BYTES) return null;
  let rows = 0;
  try {
    const walker = new RecordWalker(s3RangedObject(s3, object, signal), MOST_WALKED_BYTES);
    for await (const piece of walker.pieces()) {
      if ('error' in piece) return null;
      for (const frame of piece.frames) for (const count of Object.values(frame.rows)) rows += count;
    }
    return rows;
  } catch (error) {
    const isGone = ['NoSuchKey', 'PreconditionFailed'].includes(errorName(error));
    if (isGone || error instanceof LandingError) return null;
    throw error;
  }
}
