import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { customerSession } from '../access/sessionPolicies.ts';
import type { CustomerBucket } from '../drops/CustomerBucket.ts';
import { SourceError } from '../drops/SourceError.ts';
import type { Dataset, Source } from '../schema/sources.ts';
import { customerClient, isOfAnotherOwner, type Refusal, s3Refusal } from './customerClient.ts';
import type { OwnSession } from './ownSession.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/**
 * `owner` is the expected owner: S3 refuses every call if another account owns the bucket. A bucket without `owner` is
 * the stack's own.
 */
type BucketWithOwner = Pick<Source, 'name' | 'bucket' | 'owner'>;

/** Time limit of one call, milliseconds. A call reads a range of a file, or a page of a listing. */
const SOURCE_TIMEOUT_MS = 30_000;

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
    requestTimeout: SOURCE_TIMEOUT_MS,
    by,
  });
  return customerBucketFrom(client, source);
}

/** A source's bucket with a given client. */
export function customerBucketFrom(client: S3Client, { bucket, owner }: BucketWithOwner): CustomerBucket {
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  const store = s3ObjectStore(client, bucket, owner);
  /** @param what The key or the prefix of the call. */
  const refused = async (error: unknown, what: string) => {
    const known = sourceError(error, `${bucket}/${what}`);
    const isDenied = known instanceof SourceError && known.code === CODES.access;
    const folder = what.slice(0, what.lastIndexOf('/') + 1);
    if (!isDenied || !(await isOfAnotherOwner(client, { bucket, owner }, folder))) return known;
    return new SourceError(CODES.owner, `${bucket} is not of ${owner}.`, { cause: error });
  };
  return {
    async list({ prefix, next, after, delimiter }) {
      const answer = await client
        .send(
          new ListObjectsV2Command({
            ...place,
            Prefix: prefix,
            Delimiter: delimiter,
            // Without this attribute a restored object looks archived.
            OptionalObjectAttributes: ['RestoreStatus'],
            ...(next === undefined ? { StartAfter: after } : { ContinuationToken: next }),
          }),
        )
        .catch(async (error: unknown) => {
          throw await refused(error, prefix);
        });
      return {
        objects: (answer.Contents ?? []).flatMap(
          ({ Key, Size, ETag, LastModified, StorageClass, RestoreStatus }) =>
            Key === undefined
              ? []
              : [
                  {
                    key: Key,
                    size: Size ?? 0,
                    eTag: ETag ?? '',
                    lastModified: LastModified ?? new Date(0),
                    storageClass: StorageClass,
                    // The date is undefined if the object was not restored.
                    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html
                    isRestored: RestoreStatus?.RestoreExpiryDate !== undefined,
                  },
                ],
        ),
        folders: (answer.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []),
        next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined,
      };
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

/** Converts an error of S3 or STS. */
function sourceError(error: unknown, what: string): Error {
  if (error instanceof SourceError) return error;
  const refused = s3Refusal(error);
  if (refused === null) return error instanceof Error ? error : new TypeError(String(error));
  return new SourceError(CODES[refused.refusal], `${what}: ${refused.detail}.`, { cause: error });
}
