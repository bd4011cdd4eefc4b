import { type Caller, isRoot } from '../../iam/Caller.ts';
import { decide } from '../../iam/decide.ts';
import { type NeededPermission, s3Arn } from '../../iam/permissions.ts';
import { type Policy, readPolicy, S3_HEADER_KEYS } from '../../iam/policy.ts';
import { s3Permissions } from '../../iam/s3Permissions.ts';
import { s3Errors } from '../errors.ts';
import type { Bucket } from '../model/Bucket.ts';
import type { BucketSettings } from '../model/bucketSettings.ts';
import type { S3Call } from './S3Operation.ts';

/** What ARNs of buckets and objects need: every bucket is in the partition `aws`. Access to keys is checked where they are used. */
const ARN_CONTEXT = {
  partition: 'aws',
  region: '',
  account: '',
  bucketKey: () => undefined,
  queueKey: () => undefined,
  secretArn: () => undefined,
};
/** Parsed policies, by the settings object they belong to. Settings are replaced, never changed. */
const policies = new WeakMap<BucketSettings, Policy>();
/** The root of the owner's account may always call these: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
const POLICY_ACTIONS: ReadonlySet<string> = new Set([
  's3:DeleteBucketPolicy',
  's3:GetBucketPolicy',
  's3:PutBucketPolicy',
]);

/**
 * Checks that the policies of the buckets involved and of the caller allow an operation.
 *
 * @param status Status of the answer; 404 for an object that is missing, which only callers may learn that may list the bucket.
 * @throws AwsError `AccessDenied`.
 */
export function authorize(call: S3Call, operation: string, status = 200): void {
  const { bucket, key, query, headers } = call;
  for (const need of s3Permissions(operation, { bucket, key, query, headers, status }, ARN_CONTEXT))
    requirePermission(call, need);
}

/** An object that a request deletes with others. */
interface DeletedObject {
  /** The key of the object. */
  readonly key: string;
  /** ID of the version; undefined for the current object. */
  readonly versionId: string | undefined;
  /** The ETag that the object must have, as the request states it; undefined without a condition. */
  readonly etag: string | undefined;
}

/**
 * Checks that the caller may delete one object of several: as with DeleteObject, a condition on its ETag is a key of policies, and
 * needs permission to read. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
 *
 * @throws AwsError `AccessDenied`.
 */
export function authorizeDeletion(call: S3Call, { key, versionId, etag }: DeletedObject): void {
  const query = new URLSearchParams(versionId === undefined ? {} : { versionId });
  const headers: S3Call['headers'] = etag === undefined ? {} : { 'if-match': etag };
  authorize({ ...call, key, query, headers }, 'DeleteObject');
}

/**
 * Checks that the caller's own policies let it create a bucket: no bucket policy exists yet.
 *
 * @throws AwsError `AccessDenied`.
 */
export function authorizeCreation({ bucket, caller }: S3Call): void {
  requireIdentityPermission(caller, 's3:CreateBucket', s3Arn(ARN_CONTEXT, bucket));
}

/**
 * Checks one permission of a call against the policies of its caller and its bucket. The headers of the call also count for what it
 * needs of another object, as the source of a copy: whether AWS does so is not known.
 *
 * @throws AwsError `AccessDenied`.
 */
function requirePermission(call: S3Call, { action, resource, context }: NeededPermission): void {
  const { caller } = call;
  if (resource === '*') {
    requireIdentityPermission(caller, action, resource);
    return;
  }
  const name = arnBucket(resource);
  // For a bucket that doesn't exist, the operation itself answers.
  if (!call.store.hasBucket(name)) return;
  const bucket = call.store.bucket(name);
  const owner = bucket.info.account;
  if (POLICY_ACTIONS.has(action) && isRoot(caller) && caller.account === owner) return;
  const request = { caller, action, resource, context: { ...headerContext(call), ...context }, owner };
  const decision = decide({ ...request, resourcePolicy: bucketPolicy(bucket) });
  if (decision.allowed) return;
  // S3 gives the reason to callers of the bucket's account, and of its organization, which is not here:
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
  throw s3Errors.accessDenied(caller.account === owner ? decision.because : undefined);
}

/** Name of the bucket in the ARN of a bucket or an object. */
function arnBucket(arn: string): string {
  return arn.slice(s3Arn(ARN_CONTEXT, '').length).split('/')[0] ?? '';
}

/** Requires a permission that only the caller's own policies decide: it concerns no resource of another account. */
function requireIdentityPermission(caller: Caller, action: string, resource: string): void {
  const decision = decide({ caller, action, resource, owner: caller.account, resourcePolicy: undefined });
  if (!decision.allowed) throw s3Errors.accessDenied(decision.because);
}

/**
 * The headers that are keys of policies. A part may not state its encryption: it has that of its upload's start, also for
 * policies that demand one. https://github.com/seaweedfs/seaweedfs/pull/8806 describes that behaviour of AWS.
 */
function headerContext({ store, bucket, query, headers: sent }: S3Call): Record<string, string> {
  const uploadId = query.get('uploadId');
  const upload =
    uploadId !== null && store.hasBucket(bucket)
      ? store
          .bucket(bucket)
          .uploads.list()
          .find((open) => open.uploadId === uploadId)
      : undefined;
  const headers: S3Call['headers'] = { ...sent, ...upload?.attributes.encryption };
  const context: Record<string, string> = {};
  for (const name of S3_HEADER_KEYS) {
    const value = headers[name];
    if (value !== undefined) context[`s3:${name}`] = value;
  }
  return context;
}

/** The policy of a bucket, parsed once; undefined when it has none. */
export function bucketPolicy({ settings }: Bucket): Policy | undefined {
  if (settings.policy === undefined) return undefined;
  const known = policies.get(settings);
  if (known !== undefined) return known;
  const read = readPolicy(JSON.parse(settings.policy));
  policies.set(settings, read);
  return read;
}
