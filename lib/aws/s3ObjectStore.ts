import { Readable } from 'node:stream';
import {
  type _Object,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { parseArn } from '../base/arn.ts';
import {
  type DeletedObject,
  isArchive,
  type ListedObject,
  type ListOptions,
  type ObjectPage,
  type ObjectStore,
  type OpenOptions,
  type Undeleted,
  type WriteOptions,
} from '../base/ObjectStore.ts';
import type { Source } from '../schema/sources.ts';
import { partialAnswers } from './partialAnswers.ts';

/** The error of a conditional call for an object that has changed. */
const CHANGED = ['PreconditionFailed'];
/** Errors of a call for an object that does not exist. Conditional writes and deletes have them, too. */
const GONE = ['NoSuchKey', 'NotFound'];
/**
 * Errors of two conditional writes at the same time:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
const CONFLICT = ['ConditionalRequestConflict'];

/** Objects that S3 deletes with one call: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MOST_DELETED = 1_000;

/** How objects are written into a bucket. */
export type WrittenAs = Pick<
  PutObjectCommandInput,
  'ACL' | 'SSEKMSKeyId' | 'ServerSideEncryption' | 'BucketKeyEnabled'
>;

/**
 * The encryption that puts into a customer's bucket state. S3 takes the same for a copy and for the start of an upload in
 * parts, and refuses it for a part. Without any, the bucket's own encryption applies.
 */
export function encryptedBy({
  encryption,
  kmsKeyArn: SSEKMSKeyId,
}: Pick<Source, 'encryption' | 'kmsKeyArn'>): WrittenAs {
  if (SSEKMSKeyId !== undefined)
    return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId, BucketKeyEnabled: true };
  return encryption === undefined ? {} : { ServerSideEncryption: encryption };
}

/** The bucket of a call, and the owner that it must have. */
interface Place {
  /** The name of the bucket. */
  readonly Bucket: string;
  /** The account's number; undefined: any. */
  readonly ExpectedBucketOwner: string | undefined;
}

/** An object was encrypted with a key that the owner of its bucket cannot use. Its name is none of S3's. */
class ForeignKey extends Error {
  override readonly name = 'KMS.ForeignKey';
}

/**
 * Refuses the key that encrypts what is written, if the owner of the bucket cannot use it. `aws:kms` without a key is
 * `aws/s3` of the account that writes, which no other account can be allowed to use, and not the key of the bucket:
 * https://github.com/aws/aws-cdk/issues/18262
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 *
 * @param usedKey ARN of the key, as S3 answers a put, or the start of an upload in parts.
 * @throws ForeignKey
 */
export function assertUsableKey(
  owner: string | undefined,
  { ServerSideEncryption, SSEKMSKeyId }: WrittenAs,
  usedKey: string | undefined,
): void {
  const isDefault = ServerSideEncryption === 'aws:kms' && SSEKMSKeyId === undefined;
  if (!isDefault || usedKey?.startsWith('arn:') !== true) return;
  if (parseArn(usedKey).account !== owner)
    throw new ForeignKey(`${usedKey} encrypted it, which ${owner} cannot use`);
}

/**
 * A bucket of S3. Only the client retries.
 *
 * @param owner The expected owner. A bucket of another owner refuses every call. Default: any.
 * @param writtenAs Attributes of every object that is written. Default: none, so the bucket's settings apply.
 */
export function s3ObjectStore(
  client: S3Client,
  bucket: string,
  owner?: string,
  writtenAs: WrittenAs = {},
): ObjectStore {
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  return {
    async read(key, options = {}) {
      const found = await getObject(client, place, key, options);
      if (found === null) return null;
      return { text: (await found.Body?.transformToString()) ?? '', eTag: found.ETag ?? '' };
    },

    async open(key, options = {}) {
      try {
        const found = await getObject(client, place, key, options);
        if (found === null) return null;
        const { Body, ETag = '', VersionId, LastModified, ContentLength, Metadata } = found;
        if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
        const modifiedAt = LastModified?.getTime() ?? 0;
        const version = { eTag: ETag, versionId: VersionId, modifiedAt };
        return { ...version, body: Body, bytes: ContentLength, metadata: Metadata };
      } catch (error) {
        if (isOneOf(error, CHANGED)) return null;
        throw error;
      }
    },

    async head(key) {
      try {
        const { ETag = '', Metadata = {} } = await client.send(new HeadObjectCommand({ ...place, Key: key }));
        return { eTag: ETag, metadata: Metadata };
      } catch (error) {
        if (isOneOf(error, GONE)) return null;
        throw error;
      }
    },

    write: (key, body, options = {}) => writeObject(client, place, writtenAs, { key, body, ...options }),

    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    async remove(key, eTag) {
      try {
        await client.send(new DeleteObjectCommand({ ...place, Key: key, IfMatch: eTag }));
        return 'removed';
      } catch (error) {
        if (isOneOf(error, GONE)) return 'gone';
        if (!isOneOf(error, CHANGED)) throw error;
        // If another writer has deleted the object, no ETag can match, so HEAD tells the two cases apart.
        return (await this.head(key)) === null ? 'gone' : 'changed';
      }
    },

    removeAll: (objects) => removeObjects(client, place, objects),

    listPage: (prefix, options = {}) => listObjectPage(client, place, prefix, options),
  };
}

