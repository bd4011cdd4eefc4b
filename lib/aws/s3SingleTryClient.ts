import { S3Client } from '@aws-sdk/client-s3';

let singleTryS3: S3Client | undefined;

/**
 * A client of S3 that tries once, made when it is first needed: for what `lib/catalog` tries again by itself, which
 * knows the deadline. Two layers of tries would multiply.
 */
export function s3SingleTryClient(): S3Client {
  singleTryS3 ??= new S3Client({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return singleTryS3;
}
