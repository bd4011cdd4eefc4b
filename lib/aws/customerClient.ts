import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { errorText } from '../base/errors.ts';
import { valueAt } from '../base/json.ts';
import type { Source } from '../schema/sources.ts';
import { AssumeRoleError, assumedRoleCredentials, stsClient } from './assumedRole.ts';
import { clientLimits } from './clientLimits.ts';
import type { OwnSession } from './ownSession.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/** Options of a client for a customer's bucket. @param requestTimeout Time limit of one call, milliseconds. */
function customerClientOptions(requestTimeout: number) {
  return {
    maxAttempts: 4,
    // The configuration names the region of a bucket, so a bucket in another region is an error that says so.
    followRegionRedirects: false,
    requestHandler: clientLimits(requestTimeout),
  };
}

/** Settings to reach a customer's bucket. */
export interface CustomerAccess {
  /** Name of the session of the customer's role, as their CloudTrail shows it. */
  readonly sessionName: string;
  /** Session policy for the customer's role, in JSON: lib/access/sessionPolicies.ts. */
  readonly sessionPolicy: string;
  /** Time limit of one call, milliseconds. */
  readonly requestTimeout: number;
  /** The calling session of the function's own role, which closes the client. Default: the function's role itself. */
  readonly by?: OwnSession | undefined;
}

/** Clients of the function's role, by the settings that they were made with. */
const clients = new Map<string, S3Client>();

/**
 * A client for a customer's bucket, in the bucket's region (default: the function's), with the customer's role if there is
 * one. Clients of the function's role are cached, so that a warm function does not connect or assume the role again.
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

/** Why a customer's bucket refuses a call; `unavailable` for failures that may pass. */
export type Refusal = 'access' | 'owner' | 'key' | 'role' | 'bucket' | 'region' | 'archived' | 'unavailable';

/** What S3's error codes mean: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  AccessDenied: 'access',
  AllAccessDisabled: 'access',
  InvalidAccessKeyId: 'access',
  SignatureDoesNotMatch: 'access',
  'KMS.DisabledException': 'key',
  // Of lib/aws/s3ObjectStore.ts.
  'KMS.ForeignKey': 'key',
  'KMS.NotFoundException': 'key',
  'KMS.KMSInvalidStateException': 'key',
  NoSuchBucket: 'bucket',
  PermanentRedirect: 'region',
  TemporaryRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  InvalidObjectState: 'archived',
};

/** Why a call of a customer's bucket failed, with the code or name for people. */
export interface RefusalDetail {
  /** What has to be mended. */
  readonly refusal: Refusal;
  /** S3's code, for a denial with its sentence; or the role and STS's code. */
  readonly detail: string;
}

/** Classifies an error of an S3 client; null for a programming error. */
export function s3Refusal(error: unknown): RefusalDetail | null {
  if (error instanceof AssumeRoleError)
    return { refusal: error.denied ? 'role' : 'unavailable', detail: error.message };
  if (!(error instanceof Error) || error instanceof TypeError) return null;
  const refusal = classifyRefusal(error);
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
  const region = valueAt(error, ['$response', 'headers', 'x-amz-bucket-region']);
  const isNamed = refusal === 'region' && typeof region === 'string';
  const where = isNamed ? `; the bucket is in ${region}` : '';
  return { refusal, detail: `${errorText(error)}${where}` };
}

/** What S3's error code means; `unavailable` for a code that says nothing of it. */
export function refusalOf(code: string): Refusal {
  return REFUSALS[code] ?? 'unavailable';
}

/** Why S3 or KMS refused a call. */
function classifyRefusal(error: Error): Refusal {
  // S3 reports a denial by KMS as its own, and only the message differs: "not authorized to perform: kms:Decrypt". It may also
  // say "Access Denied" alone, so that the cure of a denial names the key: https://github.com/boto/boto3/issues/2952.
  if (error.name === 'AccessDenied' && /kms:/i.test(error.message)) return 'key';
  // A HEAD has no body, so only the status is known.
  const isRedirect = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 301;
  return isRedirect ? 'region' : refusalOf(error.name);
}

/**
 * Whether a bucket that denied a call belongs to another account than the expected one: it takes a listing that expects no owner. S3
 * answers a call that expects another owner as any denied call:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 *
 * @param owner The expected account. Undefined: any, so false.
 * @param prefix A folder that may be listed.
 * @returns False also if a listing fails for another reason, which may pass: only two certain answers tell it.
 */
export async function isOfAnotherOwner(
  client: S3Client,
  { bucket, owner }: { readonly bucket: string; readonly owner?: string | undefined },
  prefix: string,
): Promise<boolean> {
  if (owner === undefined) return false;
  /** Why the listing is refused; null if it is not. */
  const refusalFor = (expected?: string) =>
    s3ObjectStore(client, bucket, expected)
      .listPage(prefix, { limit: 1 })
      .then(
        () => null,
        (error: unknown) => s3Refusal(error)?.refusal ?? 'unavailable',
      );
  return (await refusalFor(owner)) === 'access' && (await refusalFor()) === null;
}
