import { S3Client } from '@aws-sdk/client-s3';
import type { Source } from '../config/sourcesSchema.ts';
import { assumedRole } from './assumedRole.ts';
import type { OwnSession } from './ownSession.ts';
import { stsClient } from './stsClient.ts';

/** How a customer's bucket is called, by whichever client. @param requestTimeout Milliseconds that one call may take. */
export function customerCalls(requestTimeout: number) {
  return {
    maxAttempts: 4,
    // A bucket of another region is refused by name: the configuration says which region is meant.
    followRegionRedirects: false,
    requestHandler: { connectionTimeout: 2_000, requestTimeout, throwOnRequestTimeout: true },
  };
}

/** How a customer's bucket is reached. */
export interface CustomerAccess {
  /** Of the session of the customer's role, as their CloudTrail shows it. */
  readonly sessionName: string;
  /** Session policy of the customer's role, in JSON: lib/access/sessionPolicies.ts. */
  readonly sessionPolicy: string;
  /** Milliseconds that one call may take. */
  readonly requestTimeout: number;
  /** Who calls: a session of our own role, which closes the client. Default the function's role. */
  readonly by?: OwnSession | undefined;
}

const clients = new Map<string, S3Client>();

/**
 * A client for a customer's bucket: in its region, by default the function's, and by its role if it has one. Clients of the
 * function's role are kept, so that a warm function neither connects nor assumes a customer's role anew.
 */
export function customerClient(
  { region, role }: Pick<Source, 'region' | 'role'>,
  { sessionName, sessionPolicy, requestTimeout, by }: CustomerAccess,
): S3Client {
  const kept = JSON.stringify([sessionName, sessionPolicy, region, role, requestTimeout]);
  const known = by === undefined ? clients.get(kept) : undefined;
  if (known !== undefined) return known;
  const sts = by?.sts ?? stsClient();
  const credentials =
    role === undefined ? by?.credentials : assumedRole(sts, role, sessionName, sessionPolicy);
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...customerCalls(requestTimeout),
  });
  if (by === undefined) clients.set(kept, client);
  else by.closes(client);
  return client;
}
