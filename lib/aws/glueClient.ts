import { GlueClient } from '@aws-sdk/client-glue';
import type { SessionCredentials } from './assumedRole.ts';

let glue: GlueClient | undefined;

/**
 * The one client of Glue, made when it is first needed. It tries once: retries are `lib/catalog`'s, which knows
 * the deadline and which items of a batch are left, and two layers of them would multiply.
 */
export function glueClient(): GlueClient {
  glue ??= newGlueClient();
  return glue;
}

/** A client of its own, with the same limits. @param credentials Default the function's. */
export function newGlueClient(credentials?: SessionCredentials): GlueClient {
  return new GlueClient({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}
