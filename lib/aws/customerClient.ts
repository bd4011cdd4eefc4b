import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Source } from '../schema/sources.ts';
import { AssumeRoleError, assumedRoleCredentials, stsClient } from './assumedRole.ts';
import type { OwnSession } from './ownSession.ts';

/** How a customer's bucket is called, by whichever client. @param requestTimeout Milliseconds that one call may take. */
export function customerClientOptions(requestTimeout: number) {
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
    role === undefined ? by?.credentials : assumedRoleCredentials(sts, role, sessionName, sessionPolicy);
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...customerClientOptions(requestTimeout),
  });
  if (by === undefined) clients.set(kept, client);
  else by.closes(client);
  return client;
}

/** What a customer's bucket refuses a call for; `unavailable` for all that may pass. */
export type Refusal = 'access' | 'key' | 'role' | 'bucket' | 'region' | 'archived' | 'unavailable';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  AccessDenied: 'access',
  AllAccessDisabled: 'access',
  InvalidAccessKeyId: 'access',
  SignatureDoesNotMatch: 'access',
  'KMS.DisabledException': 'key',
  'KMS.NotFoundException': 'key',
  'KMS.KMSInvalidStateException': 'key',
  NoSuchBucket: 'bucket',
  PermanentRedirect: 'region',
  TemporaryRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  InvalidObjectState: 'archived',
};

/** Why a call of a customer's bucket failed, and the code or name to tell people. */
export interface RefusalDetail {
  readonly refusal: Refusal;
  /** S3's code; of a role, which one and STS's code. */
  readonly detail: string;
}

/** What a client of S3 threw; null for what is no answer of anybody's, but a fault of ours. */
export function s3Refusal(error: unknown): RefusalDetail | null {
  if (error instanceof AssumeRoleError)
    return { refusal: error.denied ? 'role' : 'unavailable', detail: error.message };
  if (!(error instanceof Error) || error instanceof TypeError) return null;
  const { name: detail } = error;
  return { refusal: classifyRefusal(error), detail };
}

function classifyRefusal(error: Error): Refusal {
  // KMS's refusal comes as S3's own, and only its sentence tells: "not authorized to perform: kms:Decrypt".
  if (error.name === 'AccessDenied' && /kms:/i.test(error.message)) return 'key';
  // Of a HEAD, which has no body, the status is all there is.
  const isRedirect = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 301;
  return REFUSALS[error.name] ?? (isRedirect ? 'region' : 'unavailable');
}
