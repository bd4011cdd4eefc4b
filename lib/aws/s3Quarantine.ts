import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/**
 * Writes one quarantine object. Throws what the client throws when it could not be written in time.
 */
export type PutQuarantine = (key: string, body: string, timeoutMs: number) => Promise<void>;

/** Quarantine in a bucket of S3. */
export function s3Quarantine(client: S3Client, bucket: string): PutQuarantine {
  return async (key, body, timeoutMs) => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/x-ndjson' }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}
