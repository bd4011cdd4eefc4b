import { S3Client } from '@aws-sdk/client-s3';

let client: S3Client | undefined;

/** The one client of S3, made when it is first needed; it tries three times, as every call we make may be repeated. */
export function s3Client(): S3Client {
  client ??= new S3Client({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return client;
}
