import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { LargeRaw } from '../quarantine/quarantineWriter.ts';

/** Keeps one event or body that is too large for a row. Throws what the client throws when it could not in time. */
export type PutQuarantineLarge = (large: LargeRaw, timeoutMs: number) => Promise<void>;

/** What is too large for quarantine's rows, in a bucket of S3. */
export function s3QuarantineLarge(client: S3Client, bucket: string): PutQuarantineLarge {
  return async ({ key, body, contentType }, timeoutMs) => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}
