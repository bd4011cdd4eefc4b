import { SQSClient } from '@aws-sdk/client-sqs';

let sqs: SQSClient | undefined;

/** The one client of SQS, made when it is first needed. */
export function sqsClient(): SQSClient {
  sqs ??= new SQSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return sqs;
}
