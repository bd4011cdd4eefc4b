import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  StorageClass,
} from '@aws-sdk/client-s3';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import type { Denied, EraseBucket, ObjectVersions, StoredVersion } from '../erase/EraseBucket.ts';

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
const MOST_BUFFERED = 64 * 1024 ** 2;
/**
 * Attempts at a body that breaks off. The client itself retries only calls that have not begun to answer, not a broken
 * stream.
 */
const STREAM_RETRIES = { tries: 4, baseMs: 500, capMs: 10_000 } as const;

/** The deployment's bucket, as an erasure uses it. */
export function s3EraseBucket(
  client: S3Client,
  bucket: string,
  { wait, random }: RetryPorts,
  signal?: AbortSignal,
): EraseBucket {
  const until = signal === undefined ? {} : { abortSignal: signal };
  const page = (
    Prefix: string,
    after: { readonly KeyMarker?: string | undefined; readonly VersionIdMarker?: string | undefined },
  ): Promise<ListObjectVersionsCommandOutput> =>
    client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix, ...after }), until);

  /** Makes a call again if a body breaks off. */
  async function withRetries<Result>(call: () => Promise<Result>): Promise<Result> {
    let last: unknown;
    for await (const _ of eachAttempt({ ...STREAM_RETRIES, wait, random })) {
      try {
        return await call();
      } catch (error) {
        signal?.throwIfAborted();
        // S3 has answered, so the client has already retried what may pass.
        if (error instanceof S3ServiceException) throw error;
        last = error;
      }
    }
    throw last;
  }

  /**
   * The object under a key if it has the bytes of a file. It has them if the answer to a write was lost, so that the
   * repeated write failed. Null: it has other bytes.
   */
  async function readOwn(
    Key: string,
    path: string,
  ): Promise<Pick<StoredVersion, 'eTag' | 'versionId'> | null> {
    try {
      const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key }), until);
      const { Body, ETag = '', VersionId = NULL_VERSION } = found;
      if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${Key}.`);
      const [stored, written] = await Promise.all([digestOf(Body), digestOf(createReadStream(path))]);
      return stored === written ? { eTag: ETag, versionId: VersionId } : null;
    } catch (error) {
      if (error instanceof S3ServiceException && GONE.has(error.name)) return null;
      throw error;
    }
  }

  async function deleteUnlessDenied(object: {
    readonly Key: string;
    readonly VersionId?: string;
    readonly IfMatch?: string | undefined;
  }): Promise<Denied | 'changed' | null> {
    try {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, ...object }), until);
      return null;
    } catch (error) {
      if (error instanceof S3ServiceException && CHANGED.has(error.name)) return 'changed';
      return deniedBy(error);
    }
  }

  return {
    name: bucket,

    async *objects(prefix, after) {
      let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {
        KeyMarker: after,
      };
      // The last key of a page may have more versions on the next page.
      let open: ObjectVersions | undefined;
      for (;;) {
        const answer = await page(prefix, marker);
        const listed = byKey([...(open?.versions ?? []), ...readVersions(answer)]);
        const isLast = answer.IsTruncated !== true;
        open = isLast ? undefined : listed.pop();
        if (listed.length > 0) yield listed;
        if (isLast) return;
        marker = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
      }
    },

    async versions(key) {
      const all: StoredVersion[] = [];
      for await (const objects of this.objects(key, undefined))
        for (const object of objects) if (object.key === key) all.push(...object.versions);
      return all;
    },

    fetch: ({ key, versionId }, path) =>
      withRetries(async () => {
        try {
          const { Body, ContentType, Metadata, ...stored } = await client.send(
            new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
            until,
          );
          if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
          await pipeline(Body, createWriteStream(path));
          const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage } = stored;
          return {
            contentType: ContentType,
            headers: {
              CacheControl,
              ContentDisposition,
              ContentEncoding,
              ContentLanguage,
            },
            metadata: Metadata ?? {},
            storageClass: stored.StorageClass,
          };
        } catch (error) {
          if (!(error instanceof S3ServiceException)) throw error;
          if (error.name === 'InvalidObjectState') return 'archived';
          return GONE.has(error.name) ? null : deniedBy(error);
        }
      }),

    replace: ({ key, versionId, eTag }, path, { contentType, headers, metadata, storageClass }) =>
      withRetries(async () => {
        const { size } = await stat(path);
        try {
          const { VersionId = NULL_VERSION, ETag = '' } = await client.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: key,
              IfMatch: eTag,
              // The client can repeat a call whose body is in memory. A stream is repeated as a whole, by withRetries.
              Body: size > MOST_BUFFERED ? createReadStream(path) : await readFile(path),
              ContentLength: size,
              ContentType: contentType,
              ...headers,
              Metadata: { ...metadata },
              StorageClass: Object.values(StorageClass).find(
                (storageClassName) => storageClassName === storageClass,
              ),
            }),
            until,
          );
          // Without versioning, or while it is suspended, the new object has replaced the one with the ID `null`.
          return { eTag: ETag, isKept: versionId !== VersionId };
        } catch (error) {
          if (!(error instanceof S3ServiceException && CHANGED.has(error.name))) return deniedBy(error);
          const own = await readOwn(key, path);
          return own === null ? null : { eTag: own.eTag, isKept: versionId !== own.versionId };
        }
      }),

    hide: ({ key, eTag }) => deleteUnlessDenied({ Key: key, IfMatch: eTag }),

    // S3 compares the ETag of the current version only:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    remove: ({ key, versionId, eTag }, ifRead = false) => {
      const IfMatch = ifRead && versionId === NULL_VERSION ? eTag : undefined;
      return deleteUnlessDenied({ Key: key, VersionId: versionId, IfMatch });
    },
  };
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
