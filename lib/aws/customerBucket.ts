import { type _Object, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { customerSession } from '../access/sessionPolicies.ts';
import type { CustomerBucket, DropObject } from '../drops/CustomerBucket.ts';
import { SourceError } from '../drops/SourceError.ts';
import type { Dataset, Source } from '../schema/sources.ts';
import { customerClient } from './customerClient.ts';
import { bucketRefusal, type Refusal } from './customerRefusal.ts';
import type { OwnSession } from './ownSession.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/**
 * `owner` is the expected owner: S3 refuses every call if another account owns the bucket. A bucket without `owner` is
 * the stack's own.
 */
type BucketWithOwner = Pick<Source, 'name' | 'bucket' | 'owner'>;

/** Milliseconds for the head of the answer to one attempt, which reads a range of a file, or a page of a listing. */
const ANSWER_MS = 30_000;

/**
 * A source's bucket with its own client. A customer's role limits the client to one dataset's folder.
 *
 * @param purpose Decides the permissions of the session.
 * @param by The calling session. Default: the function's role.
 */
export function customerBucket(
  source: Source,
  { name, folder }: Pick<Dataset, 'name' | 'folder'>,
  purpose: 'list' | 'read',
  by?: OwnSession,
): CustomerBucket {
  const client = customerClient(source, {
    sessionName: `sluice-${source.name}-${name}`,
    sessionPolicy: customerSession(source, `${folder}/`, purpose),
    answerMs: ANSWER_MS,
    by,
  });
  return customerBucketFrom(client, source);
}

/** A source's bucket with a given client. */
export function customerBucketFrom(client: S3Client, { bucket, owner }: BucketWithOwner): CustomerBucket {
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  const store = s3ObjectStore(client, bucket, owner);
  /** The error of a refused call. @param what The key or the prefix of the call. */
  const refused = async (error: unknown, what: string): Promise<unknown> => {
    const found = await bucketRefusal(error, client, { bucket, owner }, what);
    return found === null
      ? error
      : new SourceError(CODES[found.refusal], `${found.detail}.`, { cause: error });
  };
  return {
    async list({ prefix, next, after, delimiter }) {
      const list = new ListObjectsV2Command({
        ...place,
        Prefix: prefix,
        Delimiter: delimiter,
        // Without this attribute a restored object looks archived.
        OptionalObjectAttributes: ['RestoreStatus'],
        ...(next === undefined ? { StartAfter: after } : { ContinuationToken: next }),
      });
      try {
        const { Contents = [], CommonPrefixes = [], ...answer } = await client.send(list);
        return {
          objects: Contents.flatMap(droppedObject),
          folders: CommonPrefixes.flatMap(({ Prefix }) => Prefix ?? []),
          next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined,
        };
      } catch (error) {
        throw await refused(error, prefix);
      }
    },

    async read({ key, eTag }, range) {
      try {
        return (await store.open(key, { ifMatch: eTag, range, listsIfDenied: true }))?.body ?? null;
      } catch (error) {
        throw await refused(error, key);
      }
    },
  };
}

/** The code of each refusal. */
const CODES: Readonly<Record<Refusal, keyof typeof SourceError.entries>> = {
  access: 'SLUICE_SOURCE_ACCESS_DENIED',
  owner: 'SLUICE_SOURCE_OWNER_DIFFERS',
  key: 'SLUICE_SOURCE_KEY_DENIED',
  role: 'SLUICE_SOURCE_ROLE_DENIED',
  bucket: 'SLUICE_SOURCE_BUCKET_MISSING',
  region: 'SLUICE_SOURCE_REGION_WRONG',
  archived: 'SLUICE_SOURCE_OBJECT_ARCHIVED',
  unavailable: 'SLUICE_SOURCE_UNAVAILABLE',
};

/** An object of a list; none if the answer has no key for it. */
function droppedObject({
  Key,
  Size = 0,
  ETag = '',
  LastModified = new Date(0),
  StorageClass: storageClass,
  RestoreStatus,
}: _Object): DropObject[] {
  if (Key === undefined) return [];
  // The date is undefined if the object was not restored.
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html
  const isRestored = RestoreStatus?.RestoreExpiryDate !== undefined;
  return [{ key: Key, size: Size, eTag: ETag, lastModified: LastModified, storageClass, isRestored }];
}
