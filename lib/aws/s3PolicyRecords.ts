import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { PolicyRecordStore } from '../access/applied/policyRecords.ts';
import { POLICY_RECORDS_KEY } from '../tables/ledgerKeys.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html; 404 if the object to replace is gone. */
const OTHERS_CAME_FIRST: ReadonlySet<string> = new Set([
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'NoSuchKey',
]);

/** The records of applied policies in the deployment's bucket. Throws the errors of the client. */
export function s3PolicyRecords(client: S3Client, bucket: string): PolicyRecordStore {
  const object = { Bucket: bucket, Key: POLICY_RECORDS_KEY };
  return {
    async read() {
      try {
        const { Body, ETag = '' } = await client.send(new GetObjectCommand(object));
        return { text: (await Body?.transformToString()) ?? '', etag: ETag };
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
            ContentType: 'application/json',
            ...(expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof S3ServiceException && OTHERS_CAME_FIRST.has(error.name)) return false;
        throw error;
      }
    },
  };
}
