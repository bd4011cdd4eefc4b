import { STSClient } from '@aws-sdk/client-sts';
import type { SessionCredentials } from './assumedRole.ts';

let sts: STSClient | undefined;

/** The one client of STS, made when it is first needed. */
export function stsClient(): STSClient {
  sts ??= newStsClient();
  return sts;
}

/** A client of its own, with the same limits. @param credentials Default the function's. */
export function newStsClient(credentials?: SessionCredentials): STSClient {
  return new STSClient({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
}
