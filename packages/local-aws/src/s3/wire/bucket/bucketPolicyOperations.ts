import {
  matchesPattern,
  type Policy,
  PolicyProblem,
  type PolicyStatement,
  readPolicy,
} from '../../../iam/policy.ts';
import { checkPrincipals, checkStatementIds } from '../../../iam/policyChecks.ts';
import { notImplemented } from '../../../protocol/AwsError.ts';
import { s3Errors } from '../../errors.ts';
import { isPublic } from '../../isPublic.ts';
import { POLICY_BYTES } from '../../limits.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { readTextBody } from '../xmlBodies.ts';

/** The resource of an S3 action, as far as a bucket's policy can name it: the bucket, or its objects. */
type S3Target = 'bucket' | 'object';

/**
 * Every action that a bucket's policy can contain, in lower case, by its resource. Actions on access points, grants,
 * jobs and the account can't be part of it.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const s3Actions: ReadonlyMap<string, S3Target> = new Map([
  ...named(
    'bucket',
    `
    AllowVendedLogDeliveryForResource CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket
    DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
    GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
    GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
    GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
    GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
    GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
    GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions ListTagsForResource
    PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS
    PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls
    PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning
    PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration
    PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
    UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
    UpdateBucketMetadataJournalTableConfiguration`,
  ),
  ...named(
    'object',
    `
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation DeleteObjectTagging
    DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObject GetObjectAcl
    GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent
    GetObjectVersion GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAnnotationForReplication
    GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent
    InitiateReplication ListMultipartUploadParts ListObjectAnnotations ListObjectVersionAnnotations
    ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectAnnotation PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging
    ReplicateDelete ReplicateObject ReplicateObjectAnnotation ReplicateTags RestoreObject UpdateObjectEncryption`,
  ),
]);

/** Actions of S3 with what they are about. @param names Names without `s3:`, with spaces between. */
function named(target: S3Target, names: string): (readonly [string, S3Target])[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => [`s3:${name.toLowerCase()}`, target] as const);
}

/**
 * Checks that S3 would accept a policy for a bucket. Each statement needs valid principals and resources of this
 * bucket, each `Sid` is unique, and every action is an S3 action that applies to one of the resources. S3 refuses the
 * whole policy for a single wrong action, such as `s3:ListBucket` with objects only. The messages come from
 * https://github.com/wandb/terraform-aws-wandb/issues/156 and https://github.com/noobaa/noobaa-core/issues/10058
 *
 * @param exists Whether a role or user exists.
 * @throws PolicyProblem in S3's words; AwsError `NotImplemented` that names what isn't evaluated here.
 */
function checkBucketPolicy(policy: Policy, bucket: string, exists: (arn: string) => boolean): void {
  if (policy.length === 0) throw new PolicyProblem('Could not parse the policy: Statement is empty!');
  checkStatementIds(policy);
  checkPrincipals(policy, exists, 'Invalid principal in policy');
  for (const statement of policy) {
    if (statement.actions.length === 0) throw new PolicyProblem('Missing required field Action');
    checkActions(statement, targetsOf(statement, `arn:aws:s3:::${bucket}`));
  }
}

/** Kinds of resources in a statement: the bucket, its objects, or both. */
function targetsOf({ resources, notResources }: PolicyStatement, arn: string): ReadonlySet<S3Target> {
  if (notResources) throw notImplemented('A bucket policy with NotResource');
  if (resources === undefined || resources.length === 0)
    throw new PolicyProblem('Missing required field Resource');
  return new Set(
    resources.map((resource) => {
      if (resource === arn) return 'bucket';
      if (resource.startsWith(`${arn}/`)) return 'object';
      throw new PolicyProblem('Policy has invalid resource');
    }),
  );
}

/** Checks that S3 has the actions of a statement, and that they fit its resources. @throws PolicyProblem */
function checkActions({ actions, notActions }: PolicyStatement, targets: ReadonlySet<S3Target>): void {
  for (const pattern of actions) {
    const meant = [...s3Actions].filter(([action]) => matchesPattern(pattern, action));
    if (meant.length === 0) throw new PolicyProblem('Policy has invalid action');
    if (!notActions && !meant.some(([, target]) => targets.has(target)))
      throw new PolicyProblem('Action does not apply to any resource(s) in statement');
  }
}

/** The query parameter that selects an operation on the policy. */
const POLICY = ['policy'];

/** GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy. Elements that can't be evaluated here are refused by name. */
export const bucketPolicyOperations: readonly S3Operation[] = [
  {
    name: 'GetBucketPolicy',
    on: 'bucket',
    method: 'GET',
    selectedBy: POLICY,
    run(call) {
      const { policy } = requireOwner(call).settings;
      if (policy === undefined) throw s3Errors.noSuchBucketPolicy(call.bucket);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: policy };
    },
  },
  {
    name: 'PutBucketPolicy',
    on: 'bucket',
    method: 'PUT',
    selectedBy: POLICY,
    headers: ['x-amz-confirm-remove-self-bucket-access'],
    async run(call) {
      const text = await readTextBody(call);
      const bucket = requireOwner(call);
      const policy = readBucketPolicy(text, call.bucket, call.hasIdentity);
      const { settings } = bucket;
      if (settings.PublicAccessBlockConfiguration?.BlockPublicPolicy === true && isPublic(policy))
        throw s3Errors.accessDenied(
          `User: ${call.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${call.bucket}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
        );
      bucket.settings = { ...settings, policy: text };
      return { status: 204 };
    },
  },
  {
    name: 'DeleteBucketPolicy',
    on: 'bucket',
    method: 'DELETE',
    selectedBy: POLICY,
    run(call) {
      const bucket = requireOwner(call);
      const { policy: _, ...settings } = bucket.settings;
      bucket.settings = settings;
      return { status: 204 };
    },
  },
];

/**
 * Only the owner's account may call these, whatever the policy says:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
function requireOwner(call: S3Call) {
  const bucket = call.store.bucket(call.bucket);
  if (bucket.info.account !== call.caller.account) throw s3Errors.policyOfAnotherAccount(call.request.method);
  return bucket;
}

/**
 * The policy in a text, if S3 would accept it for a bucket.
 *
 * @param exists Whether a role or user exists. Default: all exist.
 * @throws AwsError `MalformedPolicy`; `NotImplemented` that names what isn't evaluated here.
 */
export function readBucketPolicy(
  text: string,
  bucket: string,
  exists: (arn: string) => boolean = () => true,
): Policy {
  if (Buffer.byteLength(text) > POLICY_BYTES)
    throw s3Errors.malformedPolicy(`Policy exceeds the maximum allowed document size of ${POLICY_BYTES}.`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw s3Errors.malformedPolicy();
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw s3Errors.malformedPolicy();
  try {
    const policy = readPolicy(document);
    checkBucketPolicy(policy, bucket, exists);
    return policy;
  } catch (error) {
    if (error instanceof PolicyProblem) throw s3Errors.malformedPolicy(error.message);
    throw error;
  }
}
