import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { GROUPS_BYTES } from '../groups/GroupRow.ts';
import type { ReadGroups } from '../groups/GroupsCache.ts';
import { GroupsError } from '../groups/GroupsError.ts';
import type { GroupsStore } from '../groups/pullGroups.ts';
import { readText, writeTextIf } from './s3Text.ts';

/**
 * The object of the table of experiment groups, for writers.
 *
 * @param key lib/tables/tableFolders.ts
 */
export function s3Groups(client: S3Client, bucket: string, key: string): GroupsStore {
  const object = { Bucket: bucket, Key: key };
  return {
    read: () => readText(client, object),
    write: async (text, expected) =>
      (await writeTextIf(client, object, text, expected, 'application/x-ndjson')) !== null,
  };
}

/**
 * Reads the object of the table of experiment groups for the collector, if it has changed. A list call comes first: it
 * distinguishes a missing object from a denied one, and has the size. It needs permission to list one folder only.
 */
export function readS3Groups(client: S3Client, bucket: string, key: string): ReadGroups {
  const object = { Bucket: bucket, Key: key };
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
    return (await readText(client, object, { ifMatch: listed.ETag, abortSignal })) ?? 'none';
  };
}
