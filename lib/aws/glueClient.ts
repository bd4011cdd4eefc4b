import { GlueClient } from '@aws-sdk/client-glue';

let client: GlueClient | undefined;

/**
 * The one client of Glue, made when it is first needed. It tries once: retries are `lib/catalog`'s, which knows
 * the deadline and which items of a batch are left, and two layers of them would multiply.
 */
export function glueClient(): GlueClient {
  client ??= new GlueClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return client;
}
