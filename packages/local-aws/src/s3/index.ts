import { type Caller, rootByKey, type Signer } from '../iam/Caller.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsResponse, AwsService } from '../protocol/AwsService.ts';
import { COPY_SOURCE } from '../protocol/copySourceHeader.ts';
import { s3Errors } from './errors.ts';
import { OWNER_ACCOUNT } from './limits.ts';
import { checkKey, type ObjectStore } from './model/ObjectStore.ts';
import { authorize, authorizeCreation } from './wire/authorize.ts';
import { bucketOperations } from './wire/bucket/bucketOperations.ts';
import { bucketPolicyOperations } from './wire/bucket/bucketPolicyOperations.ts';
import { bucketSettingsOperations, putBucketSettings } from './wire/bucket/bucketSettingsOperations.ts';
import { copyObject } from './wire/copyObject.ts';
import { readCopySource } from './wire/copySource.ts';
import { deleteObject, deleteObjects } from './wire/deleteOperations.ts';
import { listMultipartUploads } from './wire/lists/listMultipartUploads.ts';
import { listObjectsV2 } from './wire/lists/listObjectsV2.ts';
import { listObjectVersions } from './wire/lists/listObjectVersions.ts';
import { completeMultipartUpload } from './wire/multipart/completeMultipartUpload.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './wire/multipart/multipartOperations.ts';
import { getObject, headObject, putObject } from './wire/objectOperations.ts';
import { readHeaders, resolveTarget, routeOperation } from './wire/routeOperation.ts';
import type { KeyAccess, S3Call, S3Operation } from './wire/S3Operation.ts';
import { errorResponse, hostId } from './wire/xmlBodies.ts';

export { OWNER_ACCOUNT } from './limits.ts';

export { type BucketSettings, bucketSettingsSchema, newBucketSettings } from './model/bucketSettings.ts';

export { ObjectStore } from './model/ObjectStore.ts';

/** Every emulated operation; any other is refused by name. */
const s3Operations: readonly S3Operation[] = [
  ...bucketOperations,
  ...bucketSettingsOperations,
  ...putBucketSettings,
  ...bucketPolicyOperations,
  putObject,
  getObject,
  headObject,
  deleteObject,
  deleteObjects,
  copyObject,
  listObjectsV2,
  listObjectVersions,
  createMultipartUpload,
  uploadPart,
  completeMultipartUpload,
  abortMultipartUpload,
  listMultipartUploads,
];

/** Options of {@link s3Service}. */
export interface S3Options {
  /** Holds the buckets. */
  readonly store: ObjectStore;
  /** Finds the owner of an access key. Default: the root of the account with that number, else of the deployment's. */
  readonly callerOf?: (signer: Signer) => Caller;
  /** Decides who may use which KMS key. Default: every caller may use every key. */
  readonly keyAccess?: KeyAccess;
  /** Whether a role or user with this ARN exists, to be the principal of a bucket's policy. Default: all exist. */
  readonly hasIdentity?: (arn: string) => boolean;
}

/** The embedded S3 behind the edge: its REST and XML protocol over an {@link ObjectStore}. */
export function s3Service(options: S3Options): AwsService {
  return {
    signingName: 's3',
    operations: s3Operations.map(({ name }) => name),
    refuse: errorResponse,
    async handle(request) {
      const { method, requestId, rawPath } = request;
      let response: AwsResponse;
      try {
        response = await answer(request, options);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        response = errorResponse(error, { method, requestId, resource: rawPath });
      }
      return {
        ...response,
        headers: { server: 'AmazonS3', 'x-amz-id-2': hostId(requestId), ...response.headers },
      };
    },
  };
}

/** Performs the operation of a request, if its caller may. @throws AwsError */
async function answer(request: AwsRequest, options: S3Options): Promise<AwsResponse> {
  const { store, keyAccess, hasIdentity, callerOf = rootByKey(OWNER_ACCOUNT) } = options;
  const { bucket, key } = resolveTarget(request.rawPath, request.headers.host);
  const call: S3Call = {
    request,
    headers: readHeaders(request),
    query: request.query,
    bucket,
    key,
    store,
    caller: callerOf(request.signature),
    keyAccess,
    hasIdentity,
  };
  const operation = routeOperation(s3Operations, call, request.method);
  if (key !== '') checkKey(key);
  await request.announce?.(operation.name, key === '' ? bucket : `${bucket}/${key}`);
  if (operation.name === 'CreateBucket') {
    authorizeCreation(call);
    return operation.run(call);
  }
  checkPlace(call, operation.name);
  checkOwners(call, operation.name);
  authorize(call, operation.name);
  try {
    return await operation.run(call);
  } catch (error) {
    // Who may not list the bucket is not told that the object does not exist.
    if (error instanceof AwsError && error.code === 'NoSuchKey') authorize(call, operation.name, 404);
    throw error;
  }
}

/**
 * Checks that the bucket is in the region that the request is signed for. The error depends on the host: if it names
 * the bucket's region, the signature is wrong, else the endpoint. Every endpoint answers GetBucketLocation.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#VirtualHostingBackwardsCompatibility
 */
function checkPlace({ request, store, bucket }: S3Call, operation: string): void {
  if (!store.hasBucket(bucket) || operation === 'GetBucketLocation') return;
  const { region } = store.bucket(bucket).info;
  if (region === request.region) return;
  const [, named] = HOST_REGION.exec(request.headers.host ?? '') ?? [];
  throw named === region
    ? s3Errors.authorizationRegion(request.region, region)
    : s3Errors.permanentRedirect(bucket, region);
}

/** The region in a host of S3. */
const HOST_REGION = /(?:^|\.)s3[.-]([a-z0-9-]+)\.(?:localhost|amazonaws\.com)\.?(?::\d*)?$/i;

/**
 * Checks that buckets belong to the accounts that the request expects.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
function checkOwners({ headers, store, bucket }: S3Call, operation: string): void {
  const source = operation === 'CopyObject' ? readCopySource(headers[COPY_SOURCE] ?? '').bucket : '';
  requireOwner(store, bucket, headers['x-amz-expected-bucket-owner']);
  requireOwner(store, source, headers['x-amz-source-expected-bucket-owner']);
}

/**
 * Requires that a bucket belongs to an account.
 *
 * @param expected Undefined for a request that expects no owner.
 * @throws AwsError
 */
function requireOwner(store: ObjectStore, bucket: string, expected: string | undefined): void {
  if (expected === undefined) return;
  if (!/^\d{12}$/.test(expected)) throw s3Errors.accountIdMalformed(expected);
  if (store.hasBucket(bucket) && store.bucket(bucket).info.account !== expected)
    throw s3Errors.accessDenied();
}