/**
 * Gets an object; null if it does not exist. S3 answers 404 only to callers that may list the bucket without a prefix, and
 * 403 to others, such as the session of one dataset (lib/access/sessionPolicies.ts). A list call for the key decides. An
 * object that it finds may have been written after the GET, so the GET is repeated once.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
async function getObject(
  client: S3Client,
  place: Place,
  Key: string,
  options: OpenOptions,
): Promise<GetObjectCommandOutput | null> {
  const { ifMatch, range, listsIfDenied = false, signal } = options;
  const Range = range === undefined ? undefined : `bytes=${range.first}-${range.last}`;
  try {
    return await client.send(new GetObjectCommand({ ...place, Key, IfMatch: ifMatch, Range }), until(signal));
  } catch (error) {
    if (isOneOf(error, GONE)) return null;
    if (!listsIfDenied || !isOneOf(error, ['AccessDenied'])) throw error;
    const list = new ListObjectsV2Command({ ...place, Prefix: Key, MaxKeys: 1 });
    const listed = await client.send(list, until(signal)).catch(() => null);
    if (listed === null) throw error;
    return listed.Contents?.[0]?.Key === Key
      ? getObject(client, place, Key, { ...options, listsIfDenied: false })
      : null;
  }
}

/** See {@link ObjectStore.write}. */
async function writeObject(
  client: S3Client,
  place: Place,
  writtenAs: WrittenAs,
  write: WriteOptions & { readonly key: string; readonly body: string | Uint8Array },
): Promise<string | null> {
  const { key, body, expected, throwsConflict = false, contentType, metadata, signal } = write;
  const put = new PutObjectCommand({
    ...place,
    ...writtenAs,
    ...condition(expected),
    Key: key,
    Body: body,
    ContentType: contentType ?? 'application/json',
    Metadata: metadata,
  });
  try {
    const { ETag = '', SSEKMSKeyId } = await client.send(put, until(signal));
    assertUsableKey(place.ExpectedBucketOwner, writtenAs, SSEKMSKeyId);
    return ETag;
  } catch (error) {
    const otherCameFirst = [...CHANGED, ...GONE, ...(throwsConflict ? [] : CONFLICT)];
    if (expected !== undefined && isOneOf(error, otherCameFirst)) return null;
    throw error;
  }
}

/**
 * See {@link ObjectStore.removeAll}.
 *
 * What AWS answers for each object: https://github.com/versity/versitygw/issues/2112. For an object that is gone:
 * https://github.com/ministackorg/ministack/issues/1475. An ETag `*` matches any object, and needs no right to
 * read: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
async function removeObjects(
  client: S3Client,
  place: Place,
  objects: readonly DeletedObject[],
): Promise<Undeleted> {
  const left: { key: string; why: string }[] = [];
  const gone: string[] = [];
  for (let from = 0; from < objects.length; from += MOST_DELETED) {
    const batch = objects.slice(from, from + MOST_DELETED);
    const Objects = batch.map(({ key, eTag }) => ({ Key: key, ETag: eTag }));
    const answer = await client.send(
      new DeleteObjectsCommand({ ...place, Delete: { Objects, Quiet: true } }),
    );
    for (const failure of partialAnswers.DeleteObjects(answer)) {
      if ([...CHANGED, ...GONE].includes(failure.why)) gone.push(failure.key);
      else left.push(failure);
    }
  }
  return { left, gone };
}

/** See {@link ObjectStore.listPage}. */
async function listObjectPage(
  client: S3Client,
  place: Place,
  prefix: string,
  { token, after, folders = false, limit, signal }: ListOptions,
): Promise<ObjectPage> {
  const list = new ListObjectsV2Command({
    ...place,
    Prefix: prefix,
    Delimiter: folders ? '/' : undefined,
    MaxKeys: limit,
    ...(token === undefined ? { StartAfter: after } : { ContinuationToken: token }),
  });
  const answer = await client.send(list, until(signal));
  const { Contents = [], CommonPrefixes = [], IsTruncated, NextContinuationToken } = answer;
  return {
    // With a delimiter, the objects are those of no folder.
    items: folders ? [] : Contents.flatMap(listedObject),
    folders: CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)),
    next: IsTruncated === true ? NextContinuationToken : undefined,
  };
}

/** An object of a list; none if the answer has no key for it. */
function listedObject({ Key, Size = 0, ETag = '', LastModified, StorageClass }: _Object): ListedObject[] {
  if (Key === undefined) return [];
  const object = { key: Key, size: Size, eTag: ETag, modifiedAt: LastModified?.getTime() ?? 0 };
  return [isArchive(StorageClass) ? { ...object, isArchived: true } : object];
}

/** The condition of a write. @param expected The ETag that is expected; null: no object; undefined: anything. */
function condition(
  expected: string | null | undefined,
): Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'> {
  if (expected === undefined) return {};
  return expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected };
}

/** Whether S3 answered with one of some errors. */
function isOneOf(error: unknown, names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name);
}

/** The options of a call that a signal ends. */
function until(abortSignal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return abortSignal === undefined ? {} : { abortSignal };
}
