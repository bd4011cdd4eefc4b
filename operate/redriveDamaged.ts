import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { copySource } from '../lib/aws/copySource.ts';
import { s3ObjectStore } from '../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import { listObjects } from '../lib/base/ObjectStore.ts';
import { DAY_MS, type UtcDay, utcDay } from '../lib/base/time.ts';
import { LandedObject, rowsIn } from '../lib/landing/lines/LandedObject.ts';
import { againKey, DAMAGED_FOLDER, damagedKey, LANDING_FOLDER } from '../lib/tables/objectKeys.ts';
import type { Deployment } from '../observe/deployment.ts';

/** Errors about objects of `damaged/`. */
export const DamagedError = defineErrorFamily('user', {
  SLUICE_DAMAGED_MISSING: {
    cause: 'There is no such object below damaged/.',
    cure: 'Use a key that `sluice status` or an erasure names. The object may have been tried again, or have expired.',
  },
  SLUICE_DAMAGED_CHANGED: {
    cause: 'The object changed while the command looked at it, so it was not deleted.',
    cure: 'Run the command again with `--dry-run`, look at what it shows, and then decide.',
  },
});

/** Objects that were copied, or in a dry run would be. */
export interface MovedObjects {
  /** Number of objects. */
  readonly objects: number;
  /** Bytes of the objects. */
  readonly bytes: number;
}

/**
 * Has the writer read every object of `damaged/` again: copies each object into `landing/`, under a new key, and
 * deletes it. Objects that the writer still can't read are then in `damaged/` again.
 *
 * @param dryRun Whether objects are only counted.
 * @throws What the client of S3 throws.
 */
export async function redriveDamaged(
  { s3, config: { bucket }, now }: Pick<Deployment, 's3' | 'config' | 'now'>,
  dryRun: boolean,
): Promise<MovedObjects> {
  const store = s3ObjectStore(s3, bucket);
  const done = { objects: 0, bytes: 0 };
  for await (const { key, size, eTag } of listObjects(store, DAMAGED_FOLDER)) {
    // Objects that the writer has put here during this run are copies of its objects of the landing, which it is about
    // to delete.
    if (key.endsWith('/') || key.startsWith(damagedKey(againKey(DAMAGED_FOLDER, now)))) continue;
    if (!dryRun) {
      const CopySource = copySource(bucket, key);
      const copy = { CopySource, CopySourceIfMatch: eTag, Key: againKey(key, now) };
      await s3.send(new CopyObjectCommand({ Bucket: bucket, ...copy }));
      // An object with another ETag is newer than the copy, and stays.
      await store.remove(key, eTag);
    }
    done.objects += 1;
    done.bytes += size;
  }
  return done;
}

/** The content of an object of `damaged/`. */
export interface DiscardedObject {
  /** Key of the object. */
  readonly key: string;
  /** Number of its bytes. */
  readonly bytes: number;
  /** Its first 100 characters. If it begins with lines that are no rows, they are of these lines. */
  readonly begins: string;
  /** Number of lines that begin like a row of any release. */
  readonly rows: number;
  /** The day until which a version of the object can be copied back; null if it is gone at once. */
  readonly keptUntil: UtcDay | null;
}

/**
 * Shows the content of an object of `damaged/`, and deletes it: the caller judges that its bytes are no events.
 *
 * @param name The object's key, or the key of the object of the landing that it was made from.
 * @param dryRun Whether the object is only shown.
 * @throws DamagedError; what the client of S3 throws.
 */
export async function discardDamaged(
  { s3, config, now }: Pick<Deployment, 's3' | 'config' | 'now'>,
  name: string,
  dryRun: boolean,
): Promise<DiscardedObject> {
  const store = s3ObjectStore(s3, config.bucket);
  const key = name.startsWith(LANDING_FOLDER) ? damagedKey(name) : name;
  const opened = key.startsWith(DAMAGED_FOLDER) && !key.endsWith('/') ? await store.open(key) : null;
  if (opened === null) throw new DamagedError('SLUICE_DAMAGED_MISSING', `${name}.`);
  const bytes = Buffer.concat(await opened.body.toArray());
  const [first] = new LandedObject(bytes).parts();
  const begins = first !== undefined && first.text.length > 0 ? first.text : bytes;
  if (!dryRun && (await store.remove(key, opened.eTag)) === 'changed')
    throw new DamagedError('SLUICE_DAMAGED_CHANGED', `${key}.`);
  const { dataVersionDays } = config.retention;
  // A bucket whose versioning is suspended has one version `null`, which a deletion takes away:
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
  const hasVersions = opened.versionId !== undefined && opened.versionId !== 'null';
  return {
    key,
    bytes: bytes.length,
    begins: begins.subarray(0, 400).toString().slice(0, 100),
    rows: rowsIn(bytes).rows,
    keptUntil: hasVersions ? utcDay(now + dataVersionDays * DAY_MS) : null,
  };
}
