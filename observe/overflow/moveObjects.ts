import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { overflowBody, readOverflow } from '../../lib/landing/delivery/overflow.ts';
import {
  overflowFolder,
  overflowKey,
  PARKED_FOLDER,
  parseErrorKey,
  parseOverflowKey,
  REQUESTS,
} from '../../lib/tables/objectKeys.ts';
import type { Place } from '../place.ts';

/** Objects that are moved at the same time. */
const AT_ONCE = 16;

/** What became of the objects of a folder. */
export interface MovedObjects {
  readonly found: number;
  /** Moved, or in a dry run those that would be. */
  readonly moved: number;
  /** Neither overflow nor errors as Sluice writes them: they stay. */
  readonly unknown: number;
}

type Bucket = Pick<Place, 's3' | 'config' | 'signal'>;

/**
 * Moves parked objects back to their own keys: redrive begins with them anew. Each is copied before it is deleted. If this
 * is interrupted, the next call goes on; an object that was copied and not yet deleted is then redriven twice, under the
 * same event_ids.
 *
 * @throws What S3's client throws; the reason of the signal.
 */
export function returnParked(place: Bucket, dryRun: boolean): Promise<MovedObjects> {
  const { s3, config } = place;
  return moveAll(place, PARKED_FOLDER, async (key) => {
    const own = key.slice(PARKED_FOLDER.length);
    if (parseOverflowKey(own) === null && parseErrorKey(own) === null) return false;
    if (dryRun) return true;
    const CopySource = `${config.bucket}/${encodeURIComponent(key)}`;
    await s3.send(new CopyObjectCommand({ Bucket: config.bucket, Key: own, CopySource }));
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
    return true;
  });
}

/**
 * Writes each overflow object with rows of several streams as one object for each stream. Version 0.2, to which a stack
 * was rolled back, delivers only those. The digest stays, so that an interrupted call repeats its writes.
 *
 * @throws What S3's client throws; the reason of the signal.
 */
export function splitOverflow(place: Bucket, dryRun: boolean): Promise<MovedObjects> {
  const { s3, config } = place;
  const folder = overflowFolder(REQUESTS);
  return moveAll(place, folder, async (Key) => {
    if (parseOverflowKey(Key) !== REQUESTS) return false;
    const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: config.bucket, Key }));
    const rows = Body === undefined ? null : readOverflow(REQUESTS, await Body.transformToByteArray());
    if (rows === null) return false;
    if (dryRun) return true;
    const digest = Key.slice(folder.length, folder.length + 64);
    for (const { kind, documents } of rows) {
      await s3.send(
        new PutObjectCommand({
          Bucket: config.bucket,
          Key: overflowKey(kind, digest),
          Body: await overflowBody(documents),
          ContentType: 'application/gzip',
          Metadata: { ...Metadata, documents: String(documents.length) },
        }),
      );
    }
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key }));
    return true;
  });
}

async function moveAll(
  { s3, config: { bucket }, signal }: Bucket,
  Prefix: string,
  move: (key: string) => Promise<boolean>,
): Promise<MovedObjects> {
  let [found, moved] = [0, 0];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
    const keys = Contents.flatMap(({ Key = '' }) => (Key.endsWith('/') ? [] : [Key]));
    found += keys.length;
    await mapLimit(keys, AT_ONCE, async (key) => {
      signal?.throwIfAborted();
      if (await move(key)) moved += 1;
    });
  }
  return { found, moved, unknown: found - moved };
}
