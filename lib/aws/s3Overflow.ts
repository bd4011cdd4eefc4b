import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { PutOverflow } from '../landing/delivery/deliver.ts';
import type { PutQuarantineLarge } from '../landing/quarantineWriter.ts';

/** Overflow in a bucket of S3. */
export function s3Overflow(client: S3Client, bucket: string): PutOverflow {
  return async ({ key, body, metadata }, timeoutMs) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        // No Content-Encoding: whoever reads it gets the bytes that were written.
        ContentType: 'application/gzip',
        Metadata: { ...metadata },
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}

/** What is too large for quarantine's rows, in a bucket of S3. */
export function s3QuarantineLarge(client: S3Client, bucket: string): PutQuarantineLarge {
  return async ({ key, body, contentType }, timeoutMs) => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}
