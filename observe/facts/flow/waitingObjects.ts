import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { DAMAGED_FOLDER, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';

/** Pages of 1,000 objects of one folder that are read. An outage of hours leaves more; the answer then says so. */
const MOST_PAGES = 10;
/** From then on an object of `landing/` is late: a try that failed comes again after sixteen minutes. */
const LANDING_LATE_MS = 1_200_000;

/** Objects of `landing/`, which are in no table yet, or of `damaged/`. */
export interface WaitingObjects {
  /** Objects. At least so many if `hasMore`. */
  readonly count: number;
  readonly bytes: number;
  readonly hasMore: boolean;
  /** When the oldest was written, ISO 8601; null without objects. */
  readonly oldest: string | null;
}

/** Objects of a folder, 10,000 at most. @throws What S3's client throws. */
export async function listFolder(
  { s3, config: { bucket: Bucket } }: Pick<Deployment, 's3' | 'config'>,
  Prefix: string,
) {
  const objects: { readonly key: string; readonly bytes: number; readonly at: number }[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
    for (const { Key: key = '', LastModified, Size: bytes = 0 } of answer.Contents ?? [])
      if (!key.endsWith('/')) objects.push({ key, bytes, at: LastModified?.getTime() ?? 0 });
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) break;
  }
  return { objects, hasMore: ContinuationToken !== undefined };
}

/** Counts objects of a folder, 10,000 at most. @throws What S3's client throws. */
export async function countWaitingObjects(
  deployment: Pick<Deployment, 's3' | 'config'>,
  folder: 'landing' | 'damaged',
): Promise<WaitingObjects> {
  const prefix = folder === 'landing' ? LANDING_FOLDER : DAMAGED_FOLDER;
  const { objects, hasMore } = await listFolder(deployment, prefix);
  return {
    count: objects.length,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    hasMore,
    oldest: objects.length === 0 ? null : isoTimestamp(Math.min(...objects.map(({ at }) => at))),
  };
}

/** Whether the oldest object of `landing/` has waited for longer than the writer needs. */
export function isLandingLate({ oldest }: Pick<WaitingObjects, 'oldest'>, now: number): boolean {
  return oldest !== null && now - Date.parse(oldest) > LANDING_LATE_MS;
}

/** Such a count in words, without a stop at its end. */
export function waitingText({ count, hasMore, oldest }: WaitingObjects): string {
  const objects = `${hasMore ? 'at least ' : ''}${count} ${count === 1 ? 'object' : 'objects'}`;
  return `${objects}, the oldest since ${oldest}`;
}
