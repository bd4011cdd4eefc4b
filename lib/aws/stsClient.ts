import { STSClient } from '@aws-sdk/client-sts';

let client: STSClient | undefined;

/** The one client of STS, made when it is first needed. */
export function stsClient(): STSClient {
  client ??= new STSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return client;
}
