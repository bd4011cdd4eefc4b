import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Clock } from '../base/time.ts';
import type { RelayStore } from '../relay/Relayer.ts';
import { RELAY_RUN_CLAIM } from '../tables/objectKeys.ts';
import { isMissingAfter } from './listObjects.ts';
import { s3Claim } from './s3Claim.ts';

const MEDIA_TYPE = 'application/json';

/** The objects of relay in an S3 bucket. */
export function s3RelayStore(client: S3Client, bucket: string, clock: Clock): RelayStore {
  const object = (key: string) => ({ Bucket: bucket, Key: key });
  return {
    async read(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand(object(key)));
        return Body === undefined ? null : await Body.transformToString('utf8');
      } catch (error) {
        if (error instanceof NoSuchKey || (await isMissingAfter(error, client, object(key)))) return null;
        throw error;
      }
    },

    async remove(key) {
      await client.send(new DeleteObjectCommand(object(key)));
    },

    async write(key, text) {
      await client.send(new PutObjectCommand({ ...object(key), Body: text, ContentType: MEDIA_TYPE }));
    },

    async *list(prefix) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
        for (const { Key, LastModified } of page.Contents ?? [])
          if (Key !== undefined) yield { key: Key, modifiedAt: LastModified?.getTime() ?? 0 };
    },

    claimRun: (until) => s3Claim(client, clock, object(RELAY_RUN_CLAIM), until),
  };
}
