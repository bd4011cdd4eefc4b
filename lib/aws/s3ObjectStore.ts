import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { ObjectStore, ReadOptions } from '../base/ObjectStore.ts';

/** Errors of a conditional call for an object that has changed. */
const CHANGED = ['PreconditionFailed'];
/** Errors of a call for an object that does not exist: of a conditional write and delete, too. */
const GONE = ['NoSuchKey', 'NotFound'];
/** Two conditional writes at the same time: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const CONFLICT = ['ConditionalRequestConflict'];

/**
 * A bucket of S3. Only the client retries.
 *
 * @param owner The expected owner. A bucket of another owner refuses every call. Default: any.
 */
export function s3ObjectStore(client: S3Client, bucket: string, owner?: string): ObjectStore {
  const place = { Bucket: bucket, ...(owner === undefined ? {} : { ExpectedBucketOwner: owner }) };

  /**
   * Whether a GET failed because its object does not exist. S3 answers 404 only to callers that may list the bucket without
   * a prefix, and 403 to others, such as the session of one dataset (lib/access/sessionPolicies.ts). A list call for the
   * key decides. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
   */
  async function isMissing(
    error: unknown,
    Key: string,
    { listsIfDenied, signal }: ReadOptions,
  ): Promise<boolean> {
    if (isOneOf(error, GONE)) return true;
    if (listsIfDenied !== true || !isOneOf(error, ['AccessDenied'])) return false;
    try {
      const list = new ListObjectsV2Command({ ...place, Prefix: Key, MaxKeys: 1 });
      const { Contents = [] } = await client.send(list, until(signal));
      return Contents[0]?.Key !== Key;
    } catch {
      return false;
    }
  }

  return {
    async read(key, options = {}) {
      const { ifMatch, signal } = options;
      const get = new GetObjectCommand({ ...place, Key: key, IfMatch: ifMatch });
      try {
        const { Body, ETag = '' } = await client.send(get, until(signal));
        return { text: (await Body?.transformToString()) ?? '', eTag: ETag };
      } catch (error) {
        if (await isMissing(error, key, options)) return null;
        throw error;
      }
    },

    async open(key, options = {}) {
      const { ifMatch, range, signal } = options;
      const Range = range === undefined ? undefined : `bytes=${range.first}-${range.last}`;
      const get = new GetObjectCommand({ ...place, Key: key, IfMatch: ifMatch, Range });
      try {
        const { Body, ETag = '', ContentLength } = await client.send(get, until(signal));
        if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
        return { body: Body, eTag: ETag, bytes: ContentLength };
      } catch (error) {
        if (isOneOf(error, CHANGED) || (await isMissing(error, key, options))) return null;
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

    async write(key, body, { expected, throwsConflict = false, contentType, metadata, signal } = {}) {
      const put = new PutObjectCommand({
        ...place,
        ...(expected === undefined ? {} : expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }),
        ...{ Key: key, Body: body, ContentType: contentType ?? 'application/json', Metadata: metadata },
      });
      try {
        const { ETag = '' } = await client.send(put, until(signal));
        return ETag;
      } catch (error) {
        const otherCameFirst = [...CHANGED, ...GONE, ...(throwsConflict ? [] : CONFLICT)];
        if (expected !== undefined && isOneOf(error, otherCameFirst)) return null;
        throw error;
      }
    },

    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    async remove(key, ifMatch) {
      try {
        await client.send(new DeleteObjectCommand({ ...place, Key: key, IfMatch: ifMatch }));
        return 'removed';
      } catch (error) {
        if (ifMatch === undefined) throw error;
        if (isOneOf(error, GONE)) return 'gone';
        if (!isOneOf(error, CHANGED)) throw error;
        // An object that another writer has deleted has no ETag that could match.
        return (await this.head(key)) === null ? 'gone' : 'changed';
      }
    },

    async listPage(prefix, { token, after, folders = false, limit, signal } = {}) {
      const list = new ListObjectsV2Command({
        ...{ ...place, Prefix: prefix, Delimiter: folders ? '/' : undefined, MaxKeys: limit },
        ...(token === undefined ? { StartAfter: after } : { ContinuationToken: token }),
      });
      const answer = await client.send(list, until(signal));
      return {
        items: folders
          ? []
          : (answer.Contents ?? []).flatMap(({ Key, Size = 0, ETag = '', LastModified }) =>
              Key === undefined
                ? []
                : [{ key: Key, size: Size, eTag: ETag, modifiedAt: LastModified?.getTime() ?? 0 }],
            ),
        folders: (answer.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)),
        next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined,
      };
    },
  };
}

function isOneOf(error: unknown, names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name);
}

function until(abortSignal: AbortSignal | undefined) {
  return abortSignal === undefined ? {} : { abortSignal };
}
