import type { Caller } from '../../iam/Caller.ts';
import { decide } from '../../iam/decide.ts';
import { type NeededPermission, s3Arn } from '../../iam/Place.ts';
import { type Policy, readPolicy } from '../../iam/policy.ts';
import { s3Needs } from '../../iam/s3Needs.ts';
import { s3Errors } from '../errors.ts';
import type { Bucket } from '../model/Bucket.ts';
import type { BucketSettings } from '../model/bucketSettings.ts';
import type { S3Call } from './S3Operation.ts';

const PARTITION = 'aws';
/** By the settings that the policy is part of: they are replaced, never changed. */
const policies = new WeakMap<BucketSettings, Policy>();
/** These the root of the owner's account may always: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html */
const POLICY_ACTIONS: ReadonlySet<string> = new Set([
  's3:DeleteBucketPolicy',
  's3:GetBucketPolicy',
  's3:PutBucketPolicy',
]);

/**
 * Whether the caller may do what an operation does, by the policies of the buckets that it is about and its own.
 *
 * @param status Of the answer to be: who may not list is not told that an object is missing.
 * @throws AwsError `AccessDenied`.
 */
export function authorize(call: S3Call, operation: string, status = 200): void {
  const { bucket, key, query, headers } = call;
  for (const need of s3Needs(operation, { bucket, key, query, headers, keys: [], status }, PLACE))
    demand(call, need);
}

/** Whether the caller may do one thing to one object of the call's bucket. @throws AwsError `AccessDenied`. */
export function authorizeObject(call: S3Call, action: string, key: string): void {
  demand(call, { action, resource: s3Arn(PLACE, call.bucket, key), context: {} });
}

/** Whether the caller may make a bucket, by its own policies: no bucket has a say yet. @throws AwsError `AccessDenied`. */
export function authorizeCreation({ bucket, caller }: S3Call): void {
  demandOwn(caller, 's3:CreateBucket', s3Arn(PLACE, bucket));
}

/** Only what ARNs are made of: keys are judged where they are used. */
const PLACE = {
  partition: PARTITION,
  region: '',
  account: '',
  bucketKey: () => undefined,
  secretArn: () => undefined,
};

function demand(call: S3Call, { action, resource, context }: NeededPermission): void {
  const name = resource.slice(`arn:${PARTITION}:s3:::`.length).split('/')[0] ?? '';
  const { caller } = call;
  if (resource === '*') {
    demandOwn(caller, action, resource);
    return;
  }
  // For a bucket that isn't there the operation itself answers.
  if (!call.store.hasBucket(name)) return;
  const bucket = call.store.bucket(name);
  const owner = bucket.info.account;
  if (POLICY_ACTIONS.has(action) && caller.policies === undefined && caller.account === owner) return;
  const request = { caller, action, resource, context: { ...headerContext(call), ...context }, owner };
  const decision = decide({ ...request, resourcePolicy: policyOf(bucket) });
  if (!decision.allowed) throw s3Errors.accessDenied(decision.because);
}

/** What only the caller's own policies have a say in, as it is about nothing that is somebody else's. */
function demandOwn(caller: Caller, action: string, resource: string): void {
  const decision = decide({ caller, action, resource, owner: caller.account, resourcePolicy: undefined });
  if (!decision.allowed) throw s3Errors.accessDenied(decision.because);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html */
function headerContext({ headers }: S3Call): Record<string, string> {
  const context: Record<string, string> = {};
  for (const name of [
    'x-amz-acl',
    'x-amz-storage-class',
    'x-amz-server-side-encryption',
    'x-amz-server-side-encryption-aws-kms-key-id',
  ]) {
    const value = headers[name];
    if (value !== undefined) context[`s3:${name}`] = value;
  }
  return context;
}

function policyOf({ settings }: Bucket): Policy | undefined {
  if (settings.policy === undefined) return undefined;
  const known = policies.get(settings);
  if (known !== undefined) return known;
  const read = readPolicy(JSON.parse(settings.policy));
  policies.set(settings, read);
  return read;
}
