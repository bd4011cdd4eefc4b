import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { PutOverflow } from '../landing/delivery/deliver.ts';
import type { PutQuarantineLarge } from '../landing/quarantineWriter.ts';
import type { CopyKeeperOptions } from '../relay/CopyKeeper.ts';

/** Overflow in an S3 bucket. */
export function s3Overflow(client: S3Client, bucket: string): PutOverflow {
  return async ({ key, body, metadata }, timeoutMs) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        // No Content-Encoding: readers get the bytes unchanged.
        ContentType: 'application/gzip',
        Metadata: { ...metadata },
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}

/** Large quarantined bodies in an S3 bucket. */
export function s3QuarantineLarge(client: S3Client, bucket: string): PutQuarantineLarge {
  return async ({ key, body, contentType, reason }, timeoutMs) => {
    await client.send(
      new PutObjectCommand({
        ...{ Bucket: bucket, Key: key, Body: body, ContentType: contentType },
        Metadata: { reason },
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}

/** Copies of requests for relay in an S3 bucket. */
export function s3PutCopy(client: S3Client, bucket: string): CopyKeeperOptions['put'] {
  return async (key, text, timeoutMs) => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}
