import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Place } from '../place.ts';

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
  { s3, config: { bucket } }: Pick<Place, 's3' | 'config'>,
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
