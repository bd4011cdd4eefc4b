import { S3Client } from '@aws-sdk/client-s3';
import type { SessionCredentials } from './assumedRole.ts';

let s3: S3Client | undefined;

/** The one client of S3, made when it is first needed; it tries three times, as every call we make may be repeated. */
export function s3Client(): S3Client {
  s3 ??= newS3Client();
  return s3;
}

/** A client of its own, with the same limits. @param credentials Default the function's. */
export function newS3Client(credentials?: SessionCredentials): S3Client {
  return new S3Client({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}
