import type { AwsResponse } from '../../protocol/AwsService.ts';
import { s3Errors } from '../errors.ts';
import { archivedClasses } from '../model/StoredObject.ts';
import { checkReadConditions, rangeHolds } from './conditions.ts';
import { checksumHeaders, objectHeaders, overrideParameters } from './objectAttributes.ts';
import { demandKey } from './objectEncryption.ts';
import { requireReadableByOwnership } from './objectOwnership.ts';
import { readRange } from './range.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';

/** The bytes of an object or of one range of it. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: S3Operation = {
  name: 'GetObject',
  on: 'object',
  method: 'GET',
  query: overrideParameters,
  headers: ['x-amz-checksum-mode'],
  run: (call) => read(call, true),
};

/** What getObject would answer, without the bytes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: S3Operation = {
  ...getObject,
  name: 'HeadObject',
  method: 'HEAD',
  run: (call) => read(call, false),
};

/** Headers and bytes are taken in one go, so they are of one object even while it is being replaced. */
function read(call: S3Call, withBody: boolean): AwsResponse {
  const { headers } = call;
  const bucket = call.store.bucket(call.bucket);
  const object = bucket.get(call.key);
  requireReadableByOwnership(call, bucket, object);
  const described = objectHeaders(object, call);
  const { storageClass, encryption } = object.attributes;
  if (withBody) {
    if (storageClass !== undefined && archivedClasses.has(storageClass))
      throw s3Errors.invalidObjectState(storageClass);
    demandKey(call, bucket, encryption, 'kms:Decrypt');
  }
  if (!checkReadConditions(object, headers)) {
    const { etag = '', 'last-modified': modified = '' } = described;
    return { status: 304, headers: { etag, 'last-modified': modified } };
  }
  const range = rangeHolds(object, headers) ? readRange(headers['range'], object.size) : undefined;
  const length = range === undefined ? object.size : range.end - range.start + 1;
  // S3 sends the checksum of the whole object with the whole object only.
  const checksum =
    headers['x-amz-checksum-mode'] === 'ENABLED' && range === undefined ? checksumHeaders(object) : {};
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...described,
      ...checksum,
      'content-length': String(length),
      ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
    },
    ...(withBody ? { body: bucket.read(object, range) } : {}),
  };
}
