import { checkPrincipals, checkStatementIds, isPublic } from '../../iam/checkPolicy.ts';
import {
  matchesPattern,
  type Policy,
  PolicyProblem,
  type PolicyStatement,
  readPolicy,
} from '../../iam/policy.ts';
import { notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';
import { POLICY_BYTES } from '../limits.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { readTextBody } from './xmlBodies.ts';

/** What an action of S3 is about, as far as a bucket's policy can be: the bucket, or its objects. */
type S3Target = 'bucket' | 'object';

/**
 * Every action that a bucket's policy can have, in lower case, by what it is about. Actions on access points, grants,
 * jobs and the account have no place in it.
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

function named(target: S3Target, names: string): (readonly [string, S3Target])[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => [`s3:${name.toLowerCase()}`, target] as const);
}

/**
 * Whether S3 would take a policy for a bucket: of each statement the principals are some, the resources this bucket's,
 * no `Sid` is another's, and every action is one of S3's and about one of them. S3 refuses the whole policy when one action isn't, as
 * `s3:ListBucket` beside objects alone. Its words are those of
 * https://github.com/wandb/terraform-aws-wandb/issues/156 and https://github.com/noobaa/noobaa-core/issues/10058
 *
 * @param exists Whether there is a role or user.
 * @throws PolicyProblem in S3's words; AwsError `NotImplemented` naming what isn't evaluated here.
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

/** What the resources of a statement are: the bucket, objects of it, or both. */
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

function checkActions({ actions, notActions }: PolicyStatement, targets: ReadonlySet<S3Target>): void {
  for (const pattern of actions) {
    const meant = [...s3Actions].filter(([action]) => matchesPattern(pattern, action));
    if (meant.length === 0) throw new PolicyProblem('Policy has invalid action');
    if (!notActions && !meant.some(([, target]) => targets.has(target)))
      throw new PolicyProblem('Action does not apply to any resource(s) in statement');
  }
}

const POLICY = ['policy'];

/** A bucket's policy: GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy. What can't be evaluated here is refused by name. */
export const bucketPolicyOperations: readonly S3Operation[] = [
  {
    name: 'GetBucketPolicy',
    on: 'bucket',
    method: 'GET',
    selectedBy: POLICY,
    run(call) {
      const { policy } = own(call).settings;
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
      const bucket = own(call);
      const policy = read(text, call);
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
      const bucket = own(call);
      const { policy: _, ...settings } = bucket.settings;
      bucket.settings = settings;
      return { status: 204 };
    },
  },
];

/**
 * Others than the owner's account may not, whatever the policy says:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
function own(call: S3Call) {
  const bucket = call.store.bucket(call.bucket);
  if (bucket.info.account !== call.caller.account) throw s3Errors.methodNotAllowed(call.request.method);
  return bucket;
}

function read(text: string, { bucket, hasIdentity = () => true }: S3Call): Policy {
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
    checkBucketPolicy(policy, bucket, hasIdentity);
    return policy;
  } catch (error) {
    if (error instanceof PolicyProblem) throw s3Errors.malformedPolicy(error.message);
    throw error;
  }
}
