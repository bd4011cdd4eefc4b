import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isoTimestamp } from '../../lib/base/time.ts';
import { isOwnKey, PARKED_FOLDER, parseErrorKey } from '../../lib/tables/objectKeys.ts';
import type { Place } from '../place.ts';
import { WAITING_FOLDERS, type WaitingFolder } from '../trace/waitingRows.ts';

/** Pages of 1,000 objects of one folder that are read. An outage of hours leaves more; the answer then says so. */
const MOST_PAGES = 10;

/** Objects that redrive has not delivered. */
export interface WaitingObjects {
  /** Objects: in overflow a request's rows of one stream each. At least so many if `hasMore`. */
  readonly count: number;
  readonly hasMore: boolean;
  /** When the oldest was written, ISO 8601; null without objects. */
  readonly oldest: string | null;
  /** Why the newest is there: Firehose's code, or its type of error; null if it does not say. */
  readonly lastCode: string | null;
  /** Objects that are not Sluice's: redrive leaves them. */
  readonly unknownKeys: number;
}

/**
 * Counts the objects of `overflow/`, `errors/` or `parked/`: at most ten lists and one HEAD.
 *
 * @throws What S3's client throws.
 */
export async function countWaitingObjects(
  { s3, config }: Pick<Place, 's3' | 'config'>,
  folder: WaitingFolder,
): Promise<WaitingObjects> {
  const { bucket: Bucket } = config;
  let [count, unknownKeys] = [0, 0];
  let oldest: number | null = null;
  let newest: { readonly key: string; readonly at: number } | null = null;
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: WAITING_FOLDERS[folder], ContinuationToken }),
    );
    for (const { Key: key = '', LastModified } of answer.Contents ?? []) {
      if (key.endsWith('/')) continue;
      if (!isOwnKey(config, key)) {
        unknownKeys += 1;
        continue;
      }
      const at = LastModified?.getTime() ?? 0;
      count += 1;
      oldest = Math.min(at, oldest ?? at);
      if (newest === null || at > newest.at) newest = { key, at };
    }
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) break;
  }
  return {
    count,
    hasMore: ContinuationToken !== undefined,
    oldest: oldest === null ? null : isoTimestamp(oldest),
    lastCode: newest === null ? null : await readCode(s3, Bucket, newest.key),
    unknownKeys,
  };
}

/** Firehose's code in an overflow object's metadata, or the error type in the key. */
async function readCode(s3: Place['s3'], Bucket: string, key: string): Promise<string | null> {
  const own = key.startsWith(PARKED_FOLDER) ? key.slice(PARKED_FOLDER.length) : key;
  const error = parseErrorKey(own);
  if (error !== null) return error.outputType;
  try {
    const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
    return Metadata?.['code'] ?? null;
  } catch (error) {
    // Redrive has delivered it meanwhile.
    if (error instanceof Error && error.name === 'NotFound') return null;
    throw error;
  }
}
