import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  type StorageClass,
} from '@aws-sdk/client-s3';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import type {
  Denied,
  EraseBucket,
  ObjectAttributes,
  ObjectVersions,
  StoredVersion,
} from '../erase/EraseBucket.ts';
import { requireStream } from './s3ObjectStore.ts';

/** Errors which say that the version is not there any more. */
const GONE: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound']);
/** Errors which say that somebody else has changed or deleted the object. */
const CHANGED: ReadonlySet<string> = new Set([
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'NoSuchKey',
]);
/** The ID of every version in a bucket without versioning. */
const NULL_VERSION = 'null';
/** The most bytes of an object that is uploaded from memory. */
const MOST_BUFFERED_BYTES = 64 * 1024 ** 2;
/**
 * Attempts at a body that breaks off. The client itself retries only calls that have not begun to answer, not a broken
 * stream.
 */
const STREAM_RETRIES = { tries: 4, baseMs: 500, capMs: 10_000 } as const;

/** Codes of Node's errors of a connection that breaks off, or cannot be made. */
const BROKEN: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** What every call of a bucket takes. */
interface Place {
  /** The client of S3 that makes the calls. */
  readonly client: S3Client;
  /** The bucket's name. */
  readonly bucket: string;
  /** Options that end a call with the erasure. */
  readonly until: { readonly abortSignal?: AbortSignal };
}

/** The deployment's bucket, as an erasure uses it. @param signal Ends calls. Default: nothing does. */
export function s3EraseBucket(
  client: S3Client,
  bucket: string,
  ports: RetryPorts,
  signal?: AbortSignal,
): EraseBucket {
  const place: Place = { client, bucket, until: signal === undefined ? {} : { abortSignal: signal } };
  return {
    name: bucket,

    objects: (prefix, after) => listObjects(place, prefix, after),

    async versions(key) {
      const all: StoredVersion[] = [];
      for await (const objects of this.objects(key, undefined))
        for (const object of objects) if (object.key === key) all.push(...object.versions);
      return all;
    },

    fetch: (version, path) => withRetries(ports, signal, () => fetchVersion(place, version, path)),

    replace: (version, path, attributes) =>
      withRetries(ports, signal, () => replaceVersion(place, version, path, attributes)),

    hide: ({ key, eTag }) => deleteUnlessDenied(place, { Key: key, IfMatch: eTag }),

    // S3 compares the ETag of the current version only:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    remove: ({ key, versionId, eTag }, ifRead = false) => {
      const IfMatch = ifRead && versionId === NULL_VERSION ? eTag : undefined;
      return deleteUnlessDenied(place, { Key: key, VersionId: versionId, IfMatch });
    },
  };
}

/** Makes a call again if a body breaks off. @throws The last error; any other error and the signal's reason at once. */
async function withRetries<Result>(
  { wait, random }: RetryPorts,
  signal: AbortSignal | undefined,
  call: () => Promise<Result>,
): Promise<Result> {
  let last: unknown;
  for await (const _ of eachAttempt({ ...STREAM_RETRIES, wait, random })) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isBroken(error)) throw error;
      last = error;
    }
  }
  throw last;
}

/** Whether an error says that a connection broke off. It is not S3's answer, and no error of a file. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'TimeoutError' || ('code' in error && BROKEN.has(error.code));
}

/** See {@link EraseBucket.objects}. Each page begins behind the one before, and the signal ends the listing. */
async function* listObjects(
  { client, bucket, until }: Place,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<readonly ObjectVersions[]> {
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = { KeyMarker: after };
  // The last key of a page may have more versions on the next page.
  let open: ObjectVersions | undefined;
  for (;;) {
    const list = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...marker });
    const answer = await client.send(list, until);
    const listed = byKey([...(open?.versions ?? []), ...readVersions(answer)]);
    const isLast = answer.IsTruncated !== true;
    open = isLast ? undefined : listed.pop();
    if (listed.length > 0) yield listed;
    if (isLast) return;
    marker = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}

/** One try of {@link EraseBucket.fetch}. */
async function fetchVersion(
  { client, bucket, until }: Place,
  { key, versionId }: StoredVersion,
  path: string,
): Promise<ObjectAttributes | Denied | 'archived' | null> {
  try {
    const get = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId });
    const found = await client.send(get, until);
    await pipeline(requireStream(found, key), createWriteStream(path));
    const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage } = found;
    return {
      contentType: found.ContentType,
      headers: { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage },
      metadata: found.Metadata ?? {},
      storageClass: found.StorageClass,
    };
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    if (error.name === 'InvalidObjectState') return 'archived';
    return GONE.has(error.name) ? null : deniedBy(error);
  }
}

