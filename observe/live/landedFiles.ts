import * as z from 'zod';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { utcDay } from '../../lib/base/time.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { shortDigest } from '../cursor.ts';
import type { Place } from '../place.ts';
import { readRows } from '../tables/dayFiles.ts';
import { listRowFiles } from '../tables/tableDays.ts';
import type { LiveFile } from './entries.ts';

/** Files of one day and table that are looked at. */
const MOST_LISTED = 10_000;
const PAGE = 1_000;
/** How far back files are looked for again: S3 dates a file by the begin of its upload. */
const OVERLAP_MS = 60_000;
/** Files that a cursor remembers as shown, and that one read shows. */
const MOST_SHOWN = 60;
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
 * Finds the files of today's folders that came since a cursor. It lists the folders and reads the footers of the new files.
 *
 * @param cursor Undefined: the newest three are shown with `isRecent`, none without.
 * @throws What S3's client throws.
 */
export async function readLandedFiles(
  place: Pick<Place, 's3' | 'config' | 'now' | 'signal'>,
  cursor: FilesCursor | undefined,
  isRecent: boolean,
): Promise<LandedFiles> {
  const { bucket } = place.config;
  const listed: Omit<LiveFile, 'rows'>[] = [];
  let left = 0;
  for (const kind of tableKinds) {
    const location = `s3://${bucket}/${dayFolder(place.config, kind, utcDay(place.now))}`;
    let after: string | undefined;
    for (let page = 0; page < MOST_LISTED / PAGE; page += 1) {
      const { objects, next } = await listRowFiles(place, location, { after, limit: PAGE });
      for (const { Key = '', Size = 0, LastModified } of objects) {
        const at = (LastModified ?? new Date(0)).toISOString();
        listed.push({ type: 'file', at, kind, key: Key, bytes: Size });
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
  const files = await mapLimit(shown, AT_ONCE, async (file): Promise<LiveFile> => {
    const { rows } = await readRows(place, { Bucket: bucket, Key: file.key }, file.bytes);
    return { ...file, rows };
  });
  const newest = Math.max(cursor?.newest ?? 0, ...listed.map(({ at }) => Date.parse(at)));
  const seen = listed
    .map(({ key, at }): [string, number] => [shortDigest(key), newest - Date.parse(at)])
    .filter(([, age]) => age <= OVERLAP_MS)
    .slice(-MOST_SHOWN);
  return { files, cursor: { newest, seen }, left: left + fresh.length - shown.length };
}
