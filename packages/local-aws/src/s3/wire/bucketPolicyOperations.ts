import { isPublic } from '../../iam/isPublic.ts';
import type { Policy } from '../../iam/Policy.ts';
import { PolicyProblem } from '../../iam/PolicyProblem.ts';
import { readPolicy } from '../../iam/readPolicy.ts';
import { s3Errors } from '../errors.ts';
import { POLICY_BYTES } from '../limits.ts';
import { checkBucketPolicy } from './checkBucketPolicy.ts';
import { readTextBody } from './readXmlBody.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';

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
