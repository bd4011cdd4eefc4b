import { Readable } from 'node:stream';
import {
  type _Object,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import {
  type DeletedObject,
  isArchive,
  type ListedObject,
  type ListOptions,
  type ObjectHead,
  type ObjectPage,
  type ObjectStore,
  type OpenedObject,
  type OpenOptions,
  type Undeleted,
  type WriteOptions,
} from '../base/ObjectStore.ts';
import { partialAnswers } from './partialAnswers.ts';
import { assertUsableKey, type WrittenAs } from './writtenAs.ts';

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

/** The bucket of a call, and the owner that it must have. */
interface Place {
  /** The name of the bucket. */
  readonly Bucket: string;
  /** The account's number; undefined: any. */
  readonly ExpectedBucketOwner: string | undefined;
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
    open: (key, options = {}) => openObject(client, place, key, options),
    head: (key) => headObject(client, place, key),
    write: (key, body, options = {}) => writeObject(client, place, writtenAs, { key, body, ...options }),
    remove: (key, eTag) => removeObject(client, place, key, eTag),
    removeAll: (objects) => removeObjects(client, place, objects),

    async listPage(prefix, options) {
      const { Contents = [], next } = await listOnce(client, place, prefix, options);
      return { items: Contents.flatMap(listedObject), next };
    },

    async listFolders(prefix, options) {
      const { CommonPrefixes = [], next } = await listOnce(client, place, prefix, options, '/');
      return { items: CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)), next };
    },
  };
}

/** See {@link ObjectStore.open}. */
async function openObject(
  client: S3Client,
  place: Place,
  key: string,
  options: OpenOptions,
): Promise<OpenedObject | null> {
  try {
    const found = await getObject(client, place, key, options);
    if (found === null) return null;
    const { ETag = '', VersionId, LastModified, ContentLength, Metadata } = found;
    return {
      body: requireStream(found, key),
      eTag: ETag,
      versionId: VersionId,
      modifiedAt: LastModified?.getTime() ?? 0,
      bytes: ContentLength,
      metadata: Metadata,
    };
  } catch (error) {
    if (isOneOf(error, CHANGED)) return null;
    throw error;
  }
}

/** The body of an object. @throws TypeError for one that is no stream of Node. */
export function requireStream({ Body }: Pick<GetObjectCommandOutput, 'Body'>, key: string): Readable {
  if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
  return Body;
}

/** See {@link ObjectStore.head}. */
async function headObject(client: S3Client, place: Place, Key: string): Promise<ObjectHead | null> {
  try {
    const { ETag = '', Metadata = {} } = await client.send(new HeadObjectCommand({ ...place, Key }));
    return { eTag: ETag, metadata: Metadata };
  } catch (error) {
    if (isOneOf(error, GONE)) return null;
    throw error;
  }
}

/**
 * See {@link ObjectStore.remove}.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
async function removeObject(
  client: S3Client,
  place: Place,
  Key: string,
  eTag: string,
): Promise<'removed' | 'gone' | 'changed'> {
  try {
    await client.send(new DeleteObjectCommand({ ...place, Key, IfMatch: eTag }));
    return 'removed';
  } catch (error) {
    if (isOneOf(error, GONE)) return 'gone';
    if (!isOneOf(error, CHANGED)) throw error;
    // If another writer has deleted the object, no ETag can match, so HEAD tells the two cases apart.
    return (await headObject(client, place, Key)) === null ? 'gone' : 'changed';
  }
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
    // That the listing failed, too, says less than the denial.
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

/** One page of a list. @param Delimiter Folds what is below it into folders. Default: nothing is folded. */
async function listOnce(
  client: S3Client,
  place: Place,
  prefix: string,
  { token, after, limit, signal }: ListOptions = {},
  Delimiter?: string,
): Promise<ListObjectsV2CommandOutput & Pick<ObjectPage, 'next'>> {
  const list = new ListObjectsV2Command({
    ...place,
    Prefix: prefix,
    Delimiter,
    MaxKeys: limit,
    ...(token === undefined ? { StartAfter: after } : { ContinuationToken: token }),
  });
  const answer = await client.send(list, until(signal));
  return { ...answer, next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined };
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
