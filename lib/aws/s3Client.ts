import { S3Client } from '@aws-sdk/client-s3';
import type { SessionCredentials } from './assumedRole.ts';

let s3: S3Client | undefined;

/** The one client of S3, made when it is first needed; it tries three times, as every call we make may be repeated. */
export function s3Client(): S3Client {
  s3 ??= newS3Client();
  return s3;
}

/** A separate client with the same settings. @param credentials Default: the function's. */
export function newS3Client(credentials?: SessionCredentials): S3Client {
  return new S3Client({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}

let singleTryS3: S3Client | undefined;

/**
 * A client of S3 that tries once, made when it is first needed: for what `lib/landing/catalog` tries again by itself, which
 * knows the deadline. Two layers of tries would multiply.
 */
export function s3SingleTryClient(): S3Client {
  singleTryS3 ??= new S3Client({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return singleTryS3;
}