/** One try of {@link EraseBucket.replace}. */
async function replaceVersion(
  place: Place,
  { key, versionId, eTag }: StoredVersion,
  path: string,
  { contentType, headers, metadata, storageClass }: ObjectAttributes,
): Promise<{ readonly eTag: string; readonly isKept: boolean } | Denied | null> {
  const { size } = await stat(path);
  try {
    const put = new PutObjectCommand({
      Bucket: place.bucket,
      Key: key,
      IfMatch: eTag,
      // The client can repeat a call whose body is in memory. A stream is repeated as a whole, by withRetries.
      Body: size > MOST_BUFFERED_BYTES ? createReadStream(path) : await readFile(path),
      ContentLength: size,
      ContentType: contentType,
      ...headers,
      Metadata: { ...metadata },
      // S3 may have a class that the client's type lacks. Without it the object would move to the standard class.
      StorageClass: storageClass as StorageClass | undefined,
    });
    const { VersionId = NULL_VERSION, ETag = '' } = await place.client.send(put, place.until);
    // Without versioning, or while it is suspended, the new object has replaced the one with the ID `null`.
    return { eTag: ETag, isKept: versionId !== VersionId };
  } catch (error) {
    if (!(error instanceof S3ServiceException && CHANGED.has(error.name))) return deniedBy(error);
    const own = await readOwn(place, key, path);
    return own === null ? null : { eTag: own.eTag, isKept: versionId !== own.versionId };
  }
}

/**
 * The object under a key if it has the bytes of a file. It has them if the answer to a write was lost, so that the
 * repeated write failed. Null: it has other bytes, or is gone.
 */
async function readOwn(
  { client, bucket, until }: Place,
  key: string,
  path: string,
): Promise<Pick<StoredVersion, 'eTag' | 'versionId'> | null> {
  try {
    const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), until);
    const { ETag = '', VersionId = NULL_VERSION } = found;
    const digests = [digestOf(requireStream(found, key)), digestOf(createReadStream(path))];
    const [stored, written] = await Promise.all(digests);
    return stored === written ? { eTag: ETag, versionId: VersionId } : null;
  } catch (error) {
    if (error instanceof S3ServiceException && GONE.has(error.name)) return null;
    throw error;
  }
}

/** Deletes an object or a version. `changed` if somebody else has changed or deleted it. */
async function deleteUnlessDenied(
  { client, bucket, until }: Place,
  object: {
    readonly Key: string;
    readonly VersionId?: string;
    readonly IfMatch?: string | undefined;
  },
): Promise<Denied | 'changed' | null> {
  try {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, ...object }), until);
    return null;
  } catch (error) {
    if (error instanceof S3ServiceException && CHANGED.has(error.name)) return 'changed';
    return deniedBy(error);
  }
}

/**
 * What was denied. S3 passes on what KMS answers: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
 * @throws Any other error.
 */
function deniedBy(error: unknown): Denied {
  const isDenied =
    error instanceof S3ServiceException && (error.name === 'AccessDenied' || error.name.startsWith('KMS.'));
  if (!isDenied) throw error;
  return { denied: `${error.name}: ${error.message}` };
}

/** SHA-256 of bytes, hexadecimal. */
async function digestOf(bytes: Readable): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(bytes, hash);
  return hash.digest('hex');
}

/** The versions of a page, without delete markers. */
function readVersions({ Versions = [] }: ListObjectVersionsCommandOutput): StoredVersion[] {
  return Versions.map(
    ({ Key = '', VersionId = NULL_VERSION, IsLatest, Size = 0, ETag = '', LastModified }) => ({
      key: Key,
      versionId: VersionId,
      isLatest: IsLatest === true,
      size: Size,
      eTag: ETag,
      modifiedAt: LastModified?.getTime() ?? 0,
    }),
  );
}

/** Groups versions by object. Versions of one object follow each other. */
function byKey(versions: readonly StoredVersion[]): ObjectVersions[] {
  return Array.from(
    Map.groupBy(versions, ({ key }) => key),
    ([key, ofObject]) => ({ key, versions: ofObject }),
  );
}
