import { S3Client } from '@aws-sdk/client-s3';
import type { SessionCredentials } from './assumedRole.ts';
import { ANSWER_MS, clientLimits } from './clientLimits.ts';

let s3: S3Client | undefined;

/** The shared client of S3, created on first use. It makes three attempts, as every call may be repeated. */
export function s3Client(): S3Client {
  s3 ??= newS3Client();
  return s3;
}

/** A separate client with the same settings. @param credentials Default: the function's. */
export function newS3Client(credentials?: SessionCredentials): S3Client {
  return new S3Client({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.long }),
  });
}

let singleTryS3: S3Client | undefined;

/**
 * A client of S3 that does not retry, created on first use, for calls that `lib/landing/catalog` retries, as it knows the
 * deadline. Two layers of retries would multiply.
 */
export function s3SingleTryClient(): S3Client {
  singleTryS3 ??= new S3Client({
    maxAttempts: 1,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.long }),
  });
  return singleTryS3;
}
