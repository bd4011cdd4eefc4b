import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { LastGoodOptions } from '../passthrough/LastGood.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/** Errors for an object that does not exist. S3 answers the second to a caller that may not list the bucket. */
const MISSING = ['NoSuchKey', 'AccessDenied'];

/** The last good rules of passThrough in an S3 bucket. Its function may not list the bucket. */
export function s3LastGood(client: S3Client, bucket: string): Pick<LastGoodOptions, 'read' | 'write'> {
  const store = s3ObjectStore(client, bucket);
  return {
    async read(key, timeoutMs) {
      try {
        const get = new GetObjectCommand({ Bucket: bucket, Key: key });
        const { Body } = await client.send(get, { abortSignal: AbortSignal.timeout(timeoutMs) });
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if (error instanceof S3ServiceException && MISSING.includes(error.name)) return null;
        throw error;
      }
    },
    async write(key, body, how, timeoutMs) {
      const expected = how === 'new' ? null : undefined;
      const signal = AbortSignal.timeout(timeoutMs);
      await store.write(key, body, { expected, contentType: 'application/octet-stream', signal });
    },
  };
}
