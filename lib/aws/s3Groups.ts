import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { GROUPS_BYTES } from '../groups/GroupRow.ts';
import type { GroupsObject, ReadGroups } from '../groups/GroupsCache.ts';
import { GroupsError } from '../groups/GroupsError.ts';
import type { GroupsStore } from '../groups/pullGroups.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html; 404 if the object to replace is gone. */
const OTHER_IS_THERE: ReadonlySet<string> = new Set([
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'NoSuchKey',
]);

/**
 * The object of the table of experiment groups, for writers.
 *
 * @param key lib/tables/tableFolders.ts
 */
export function s3Groups(client: S3Client, bucket: string, key: string): GroupsStore {
  const object = { Bucket: bucket, Key: key };
  return {
    async read() {
      try {
        return await get(client, object);
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
        throw error;
      }
    },

    async write(text, expected) {
      try {
        await client.send(
          new PutObjectCommand({
            ...object,
            Body: text,
            ContentType: 'application/x-ndjson',
            ...(expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof S3ServiceException && OTHER_IS_THERE.has(error.name)) return false;
        throw error;
      }
    },
  };
}

/**
 * Reads the object of the table of experiment groups for the collector, if it has changed. A list call comes first: it
 * distinguishes a missing object from a denied one, and has the size. It needs permission to list one folder only.
 */
export function readS3Groups(client: S3Client, bucket: string, key: string): ReadGroups {
  return async (known, timeoutMs) => {
    const abortSignal = AbortSignal.timeout(timeoutMs);
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 }),
      { abortSignal },
    );
    const listed = Contents.find(({ Key }) => Key === key);
    if (listed === undefined) return 'none';
    if (listed.ETag === known) return 'same';
    if ((listed.Size ?? 0) > GROUPS_BYTES) {
      throw new GroupsError('SLUICE_GROUPS_TABLE_TOO_LARGE', `${listed.Size} bytes of ${GROUPS_BYTES}.`);
    }
    return await get(client, { Bucket: bucket, Key: key, IfMatch: listed.ETag }, abortSignal);
  };
}

async function get(
  client: S3Client,
  input: { Bucket: string; Key: string; IfMatch?: string | undefined },
  abortSignal?: AbortSignal,
): Promise<GroupsObject> {
  const answer = await client.send(
    new GetObjectCommand(input),
    abortSignal === undefined ? {} : { abortSignal },
  );
  return { text: (await answer.Body?.transformToString()) ?? '', eTag: answer.ETag ?? '' };
}
