import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { errorText } from '../base/errors.ts';
import { valueAt } from '../base/json.ts';
import { AssumeRoleError } from './assumedRole.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

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
interface RefusalDetail {
  /** What has to be mended. */
  readonly refusal: Refusal;
  /** S3's code, for a denial with its sentence; or the role and STS's code. */
  readonly detail: string;
}

/** Classifies an error of an S3 client; null for a programming error. */
export function s3Refusal(error: unknown): RefusalDetail | null {
  if (error instanceof AssumeRoleError)
    return { refusal: error.isDenied ? 'role' : 'unavailable', detail: error.message };
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
  // S3 reports a denial by KMS as its own, and only the message differs: "not authorized to perform: kms:Decrypt". It
  // may also say "Access Denied" alone, so that the cure of a denial names the key:
  // https://github.com/boto/boto3/issues/2952.
  if (error.name === 'AccessDenied' && /kms:/i.test(error.message)) return 'key';
  // A HEAD has no body, so only the status is known.
  const isRedirect = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 301;
  return isRedirect ? 'region' : refusalOf(error.name);
}

/** A customer's bucket, and who must own it. */
interface OwnedBucket {
  /** The name of the bucket. */
  readonly bucket: string;
  /** The account that must own it. Default: any, as of the stack's own. */
  readonly owner?: string | undefined;
}

/**
 * Why a call of a customer's bucket failed, {@link s3Refusal}; a denial is told from a bucket of another account.
 *
 * @param what The key or the prefix of the call, whose folder may be listed.
 * @returns The detail begins with the bucket. Null for a programming error.
 */
export async function bucketRefusal(
  error: unknown,
  client: S3Client,
  place: OwnedBucket,
  what: string,
): Promise<RefusalDetail | null> {
  const found = s3Refusal(error);
  if (found === null) return null;
  const { bucket, owner } = place;
  const folder = what.slice(0, what.lastIndexOf('/') + 1);
  if (found.refusal === 'access' && (await isOfAnotherOwner(client, place, folder)))
    return { refusal: 'owner', detail: `${bucket} is not of ${owner}` };
  return { refusal: found.refusal, detail: `${bucket}/${what}: ${found.detail}` };
}

/**
 * Whether a bucket that denied a call belongs to another account than the expected one: it takes a listing that expects
 * no owner. S3 answers a call that expects another owner as any denied call:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 *
 * @param prefix A folder that may be listed.
 * @returns False also if a listing fails for another reason, which may pass: only two certain answers tell it.
 */
async function isOfAnotherOwner(
  client: S3Client,
  { bucket, owner }: OwnedBucket,
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
