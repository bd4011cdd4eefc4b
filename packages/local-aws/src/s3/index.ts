import type { Clock } from '../../../../lib/time/Clock.ts';
import { accountOfKey } from '../iam/accountKeys.ts';
import { type Caller, rootOf } from '../iam/Caller.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsResponse, AwsService } from '../protocol/AwsService.ts';
import { s3Errors } from './errors.ts';
import { OWNER_ACCOUNT } from './limits.ts';
import { checkKey, type ObjectStore } from './model/ObjectStore.ts';
import { abortMultipartUpload } from './wire/abortMultipartUpload.ts';
import { authorize, authorizeCreation } from './wire/authorize.ts';
import { bucketOperations } from './wire/bucketOperations.ts';
import { bucketPolicyOperations } from './wire/bucketPolicyOperations.ts';
import { bucketSettingsOperations } from './wire/bucketSettingsOperations.ts';
import { completeMultipartUpload } from './wire/completeMultipartUpload.ts';
import { copyObject } from './wire/copyObject.ts';
import { COPY_SOURCE, readCopySource } from './wire/copySource.ts';
import { createMultipartUpload } from './wire/createMultipartUpload.ts';
import { deleteObject, deleteObjects } from './wire/deleteObjects.ts';
import { errorResponse, hostId } from './wire/errorResponse.ts';
import { getObject, headObject } from './wire/getObject.ts';
import { listMultipartUploads } from './wire/listMultipartUploads.ts';
import { listObjects, listObjectsV2 } from './wire/listObjects.ts';
import { listParts } from './wire/listParts.ts';
import { putBucketSettings } from './wire/putBucketSettings.ts';
import { putObject } from './wire/putObject.ts';
import { resolveTarget } from './wire/resolveTarget.ts';
import { isSigningParameter, routeOperation } from './wire/routeOperation.ts';
import type { KeyAccess, S3Call, S3Operation } from './wire/S3Operation.ts';
import { uploadPart } from './wire/uploadPart.ts';

/** Every operation that is emulated; anything else is refused by name. */
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
  listObjects,
  listObjectsV2,
  createMultipartUpload,
  uploadPart,
  completeMultipartUpload,
  abortMultipartUpload,
  listParts,
  listMultipartUploads,
];

/** The embedded S3 behind the edge: its REST and XML protocol over an {@link ObjectStore}. */
export function s3Service(options: {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Who signs with an access key. Default: the root of the account that the key is, else of the deployment's. */
  readonly callerOf?: (accessKeyId: string) => Caller;
  /** Default: every key may be used. */
  readonly keyAccess?: KeyAccess;
  /** Whether there is a role or user, by its ARN, as principal of a bucket's policy. Default: all are there. */
  readonly hasIdentity?: (arn: string) => boolean;
}): AwsService {
  const { store, clock, keyAccess, hasIdentity, callerOf = rootByKey } = options;

  async function answer(request: AwsRequest): Promise<AwsResponse> {
    const { bucket, key } = resolveTarget(request.rawPath, request.headers.host);
    const headers = readHeaders(request);
    const caller = callerOf(request.signature.accessKeyId);
    const call: S3Call = {
      request,
      headers,
      query: request.query,
      bucket,
      key,
      store,
      clock,
      caller,
      keyAccess,
      hasIdentity,
    };
    const operation = routeOperation(s3Operations, call, request.method);
    if (key !== '') checkKey(key);
    const asked = { query: request.query, headers };
    await request.announce?.(operation.name, key === '' ? bucket : `${bucket}/${key}`, asked);
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
      if (error instanceof AwsError && error.code === 'NoSuchKey') authorize(call, operation.name, 404);
      throw error;
    }
  }

  return {
    signingName: 's3',
    operations: s3Operations.map(({ name }) => name),
    refuse: errorResponse,
    async handle(request) {
      const { method, requestId, rawPath } = request;
      let response: AwsResponse;
      try {
        response = await answer(request);
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

/** The headers, and those `x-amz-` ones that a presigned URL carries in its query instead. */
function readHeaders(request: AwsRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.query) {
    if (/^x-amz-/i.test(name) && !isSigningParameter(name)) headers[name.toLowerCase()] = value;
  }
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

function rootByKey(accessKeyId: string): Caller {
  return rootOf(accountOfKey(accessKeyId) ?? OWNER_ACCOUNT);
}

/**
 * Whether a bucket is where the request is sent: to the endpoint of the region that it is signed for, unless the host
 * names one. Where a bucket is may be asked anywhere.
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

const HOST_REGION = /(?:^|\.)s3[.-]([a-z0-9-]+)\.(?:localhost|amazonaws\.com)\.?(?::\d*)?$/i;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html */
function checkOwners({ headers, store, bucket }: S3Call, operation: string): void {
  const source = operation === 'CopyObject' ? readCopySource(headers[COPY_SOURCE] ?? '').bucket : '';
  for (const [name, owned] of [
    ['x-amz-expected-bucket-owner', bucket],
    ['x-amz-source-expected-bucket-owner', source],
  ] as const) {
    const expected = headers[name];
    if (expected === undefined) continue;
    if (!/^\d{12}$/.test(expected)) throw s3Errors.accountIdMalformed(expected);
    if (store.hasBucket(owned) && store.bucket(owned).info.account !== expected)
      throw s3Errors.accessDenied();
  }
}
