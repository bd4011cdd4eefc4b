import { FirehoseClient } from '@aws-sdk/client-firehose';

let firehose: FirehoseClient | undefined;

/**
 * The one client of Firehose, made when it is first needed. It tries once: retries are `lib/delivery`'s, which
 * knows the deadline and which records are left, and two layers of them would multiply.
 */
export function firehoseClient(): FirehoseClient {
  firehose ??= new FirehoseClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return firehose;
}
