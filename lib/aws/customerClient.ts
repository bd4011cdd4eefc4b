import { S3Client } from '@aws-sdk/client-s3';
import type { Source } from '../schema/sources.ts';
import { assumedRoleCredentials, stsClient } from './assumedRole.ts';
import { clientLimits } from './clientLimits.ts';
import type { OwnSession } from './ownSession.ts';

/** Settings to reach a customer's bucket. */
interface CustomerAccess {
  /** Name of the session of the customer's role, as their CloudTrail shows it. */
  readonly sessionName: string;
  /** Session policy for the customer's role, in JSON: lib/access/sessionPolicies.ts. */
  readonly sessionPolicy: string;
  /** Milliseconds in which an attempt of a call has to have the head of its answer. */
  readonly answerMs: number;
  /** The calling session of the function's own role, which closes the client. Default: the function's role itself. */
  readonly by?: OwnSession | undefined;
}

/**
 * Clients of the function's role, by the settings that they were made with: as many as the configuration has different
 * ones.
 */
const clients = new Map<string, S3Client>();

/**
 * A client for a customer's bucket, in the bucket's region (default: the function's), with the customer's role if there is
 * one. Clients of the function's role are cached, so that a warm function does not connect or assume the role again.
 */
export function customerClient(
  { region, role }: Pick<Source, 'region' | 'role'>,
  { sessionName, sessionPolicy, answerMs, by }: CustomerAccess,
): S3Client {
  const settings = JSON.stringify([sessionName, sessionPolicy, region, role, answerMs]);
  const known = by === undefined ? clients.get(settings) : undefined;
  if (known !== undefined) return known;
  const sts = by?.sts ?? stsClient();
  const credentials =
    role === undefined ? by?.credentials : assumedRoleCredentials(sts, role, sessionName, sessionPolicy);
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 4,
    // The configuration names the region of a bucket, so a bucket in another region is an error that says so.
    followRegionRedirects: false,
    requestHandler: clientLimits({ answerMs }),
  });
  if (by === undefined) clients.set(settings, client);
  else by.closes(client);
  return client;
}
