import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { dayFolders } from './partitionGaps.ts';

/** Pages of 1,000 objects of one folder that are read. */
const MOST_PAGES = 3;

/** A file that Firehose delivered. */
export interface LandedFile {
  readonly key: string;
  /** When S3 had it, epoch milliseconds, whole seconds: S3 says no more. */
  readonly landedAt: number;
  readonly bytes: number;
}

/** The files of a folder. */
export interface LandedFiles {
  readonly files: readonly LandedFile[];
  /** Whether there are more than these. */
  readonly hasMore: boolean;
}

/**
 * Lists the files of one day's folder, at most 3,000.
 *
 * @throws What S3's client throws.
 */
export async function listLandedFiles(
  { s3, config: { bucket } }: Pick<Deployment, 's3' | 'config'>,
  folder: string,
): Promise<LandedFiles> {
  const files: LandedFile[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: folder, ContinuationToken }),
    );
    for (const { Key = '', LastModified, Size = 0 } of answer.Contents ?? [])
      files.push({ key: Key, landedAt: LastModified?.getTime() ?? 0, bytes: Size });
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) return { files, hasMore: false };
  }
  return { files, hasMore: true };
}

/** Newest days of a table whose files are looked at for the last of them. */
const NEWEST_DAYS = 2;

/**
 * When the last file of the forwarded tables was delivered, epoch milliseconds; null if they have no files at all. The
 * newest two days of each table are listed.
 *
 * @throws What S3's client throws.
 */
export async function lastDelivery(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
): Promise<number | null> {
  const all = { from: '2000-01-01', to: addDays(utcDay(deployment.now), 1) } as const;
  let last: number | null = null;
  for (const kind of forwardedKinds)
    for (const day of (await dayFolders(deployment, kind, all)).toSorted().slice(-NEWEST_DAYS))
      for (const { landedAt } of (await listLandedFiles(deployment, dayFolder(deployment.config, kind, day)))
        .files)
        last = Math.max(last ?? 0, landedAt);
  return last;
}
