import type { Clock } from '../../lib/time/Clock.ts';
import { AwsError } from '../edge/AwsError.ts';
import type { AwsRequest, AwsResponse, AwsService } from '../edge/AwsService.ts';
import { s3Errors } from './errors.ts';
import { OWNER_ACCOUNT } from './limits.ts';
import { checkKey, type ObjectStore } from './model/ObjectStore.ts';
import { abortMultipartUpload } from './wire/abortMultipartUpload.ts';
import { bucketOperations } from './wire/bucketOperations.ts';
import { bucketSettingsOperations } from './wire/bucketSettingsOperations.ts';
import { completeMultipartUpload } from './wire/completeMultipartUpload.ts';
import { copyObject } from './wire/copyObject.ts';
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
import type { S3Call, S3Operation } from './wire/S3Operation.ts';
import { uploadPart } from './wire/uploadPart.ts';

/** Every operation that is emulated; anything else is refused by name. */
const s3Operations: readonly S3Operation[] = [
  ...bucketOperations,
  ...bucketSettingsOperations,
  ...putBucketSettings,
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
export function s3Service(options: { readonly store: ObjectStore; readonly clock: Clock }): AwsService {
  const { store, clock } = options;

  async function answer(request: AwsRequest): Promise<AwsResponse> {
    const { bucket, key } = resolveTarget(request.rawPath, request.headers.host);
    const headers = readHeaders(request);
    const call: S3Call = { request, headers, query: request.query, bucket, key, store, clock };
    const operation = routeOperation(s3Operations, call, request.method);
    checkOwner(headers);
    if (key !== '') checkKey(key);
    const asked = { query: request.query, headers };
    await request.announce?.(operation.name, key === '' ? bucket : `${bucket}/${key}`, asked);
    return operation.run(call);
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

function checkOwner(headers: S3Call['headers']): void {
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']) {
    const expected = headers[name];
    if (expected !== undefined && expected !== OWNER_ACCOUNT) throw s3Errors.accessDenied();
  }
}
